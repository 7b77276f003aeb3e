"""The pages for operators: each command in them is one that there is, and each link leads somewhere."""

import re
import shlex

import click
import pytest

from documented import DOCS, commands
from telemetry_pipeline import cli
from telemetry_pipeline.settings import IngestSettings

PAGES = ("abuse.md", "api-keys.md", "replay.md")
COMMANDS = [line for page in PAGES for line in commands(page) if line.startswith("telemetry ")]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_understood(line: str) -> None:
    """Its name, its options and their values."""
    command: click.Command = cli.main
    context, rest = None, shlex.split(line)[1:]
    while True:
        context = command.make_context(command.name, rest, parent=context)
        if not isinstance(command, click.Group):
            return
        _, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found
        command = found


def test_there_are_commands_of_each_page() -> None:
    """And no line of shell that nothing tries."""
    lines = [line for page in PAGES for line in commands(page)]

    assert set(lines) - set(COMMANDS) == {
        "export RHESIS_EVENTS_TOPIC=$(terraform -chdir=terraform output -raw events_topic)"
    }
    assert all(commands(page) for page in PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Each page and each heading is there."""
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", (DOCS / page).read_text()):
        name, _, heading = link.partition("#")
        target = (DOCS / (name or page)).resolve()
        assert target.exists(), link
        slugs = {
            re.sub(r"[^\w\- ]", "", line).strip().lower().replace(" ", "-")
            for line in re.findall("^#+ (.*)$", target.read_text(), re.MULTILINE)
        }
        assert not heading or heading in slugs, link


def test_the_figures_are_the_settings() -> None:
    """What the page says of quotas and caps is their default."""
    page = (DOCS / "abuse.md").read_text()
    defaults = {name: IngestSettings.__dataclass_fields__[name].default for name in IngestSettings.__dataclass_fields__}

    assert f"of {defaults['quota_burst_events']:,} events" in page
    assert f"by {defaults['quota_events_per_second']} a second" in page
    assert f"({defaults['max_values']:,}, and {defaults['max_templates']:,} templates)" in page
