"""The pages for operators: what they say of tests, alerts, commands and messages holds."""

import json
import re
import shlex
from pathlib import Path
from shutil import which
from typing import Any

import click
import pytest
from sqlalchemy import text

from documented import DOCS, blocks, commands
from telemetry_pipeline import cli
from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import FUNCTIONS, DatabaseSettings

ROOT = DOCS.parent
TERRAFORM = ROOT / "terraform"
RUNBOOK, THREATS, PROTECTION = "operations.md", "threat-model.md", "data-protection.md"
PAGES = (RUNBOOK, "backup.md", "migration.md", "moving.md", "teardown.md", "upgrade.md")
COMMANDS = sorted({line for page in PAGES for line in commands(page)})
NAMED = sorted(
    {found for page in (THREATS, PROTECTION) for found in re.findall(r"`([\w/.-]+::\w+)`", (DOCS / page).read_text())}
)


def terraform() -> str:
    return "\n".join(path.read_text() for path in sorted(TERRAFORM.glob("*.tf")))


# Tests that pages name


@pytest.mark.parametrize("name", NAMED)
def test_every_test_that_is_named_exists(name: str) -> None:
    """Under its path; a run of Terraform's, or a function of Python's."""
    path, _, test = name.partition("::")
    definition = f'run "{test}" {{' if path.endswith(".hcl") else f"def {test}("

    assert definition in (ROOT / path).read_text()


@pytest.mark.parametrize("page", [THREATS, PROTECTION])
def test_no_path_is_named_without_a_test(page: str) -> None:
    """Or it would not be checked; the drill stands for itself."""
    paths = re.findall(r"`((?:terraform/)?tests/[^`]*)`", (DOCS / page).read_text())

    assert paths
    assert all("::" in path for path in paths)


def test_every_threat_has_a_proof_or_is_accepted() -> None:
    """A row without either would be a claim."""
    rows = [
        line.split("|")[1:-1] for line in (DOCS / THREATS).read_text().splitlines() if re.match(r"\| [STRIDE]", line)
    ]

    assert len(rows) > 40
    assert [row for row in rows if "::" not in row[3] and "#what-is-accepted" not in row[3]] == []


def test_every_arrow_is_looked_at() -> None:
    """The picture has as many as there are sections."""
    page = (DOCS / THREATS).read_text()

    assert re.findall(r"^## (\d+)\.", page, re.MULTILINE) == [str(number) for number in range(1, 13)]


# Alerts


def test_every_alert_has_its_entry() -> None:
    """And each entry is of an alert that there is, under the heading that the alert's documentation names."""
    monitoring = "".join((TERRAFORM / name).read_text() for name in ("monitoring.tf", "slo.tf"))
    titles = list(re.findall(r'^\s+title\s+= "([^"]+)"$', monitoring, re.MULTILINE))
    titles += re.findall(
        r'display_name\s+= "Telemetry \(\$\{var\.prefix\}\): ([^$",]+)[^\n]*"\n\s+combiner', monitoring
    )
    expected = {one.replace("${name}", reader) for one in titles for reader in ("store", "mirror")}
    alerts = (DOCS / RUNBOOK).read_text().split("\n## Alerts\n")[1].split("\n## ")[0]
    headings = set(re.findall(r"^### (.*)$", alerts, re.MULTILINE))

    assert headings == expected | {"Budget"}
    assert monitoring.count("Runbook: ${var.alerts.runbook}#") == monitoring.count("  documentation {")
    for anchor in re.findall(r"alerts\.runbook\}#([a-z-]+)", monitoring):
        assert anchor in {slug(heading) for heading in headings}


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# Messages


def test_messages_of_the_log() -> None:
    """The table has each that is logged as an error or a warning, and no other, but those that say that all is well."""
    source = "\n".join(path.read_text() for path in Path(cli.__file__).parents[1].rglob("*.py"))
    faults = set(re.findall(r'log\("(?:ERROR|WARNING|CRITICAL)", "([^"]+)"', source))
    faults |= {f"{what} in BigQuery postponed" for what in re.findall(r'_in_bigquery\("(\w+)"', source)}
    section = (DOCS / RUNBOOK).read_text().split("## What the log says")[1]
    told = set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE))

    assert faults - {"{what} in BigQuery postponed"} <= told
    assert told - faults == {"push parked", "maintenance is under way"}


