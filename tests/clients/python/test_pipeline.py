"""The installed wheel under gunicorn, with the documented app, against the real pipeline."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from documented import commands, files
from installed import environment
from postgres import free_port
from rhesis_telemetry import contract
from stack import Pipeline
from waiting import until

PAGE = "clients/python.md"
EVENTS = {event.table for event in contract.EVENTS.values() if event.table != "analytics_erasure_requests"}

pytestmark = pytest.mark.parametrize("pipeline", ["local"], indirect=True)


@pytest.fixture(scope="module")
def bin_directory(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page has installed, and the server that it runs."""
    directory = tmp_path_factory.mktemp("environment")
    return environment(directory, sys.executable, f"{wheel}[fastapi,sqlalchemy]", "gunicorn", "uvicorn-worker")


def variables(pipeline: Pipeline, directory: Path) -> dict[str, str]:
    exported = [line.removeprefix("export ").split("=") for line in commands(PAGE) if line.startswith("export ")]
    return {
        "PATH": os.environ["PATH"],
        **dict(exported),
        "OTEL_EXPORTER_OTLP_ENDPOINT": pipeline.otlp_url,
        "RHESIS_TELEMETRY_DIRECTORY": str(directory / "state"),
        "APP_VERSION": "1.2.3",
    }


@contextmanager
def serving(bin_directory: Path, directory: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the documented command until the block ends; the app's address."""
    (directory / "app.py").write_text(files(PAGE)["app.py"])
    address = f"127.0.0.1:{free_port()}"
    (line,) = (line for line in commands(PAGE) if line.startswith("gunicorn"))
    command = line.replace("127.0.0.1:8000", address).split()
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [bin_directory / command[0], *command[1:]], cwd=directory, env=environment, stdout=log, stderr=log
        )
    try:
        until(lambda: process.poll() is not None or _answers(address), 30)
        assert process.poll() is None, (directory / "log").read_text()
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/openapi.json", timeout=5).ok
    except requests.ConnectionError:
        return False


def counts(pipeline: Pipeline) -> dict[str, int]:
    return {table: pipeline.query(f"select count(*) from {table}")[0][0] for table in sorted(EVENTS)}


def test_three_kinds_of_events_become_rows(pipeline: Pipeline, bin_directory: Path, tmp_path: Path) -> None:
    """From a forked worker, for a person who agreed and for nobody else, and without waiting when the server stops."""
    before = counts(pipeline)
    as_one = {"x-user-id": "1"}
    with serving(bin_directory, tmp_path, variables(pipeline, tmp_path)) as url:
        curls = [line.split() for line in commands(PAGE) if line.startswith("curl")]
        for arguments in [*curls[1:], *curls]:
            # The first round is before the person agreed.
            method, address = arguments[arguments.index("-X") + 1], arguments[-1]
            path = address.removeprefix("http://127.0.0.1:8000")
            requests.request(method, f"{url}{path}", headers=as_one, timeout=10).raise_for_status()

    def arrived() -> bool:
        now = counts(pipeline)
        return {table: now[table] - before[table] for table in now} == {
            "analytics_endpoint_usage": 3,
            "analytics_feature_usage": 1,
            "analytics_user_activity": 1,
        }

    until(arrived, 60)
    common = "service_name, service_version, deployment_type, installation_id is not null"
    for table in EVENTS:
        assert set(pipeline.query(f"select distinct {common} from {table} where service_version = '1.2.3'")) == {
            ("rhesis-backend", "1.2.3", "unknown", True)
        }
    assert len(set(pipeline.query("select user_id from analytics_feature_usage where service_version = '1.2.3'"))) == 1
    endpoints = set(pipeline.query("select endpoint from analytics_endpoint_usage where service_version = '1.2.3'"))
    assert endpoints > {("/login",), ("/test_runs/{id}",)}


def test_erasure_is_recorded(pipeline: Pipeline, bin_directory: Path, tmp_path: Path) -> None:
    """The request arrives on the same way as events, also from somebody who never agreed."""
    table = contract.EVENTS["erasure_request"].table
    before = pipeline.query(f"select count(*) from {table}")
    with serving(bin_directory, tmp_path, variables(pipeline, tmp_path)) as url:
        answer = requests.delete(f"{url}/api/users/telemetry/data", headers={"x-user-id": "1"}, timeout=20)

    assert (answer.status_code, answer.json()["erasure"]) == (200, "delivered")
    until(lambda: pipeline.query(f"select count(*) from {table}") == [(before[0][0] + 1,)], 60)


def test_what_would_be_stored_is_shown(pipeline: Pipeline, bin_directory: Path, tmp_path: Path) -> None:
    """By the real server, which stores nothing of it; no event is rejected."""
    before = counts(pipeline)
    done = subprocess.run(
        [bin_directory / "rhesis-telemetry", "show", "--stored"],
        capture_output=True,
        check=True,
        text=True,
        env=variables(pipeline, tmp_path),
    )

    shown = json.loads(done.stdout)
    assert shown["rejected"] == []
    assert {one["table"] for one in shown["stored"]} >= EVENTS
    assert counts(pipeline) == before
