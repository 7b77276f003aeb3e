"""Fill in docs/clients/python.md from settings and docstrings: `python docs/generate_python_client.py [FILE]`."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import rhesis_telemetry
from rhesis_telemetry.frameworks import alembic, django, fastapi, flask, sqlalchemy, starlette
from rhesis_telemetry.settings import VARIABLES

PAGE = Path(__file__).with_name("clients") / "python.md"

FRAMEWORKS = (
    fastapi.telemetry_router,
    sqlalchemy.TelemetryConsent,
    sqlalchemy.TelemetryConsent.telemetry_agreed,
    sqlalchemy.TelemetryConsent.telemetry_must_ask,
    sqlalchemy.TelemetryConsent.decide_telemetry,
    alembic.AddTelemetryConsent.add_telemetry_consent,
    alembic.DropTelemetryConsent.drop_telemetry_consent,
    starlette.TelemetryMiddleware,
    flask.TelemetryMiddleware,
    django.TelemetryMiddleware,
)


def page(text: str) -> str:
    """The page with its two generated parts as they are to be."""
    return _filled(_filled(text, "variables", _variables()), "reference", "\n".join(_reference()))


def _filled(text: str, name: str, part: str) -> str:
    before, mark, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition("<!-- end -->\n")
    return before + mark + part + "\n" + end + after


def _variables() -> str:
    rows = (f"| `{one.name}` | {one.default} | {one.meaning} |" for one in VARIABLES)
    return "\n".join(("| variable | default | meaning |", "| --- | --- | --- |", *rows))


def _reference() -> Iterator[str]:
    for name in rhesis_telemetry.__all__:
        yield from _entry(f"rhesis_telemetry.{name}", getattr(rhesis_telemetry, name))
    for one in FRAMEWORKS:
        found = one.fget if isinstance(one, property) else one
        yield from _entry(f"{found.__module__}.{found.__qualname__}", found)


def _entry(name: str, found: object) -> Iterator[str]:
    yield f"### `{name}`\n"
    if not inspect.isclass(found):
        yield f"    {found.__name__}{inspect.signature(found)}\n"  # type: ignore[attr-defined, arg-type]
    yield from _paragraphs(inspect.getdoc(found) or "")


def _paragraphs(docstring: str) -> Iterator[str]:
    """A Google docstring as Markdown: its sections become lists."""
    for paragraph in docstring.split("\n\n"):
        title, _, rest = paragraph.partition("\n")
        if title in {"Args:", "Attributes:"}:
            entries = re.split(r"\n(?=    \S)", rest)
            yield "\n".join(f"- {_item(entry)}" for entry in entries) + "\n"
        elif title in {"Returns:", "Raises:"}:
            yield f"{title} {' '.join(rest.split())}\n"
        else:
            yield f"{paragraph}\n"


def _item(entry: str) -> str:
    name, _, meaning = entry.strip().partition(": ")
    return f"`{name}`: {' '.join(meaning.split())}"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(page(PAGE.read_text()))