# Commands


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith("gcloud ")])
def test_commands_exist(line: str) -> None:
    """With these options."""
    name, *arguments = shlex.split(line)
    match Path(name).name:
        case "make":
            assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        case "telemetry":
            command = cli.main.commands[arguments[0]]
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("RHESIS_LEGACY_DATABASE_URL", "postgresql://u:p@h/d")
                command.make_context(arguments[0], arguments[1:], parent=click.Context(cli.main))
        case "terraform":
            assert arguments[0] == "-chdir=terraform"
            assert arguments[1] in {"apply", "destroy", "init", "output", "plan", "state"}
            if arguments[1] == "output":
                assert f'output "{arguments[-1]}" {{' in terraform()
        case "git":
            assert arguments[0] in {"checkout", "fetch", "log"}
        case "curl":
            assert arguments[-1].endswith("/health")
        case other:
            pytest.fail(f"no test of {other}")


def test_names_in_the_cloud_are_those_of_the_deployment() -> None:
    """What commands call telemetry-…, Terraform makes under the prefix."""
    made = terraform().replace("${var.prefix}", "telemetry")
    readers = [f"telemetry-events-{name}" for name in ("store", "mirror")]
    functions = [f"telemetry-{name}" for name in FUNCTIONS]
    for line in (line for line in COMMANDS if line.startswith("gcloud ")):
        for name in re.findall(r"(?<![-.\w/])telemetry-[a-z-]+", line):
            if name != "telemetry-drill":
                assert f'"{name}"' in made or name in (*readers, *functions), line


def test_outputs_that_are_named_exist() -> None:
    """The runbook sends people to members of `terraform output check`."""
    check = (TERRAFORM / "outputs.tf").read_text().split('output "check"')[1].split("\n}\n")[0]
    members = set(re.findall(r"^    (\w+)\s+=", check, re.MULTILINE))
    named = re.findall(
        r"`(\w+)`(?= of `terraform output check`)|(?:run |run its )`(\w+)`", (DOCS / RUNBOOK).read_text()
    )

    assert {one or other for one, other in named} <= members


@pytest.fixture(scope="module")
def gcloud() -> dict[str, Any]:
    """All of gcloud's commands, with their flags, as its completion knows them."""
    program = which("gcloud")
    if not program:
        pytest.skip("needs gcloud")
    tree = Path(program).resolve().parents[1] / "data" / "cli" / "gcloud_completions.py"
    if not tree.exists():
        pytest.skip("this gcloud has no list of its commands")
    found: dict[str, Any] = {}
    exec(tree.read_text(), found)  # noqa: S102 - a literal that comes with gcloud
    (commands_of,) = (value for name, value in found.items() if name == "STATIC_COMPLETION_CLI_TREE")
    return dict(commands_of)


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("gcloud ")])
def test_gcloud_knows_the_command(line: str, gcloud: dict[str, Any]) -> None:
    """Its words, and each option."""
    _, *arguments = shlex.split(line)
    node = gcloud
    for word in arguments:
        if word not in node["commands"]:
            break
        node = node["commands"][word]
    flags = {**gcloud["flags"], **node["flags"]}

    assert not node["commands"], f"gcloud has no such command: {json.dumps(sorted(node['commands']))[:200]}"
    assert [word for word in arguments if word.startswith("--") and word.partition("=")[0] not in flags] == []


# Queries


@pytest.mark.parametrize("query", [query for page in (RUNBOOK, "backup.md") for query in blocks(page, "sql")])
def test_queries(query: str, database_url: str) -> None:
    """They run as they stand."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connection:
        connection.execute(text(query)).all()
    engine.dispose()
