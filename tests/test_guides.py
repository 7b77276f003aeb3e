"""The guides and the files for self-hosters: what they say of code, commands, settings and messages holds."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import click
import pytest
import yaml
from sqlalchemy import Connection, text

import rhesis_telemetry
from documented import DOCS, blocks, commands, files
from edge import Topic, serve
from expected_views import Event
from recorder import Recorder, recording
from rhesis_telemetry import choice, settings
from rhesis_telemetry import cli as client_cli
from rhesis_telemetry.settings import VARIABLES
from stored_events import store
from telemetry_pipeline import cli
from telemetry_pipeline.maintain import requests
from telemetry_pipeline.privacy import receipts

ROOT = DOCS.parent
SELF_HOSTED = ROOT / "deploy" / "self-hosted"
GUIDE, SETUP, PRIVACY, SUMMARY = "TELEMETRY.md", "TELEMETRY_SETUP.md", "privacy.md", "telemetry/README.md"
RIGHTS = "data-rights.md"
PAGES = (GUIDE, SETUP, PRIVACY, SUMMARY, RIGHTS, "keys.md")
CLIENT_VARIABLES = {variable.name for variable in VARIABLES}
ON = {"OTEL_RHESIS_TELEMETRY_ENABLED", "OTEL_EXPORTER_OTLP_ENDPOINT"}

COMMANDS = [*commands(SETUP), *commands(RIGHTS)]
QUERIES = blocks(GUIDE, "sql")
QUOTED = re.findall(r"^\| `([^`]+)`", (DOCS / SETUP).read_text().split("## When something is wrong")[1], re.MULTILINE)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as running:
        yield running


@pytest.fixture(scope="module")
def ingest_url(bus_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    topic = Topic(bus_host, "guides")
    with serve("ingest", topic.environment(), tmp_path_factory.mktemp("ingest") / "log") as url:
        yield url
    topic.close()


def shell(command: str, ingest_url: str) -> str:
    here = command.replace("http://127.0.0.1:4318", ingest_url)
    return subprocess.run(["bash", "-c", here], check=True, stdout=subprocess.PIPE, text=True).stdout


def section(page: str, title: str) -> str:
    return (DOCS / page).read_text().split(f"## {title}\n")[1].split("\n## ")[0]


def variables(page: str) -> Iterator[dict[str, str]]:
    """The variables of each block of settings."""
    for block in blocks(page, "env"):
        yield dict(line.split("=", 1) for line in block.splitlines())


# Code


def test_all_code_is_run() -> None:
    """Whoever adds code of another kind adds a test."""
    languages = {page: set(re.findall(r"^```(\w+)$", (DOCS / page).read_text(), re.MULTILINE)) for page in PAGES}

    shown = {GUIDE: {"python", "sh", "sql"}, SETUP: {"env", "sh", "sql"}, RIGHTS: {"sh", "json"}}
    assert languages == {page: shown.get(page, set()) for page in PAGES}
    assert files(GUIDE).keys() == {"nightly.py"}


def test_the_python_example(tmp_path: Path, recorder: Recorder) -> None:
    """Of two people, the one who agreed is tracked."""
    subprocess.run(
        [sys.executable, "-W", "error", "-c", files(GUIDE)["nightly.py"]],
        check=True,
        env={
            "PATH": os.environ["PATH"],
            "OTEL_EXPORTER_OTLP_ENDPOINT": recorder.url,
            "OTEL_RHESIS_TELEMETRY_ENABLED": "true",
            "RHESIS_TELEMETRY_DIRECTORY": str(tmp_path),
        },
    )

    assert [event["event.category"] for event in recorder.events] == ["user_activity", "feature_usage"]
    assert len({event["user.id"] for event in recorder.events}) == 1


def test_the_preview(ingest_url: str) -> None:
    """The text is scrubbed, the path is a template, and what is not in the contract is gone."""
    (command,) = blocks(GUIDE, "sh")

    answer = json.loads(shell(command, ingest_url))

    (stored,) = answer["stored"]
    assert stored["table"] == "analytics_feature_usage"
    assert stored["row"]["feature_name"] == "mail to [redacted]"
    assert stored["row"]["page_path"] == "/projects/{id}/tests"
    assert "red" not in stored["row"].values()
    assert "colour" not in json.dumps(answer)


@pytest.mark.parametrize("path", ["/health", "/.well-known/telemetry.json"])
def test_paths_that_are_read(path: str, ingest_url: str) -> None:
    """They answer, and the guide has them."""
    assert f"GET {path}" in (DOCS / GUIDE).read_text()

    assert shell(f"curl --fail --silent {ingest_url}{path}", ingest_url)


def test_the_routes_for_users() -> None:
    """The guide lists those of the router, and no other."""
    from rhesis_telemetry.frameworks.fastapi import telemetry_router

    router = telemetry_router(lambda: None, lambda: None)
    served = {f"{method} {route.path}" for route in router.routes for method in route.methods}  # type: ignore[attr-defined]

    assert set(re.findall(r"`(\w+ /api/users/[^`]+)`", section(GUIDE, "API"))) == served


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_queries(number: int, connection: Connection) -> None:
    """Each finds something among many people's events, also with the rights of a reader."""
    now = datetime.now(UTC)
    moments = [now - timedelta(days=days) for days in (0, 1, 40, 75)]
    events = [
        Event(
            kind=kind,
            timestamp=moment,
            received_at=moment,
            user_id=f"{person:064x}",
            deployment_type="self_hosted",
            installation_id=f"installation-{person}",
            service_name="backend",
            service_version="1.0.0",
            duration_ms=12.5,
        )
        for kind, moment, person in product(("user_activity", "endpoint_usage", "feature_usage"), moments, range(9))
    ]
    store(connection, events)
    with connection.begin():
        connection.execute(text("set local role telemetry_reader"))
        found = connection.execute(text(QUERIES[number])).all()

    assert found


