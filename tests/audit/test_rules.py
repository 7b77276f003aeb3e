"""Rules of our own for the source of the functions, where no linter knows what we promise; ruff has bandit's (S)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "functions").rglob("*.py"))

NEVER_READ = {"remote_addr", "access_route", "user_agent", "cookies", "authorization", "REMOTE_ADDR"}
NEVER_READ_HEADERS = {"user-agent", "cookie", "x-forwarded-for", "forwarded", "referer", "x-real-ip"}

PAYLOAD = {"request", "body", "headers", "data", "raw", "payload", "delivery", "message", "row", "span", "record"}
"""Names of what holds somebody's, or may: no part of it is logged but its length or number."""

LOGGED_ALL_THE_SAME = {
    # A SQLSTATE, or the name of a class.
    "triggered.py: str(fault)",
}


def logged(tree: ast.AST) -> Iterator[ast.expr]:
    """What is given to `log`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "log":
            yield from node.args
            yield from (keyword.value for keyword in node.keywords)


def is_told(value: ast.expr) -> Iterator[str]:
    """What of a logged value may hold more than a count, a size, a duration or an outcome."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "len":
                return
            if node.func.id in {"str", "repr", "format"}:
                yield ast.unparse(node)
        if isinstance(node, ast.Name) and node.id in PAYLOAD:
            yield ast.unparse(value)


def faults_of(source: str) -> list[str]:
    """What breaks these rules in a source."""
    tree = ast.parse(source)
    found = [told for value in logged(tree) for told in is_told(value) if not _is_measured(value)]
    found += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in NEVER_READ]
    found += [name for name in _looked_up(tree) if name.lower() in NEVER_READ_HEADERS]
    found += re.findall(r"# noqa: S608(?! - \w).*", source)
    return found


def _looked_up(tree: ast.AST) -> Iterator[str]:
    """Names that something is asked for by, as a header is."""
    for node in ast.walk(tree):
        keys: list[ast.expr] = []
        if isinstance(node, ast.Subscript):
            keys = [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("get"):
            keys = node.args
        yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _is_measured(value: ast.expr) -> bool:
    """Whether it is a sum, a number or a length."""
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in {"len", "sum", "round"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "functions")))
def test_the_source_keeps_our_rules(path: Path) -> None:
    """Nothing of a request is logged, no address, agent or cookie is read, and SQL that is put together says why."""
    found = [fault for fault in faults_of(path.read_text()) if f"{path.name}: {fault}" not in LOGGED_ALL_THE_SAME]

    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'log("INFO", "x", path=request.path)',
        'log("INFO", f"x {body}")',
        'log("ERROR", "x", error=str(error))',
        "ip = one.remote_addr",
        'agent = headers.get("User-Agent")',
        'q = f"select {x}"  # noqa: S608',
    ],
)
def test_the_rules_find_what_breaks_them(source: str) -> None:
    """Each of them."""
    assert faults_of(source)
