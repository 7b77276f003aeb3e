"""`telemetry keys`: rotate the key of a pipeline that runs, see what is linked, destroy the one before."""

import json
import re
import shlex
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import requests

from documented import DOCS
from postgres import server_directory
from stack import Pipeline, running
from telemetry_pipeline import cli
from waiting import until


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Pipeline]:
    """A pipeline on this machine, of this module's own."""
    directory = server_directory()
    with running(directory, "--port=0") as started:
        yield started
    shutil.rmtree(directory)


def keys(pipeline: Pipeline, command: str, *arguments: str) -> str:
    """What a command says."""
    done = pipeline.telemetry("keys", command, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def login(pipeline: Pipeline) -> None:
    """An event of the same person; retried while ingest is started again."""

    def sent() -> bool:
        record = {
            "eventName": "user_activity",
            "attributes": [
                {"key": "event.type", "value": {"stringValue": "login"}},
                {"key": "user.id", "value": {"stringValue": "alice"}},
            ],
        }
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record | {"timeUnixNano": str(time.time_ns())}]}]}]}
        try:
            return requests.post(f"{pipeline.otlp_url}/v1/logs", json=body, timeout=5).ok
        except requests.ConnectionError:
            return False

    until(sent, 30)


def epochs(pipeline: Pipeline) -> list[int]:
    """The epochs of the events that are stored."""
    return [row[0] for row in pipeline.query("select key_epoch from analytics_user_activity order by received_at")]


def links(pipeline: Pipeline) -> int:
    return int(pipeline.query("select count(*) from analytics_pseudonym_links")[0][0])


def test_a_key_is_rotated_and_the_one_before_destroyed(pipeline: Pipeline) -> None:
    """While it runs: events go on, one person is linked, in the end neither the link nor the former key is left."""
    first_key = (pipeline.directory / "pseudonym.key").read_text()
    directory = f"--directory={pipeline.directory}"
    login(pipeline)
    until(lambda: epochs(pipeline) == [1], 30)

    assert "key 2 is in use" in keys(pipeline, "rotate", directory)
    until(lambda: "other keys" in pipeline.output.read_text(), 30)
    login(pipeline)
    until(lambda: epochs(pipeline) == [1, 2], 30)
    status = keys(pipeline, "status")
    assert "overlap of keys 1 and 2" in status
    assert "1 people" in status
    assert "not by itself" in status
    assert "nothing before the 32 days are over" in status
    again = pipeline.telemetry("keys", "rotate", directory)
    assert again.returncode == 1
    assert "still overlap" in again.stderr

    assert "destroyed" in keys(pipeline, "destroy-previous", directory, "--yes")
    until(lambda: pipeline.output.read_text().count("other keys") == 2, 30)
    assert pipeline.telemetry("maintain", "--now").returncode == 0
    until(lambda: links(pipeline) == 0, 90)
    assert "keys 1 and 2: unlinked" in keys(pipeline, "status")
    assert [file for file in kept(pipeline.directory) if first_key in file.read_text()] == []
    assert json.loads((pipeline.directory / "keys.json").read_text())["epoch"] == 2


def kept(directory: Path) -> list[Path]:
    """The files of the directory itself, and the logs."""
    return [file for file in (*directory.glob("*"), *directory.glob("logs/*")) if file.is_file() and is_text(file)]


def is_text(file: Path) -> bool:
    return file.suffix not in {".sqlite", ".sqlite-wal", ".sqlite-shm"}


def test_elsewhere_it_says_what_to_write(pipeline: Pipeline, tmp_path: Path) -> None:
    """In Google Cloud Terraform makes keys."""
    said = keys(pipeline, "rotate", f"--directory={tmp_path}")

    assert "pseudonym_key_epoch = " in said
    assert "pseudonym_key_previous = {" in said
    there_is_none = pipeline.telemetry("keys", "destroy-previous", f"--directory={tmp_path}", "--yes")
    assert there_is_none.returncode == 1
    assert "gcloud secrets versions destroy" in there_is_none.stderr


PAGE = (DOCS / "keys.md").read_text()
VARIABLES = DOCS.parent / "terraform" / "variables.tf"


@pytest.mark.parametrize("line", re.findall(r"^    .venv/bin/telemetry (.*)$", PAGE, re.MULTILINE))
def test_the_commands_of_the_page_exist(line: str) -> None:
    """With these options."""
    group, name, *arguments = shlex.split(line)
    keys_group = cli.main.commands[group]
    assert isinstance(keys_group, click.Group)

    keys_group.commands[name].make_context(name, arguments, parent=click.Context(cli.main))


def test_the_variables_of_the_page_are_terraforms() -> None:
    """As those that `rotate` says to write."""
    named = re.findall(r"^    (\w+) += ", PAGE, re.MULTILINE)

    assert len(named) == 3
    for name in named:
        assert f'variable "{name}"' in VARIABLES.read_text()