def test_the_query_for_requests(connection: Connection) -> None:
    """It says how far each request is."""
    (query,) = blocks(SETUP, "sql")
    with connection.begin():
        connection.execute(
            text("""
                insert into analytics_erasure_requests (id, user_id, "timestamp", key_epoch, received_at)
                values (gen_random_uuid(), 'u', now(), 1, now())
            """)
        )

        (row,) = connection.execute(text(query)).mappings()

    assert row["erased_at"] is None
    assert row["erased_events"] == 0


def test_the_receipt_is_as_it_is_shown(connection: Connection) -> None:
    """With these fields, and no other."""
    (shown,) = map(json.loads, blocks(RIGHTS, "json"))
    token = receipts.new_token()
    requests.ask(connection, "user", ("0" * 32,), 1, str(receipts.digest(token)))

    receipt = requests.receipt(connection, str(receipts.digest(token)))

    assert receipt
    assert receipt.keys() == shown.keys()
    assert all(receipt[name].keys() == shown[name].keys() for name in ("events_erased", "copies_expire"))


# Commands


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_exist(line: str, ingest_url: str) -> None:
    """With these options."""
    name, *arguments = shlex.split(line)
    match Path(name).name:
        case "make":
            assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        case "telemetry":
            command = cli.main.commands[arguments[0]]
            command.make_context(arguments[0], arguments[1:], parent=click.Context(cli.main))
        case "rhesis-telemetry":
            parsed(arguments)
        case "curl":
            assert shell(line, ingest_url)
        case "docker" if "exec" in arguments:
            service, command_name, *rest = arguments[arguments.index("exec") + 1 :]
            assert service in compose()["services"]
            assert command_name == "rhesis-telemetry"
            parsed(rest)
        case "docker":
            assert (SELF_HOSTED / arguments[4]).exists()
        case other:
            pytest.fail(f"no test of {other}")


def parsed(arguments: list[str]) -> None:
    """Let the client's command line read the arguments, and do nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_show", "_status", "_enable", "_disable"):
            patch.setattr(client_cli, name, lambda _, options: 0 if isinstance(options, argparse.Namespace) else 1)
        assert client_cli.main(arguments) == 0


# Settings


def test_the_settings_turn_it_on() -> None:
    """Every variable is one of the client's, and all together mean something."""
    shown, _ = variables(SETUP)

    assert shown.keys() <= CLIENT_VARIABLES
    found = settings.read(shown)
    assert not found.off_because
    assert (found.service_name, found.service_version, found.deployment_type) == ("my-backend", "1.0.0", "self_hosted")


def test_each_way_to_turn_it_off_is_enough() -> None:
    """Whatever else is set."""
    shown, off = variables(SETUP)

    assert {name for name, value in off.items() if settings.read({**shown, name: value}).off_because} == off.keys()


def test_every_variable_that_is_named_exists() -> None:
    """Of the client, or of a function."""
    functions = set(re.findall(r"`(RHESIS_\w+)`", (DOCS / "settings.md").read_text()))
    for page in PAGES:
        named = re.findall(r"\b(?:OTEL|RHESIS)_[A-Z_]+\b|\bDO_NOT_TRACK\b", (DOCS / page).read_text())
        assert set(named) <= CLIENT_VARIABLES | functions


