"""`telemetry doctor` and its neighbours: faults are named, with what to do, and never by a traceback."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from edge import Topic
from postgres import free_port
from stack import TELEMETRY, environment, uncoloured
from telemetry_pipeline.maintain import migrate

HEAD = migrate.head()


def telemetry(settings: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*TELEMETRY, "--settings=/does/not/exist", *arguments],
        capture_output=True,
        check=False,
        text=True,
        env=environment() | settings,
    )


@pytest.fixture
def settings(bus_host: str, database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a pipeline that is well but for its bus, which has no subscription but ours."""
    topic = Topic(bus_host, f"doctor-{tmp_path.name}")
    topic.close()
    return topic.environment() | {"RHESIS_DATABASE_URL": database_url}


def test_a_pipeline_that_is_well_has_no_fault(settings: dict[str, str]) -> None:
    """Exit code 0, and each check on a line of its own."""
    done = telemetry(settings, "doctor")

    assert done.returncode == 0, done.stdout
    assert "FAULT" not in done.stdout


FAULTS: dict[str, tuple[dict[str, str], str, str]] = {
    "no settings": (
        {"RHESIS_PSEUDONYM_KEY": "", "RHESIS_MAX_SPANS": "x"},
        "RHESIS_PSEUDONYM_KEY: missing",
        "docs/settings.md",
    ),
    "no topic": ({"RHESIS_EVENTS_TOPIC": "projects/tests/topics/none"}, "has no topic", "terraform apply"),
    "no bus": ({"PUBSUB_EMULATOR_HOST": "127.0.0.1:1"}, "did not answer", "PUBSUB_EMULATOR_HOST"),
    "no database": (
        {"RHESIS_DATABASE_URL": f"postgresql://u:s3cret@127.0.0.1:{free_port()}/d"},
        "database: ",
        "RHESIS_DATABASE_URL",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_with_what_to_do(settings: dict[str, str], case: str) -> None:
    """Exit code 1, the finding, and advice; nothing secret, no traceback."""
    change, found, advice = FAULTS[case]

    done = telemetry(settings | change, "doctor")

    assert done.returncode == 1
    assert found in done.stdout
    assert advice in done.stdout
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_a_schema_that_is_behind_is_brought_up_by_migrate(settings: dict[str, str], empty_database_url: str) -> None:
    """Doctor says so, migrate does it, and a second time does nothing."""
    settings["RHESIS_DATABASE_URL"] = empty_database_url

    before = telemetry(settings, "doctor")
    first, second = telemetry(settings, "migrate"), telemetry(settings, "migrate")
    after = telemetry(settings, "doctor")

    assert (before.returncode, first.returncode, second.returncode, after.returncode) == (1, 0, 0, 0)
    assert "Run `telemetry migrate`" in before.stdout
    assert f"from None to {HEAD}" in first.stdout
    assert f"at {HEAD} already" in second.stdout
    assert f"schema: at {HEAD}" in uncoloured(after.stdout)


@pytest.mark.parametrize("command", ["tail", "migrate"])
def test_a_database_that_is_away_is_a_message(settings: dict[str, str], command: str) -> None:
    """No traceback for what is no fault of the program."""
    settings["RHESIS_DATABASE_URL"] = f"postgresql://u:s3cret@127.0.0.1:{free_port()}/d"

    done = telemetry(settings, command)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: the database refused")
    assert "s3cret" not in done.stderr


def test_missing_settings_are_a_message() -> None:
    """A command that needs the database says which variable is missing."""
    done = telemetry({}, "tail")

    assert done.returncode == 1
    assert "RHESIS_DATABASE_URL: set it, or RHESIS_DATABASE_INSTANCE" in done.stderr


@pytest.mark.parametrize("command", ["", "doctor", "migrate", "tail", "up", "psql"])
def test_every_command_explains_itself(command: str) -> None:
    """`--help` answers, with a first sentence."""
    done = telemetry({}, *command.split(), "--help")

    assert done.returncode == 0
    assert "Usage: telemetry" in done.stdout