@pytest.mark.parametrize(
    "message", re.findall(r"^\| `([^`]+)`", section(SETUP, "When something is wrong"), re.MULTILINE)
)
def test_messages_are_said(message: str) -> None:
    """The table quotes the client's own words."""
    sources = Path(rhesis_telemetry.__file__).parent.rglob("*.py")
    source = "\n".join(path.read_text() for path in sources)
    # The beginning of some depends on what they are about.
    said = source.replace("{'on' if standing.allowed else 'off'}", "on")

    assert message in said or message == "rejected"


# Self-hosted


def compose() -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(
        (SELF_HOSTED / "docker-compose.telemetry.yml").read_text()
    )
    return loaded


def offered() -> dict[str, str]:
    """The commented lines of .env.example."""
    lines = (SELF_HOSTED / ".env.example").read_text().splitlines()
    return dict(line.removeprefix("#").split("=", 1) for line in lines if re.match(r"#\w+=", line))


def environment(chosen: dict[str, str]) -> dict[str, str]:
    """What the service gets, with these lines in .env."""
    written = compose()["services"]["backend"]["environment"]
    assert isinstance(written, dict)

    def value(found: re.Match[str]) -> str:
        return chosen.get(found[1]) or found[2]

    return {name: re.sub(r"\$\{(\w+):-([^}]*)\}", value, str(text)) for name, text in written.items()}


def allowed(chosen: dict[str, str], directory: Path) -> bool:
    """Whether the site allows telemetry then."""
    found = settings.read(environment(chosen) | {"RHESIS_TELEMETRY_DIRECTORY": str(directory)})
    return choice.standing(found, record=False).allowed


def test_the_fragment_has_the_clients_variables() -> None:
    """And .env.example has no other than those that the fragment passes on."""
    written = compose()["services"]["backend"]["environment"]

    assert isinstance(written, dict)
    assert written.keys() <= CLIENT_VARIABLES
    assert offered().keys() == set(re.findall(r"\$\{(\w+):-", str(written)))


def test_the_choice_is_kept_in_a_volume() -> None:
    """Or each container would be a new installation."""
    mounted = compose()["services"]["backend"]["volumes"]

    assert mounted == [f"{name}:{environment({})['RHESIS_TELEMETRY_DIRECTORY']}" for name in compose()["volumes"]]


def test_the_example_as_it_is_is_off(tmp_path: Path) -> None:
    """Each of its lines is a comment, and nothing set means no."""
    lines = (SELF_HOSTED / ".env.example").read_text().splitlines()

    assert all(not line or line.startswith("#") for line in lines)
    assert settings.read(environment({})).off_because
    assert not allowed({}, tmp_path)


def test_two_lines_turn_it_on(tmp_path: Path) -> None:
    """Neither does alone."""
    both = {name: value for name, value in offered().items() if name in ON}

    assert allowed(both, tmp_path)
    for name in ON:
        assert not allowed({name: both[name]}, tmp_path)


def test_one_line_turns_it_off(tmp_path: Path) -> None:
    """Whatever else is there."""
    assert not allowed(offered(), tmp_path)
    assert allowed({name: value for name, value in offered().items() if name != "DO_NOT_TRACK"}, tmp_path)


def test_debugging_sends_nothing() -> None:
    """The line for it is understood."""
    assert settings.read(environment(offered())).debug
    assert not settings.read(environment({})).debug


# Links


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Each leads to a file that exists, and to a heading in it."""
    for target in re.findall(r"\]\(([^)]+)\)", (DOCS / page).read_text()):
        path, _, anchor = target.partition("#")
        place = (DOCS / page).parent / path if path else DOCS / page
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


def test_the_readme_leads_to_them() -> None:
    """The list of the documentation has each."""
    readme = (ROOT / "README.md").read_text()

    assert all(f"(docs/{page})" in readme for page in PAGES)


def test_privacy_is_in_plain_words() -> None:
    """The page for people has none of ours."""
    words = re.sub(r"\]\([^)]*\)", "]", (DOCS / PRIVACY).read_text()).lower()
    ours = ("api", "hash", "hmac", "pseudonym", "sha-", "endpoint", "metadata", "otlp", "schema", "http", "span", "sql")

    assert [word for word in ours if re.search(rf"\b{word}", words)] == []
