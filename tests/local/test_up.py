"""`telemetry up`: what a newcomer sees, and what a stack does when it is disturbed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy.exc import DBAPIError

from postgres import server_directory
from stack import TELEMETRY, Pipeline, environment, running, uncoloured
from waiting import until

LOGIN = {"event.type": "login", "user.id": "alice"}


@pytest.fixture(scope="module")
def up() -> Iterator[Pipeline]:
    """A pipeline of this module's own."""
    directory = server_directory()
    with running(directory, "--port=0") as pipeline:
        yield pipeline
    shutil.rmtree(directory)


def shown(pipeline: Pipeline, beginning: str, end: str) -> str:
    """A part of what was printed at the start."""
    text = pipeline.output.read_text()
    return text[text.index(beginning) : text.index(end)]


def events(pipeline: Pipeline, table: str = "analytics_user_activity") -> int:
    return int(pipeline.query(f"select count(*) from {table}")[0][0])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_curl_that_is_shown_sends_a_first_event(up: Pipeline) -> None:
    """Pasted into a shell, it is answered, and the event is a row that tail and psql show, pseudonymised."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    before = events(up)

    answer = subprocess.run(
        ["sh", "-c", shown(up, "curl http", "or, as apps do")], capture_output=True, text=True, check=True
    )
    until(lambda: events(up) == before + 1, 20)

    assert answer.stdout == "{}"
    query = re.search(r"psql -c '(select .*)'", up.output.read_text())
    assert query
    for arguments in (("psql", "-c", query[1]), ("tail", "--once"), ("tail", "--once", "--json")):
        done = up.telemetry(*arguments)
        assert done.returncode == 0, done.stderr
        assert "login" in done.stdout
        assert "alice" not in done.stdout


def test_the_python_that_is_shown_sends_an_event(up: Pipeline) -> None:
    """Pasted into a file, it runs with what is installed."""
    before = events(up, "analytics_feature_usage")

    subprocess.run([sys.executable, "-c", shown(up, "from opentelemetry", "See it arrive")], check=True, timeout=60)

    until(lambda: events(up, "analytics_feature_usage") == before + 1, 20)


def test_stack_json_says_where_everything_is(up: Pipeline) -> None:
    """Its addresses answer and its processes are alive; what is secret is its owner's alone."""
    about = up.about

    assert requests.get(f"{about['otlp_url']}/health", timeout=5).ok
    assert all(is_alive(pid) for pid in about["pids"].values() if pid)
    assert {"ingest", "store", "bus", "postgres"} <= {name for name, pid in about["pids"].items() if pid}
    assert list(Path(about["logs"]).glob("*.log"))
    for name in ("stack.json", "telemetry.env", "pseudonym.key"):
        assert (up.directory / name).stat().st_mode & 0o077 == 0


def test_doctor_finds_nothing_wrong(up: Pipeline) -> None:
    """On a fresh pipeline each check is well."""
    done = up.telemetry("doctor")

    lines = uncoloured(done.stdout).splitlines()
    assert done.returncode == 0, done.stdout
    for check in ("settings of ingest", "settings of store", "bus", "database", "schema", "key"):
        assert any(line.startswith(f"ok    {check}: ") for line in lines)


def test_dead_letters_are_counted(up: Pipeline) -> None:
    """The dashboard knows that there are none, which is more than not to know."""
    until(lambda: up.query("select dead_letters from analytics_upkeep")[0][0] == 0, 20)

    assert "not counted" not in requests.get(f"{up.about['dashboard_url']}/pipeline", timeout=20).text.lower()


def test_a_smoke_test_sends_an_event_and_takes_it_away(up: Pipeline) -> None:
    """What a deployment is tried with: the event arrives, and no trace of it stays."""
    before = events(up)

    done = up.telemetry("smoke", up.otlp_url, up.about["maintain_url"])

    assert done.returncode == 0, done.stderr
    assert "an event arrived within" in done.stdout
    assert events(up) == before


def test_a_deployment_is_migrated_through_its_function(up: Pipeline) -> None:
    """`telemetry migrate --at` asks `maintain`, which says from where to where."""
    done = up.telemetry("migrate", "--at", up.about["maintain_url"])

    assert done.returncode == 0, done.stderr
    assert "already" in done.stdout


@pytest.mark.parametrize("name", ["ingest", "store", "bus", "postgres"])
def test_a_part_that_is_killed_is_started_again(up: Pipeline, name: str) -> None:
    """The stack goes on with a new process, stack.json knows it, and events arrive as before."""
    before = events(up)
    killed = up.about["pids"][name]

    os.kill(killed, signal.SIGKILL)
    until(lambda: up.about["pids"][name] != killed, 20)

    until(lambda: is_answering(up), 20)
    until(lambda: sends_an_event(up), 20)
    until(lambda: has_more_events(up, before), 30)


def has_more_events(up: Pipeline, before: int) -> bool:
    try:
        return events(up) > before
    except DBAPIError:
        return False


def is_answering(up: Pipeline) -> bool:
    try:
        return requests.get(f"{up.otlp_url}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def sends_an_event(up: Pipeline) -> bool:
    return post_activity(up, {"event.type": "logout"}).status_code == 200


def post_activity(up: Pipeline, attributes: dict[str, str]) -> requests.Response:
    """Post an event; it is a new one whenever the stack has been started or restarted."""
    record = {
        "timeUnixNano": str((up.directory / "stack.json").stat().st_mtime_ns),
        "eventName": "user_activity",
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    return requests.post(f"{up.otlp_url}/v1/logs", json=body, timeout=10)


def test_a_directory_holds_one_stack(up: Pipeline) -> None:
    """A second one there is refused with a way out."""
    done = subprocess.run(
        [*TELEMETRY, "up", f"--directory={up.directory}"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )

    assert done.returncode == 1
    assert "runs in" in done.stderr
    assert "--directory" in done.stderr


def test_a_port_that_is_taken_is_named() -> None:
    """The message says which port and what to do, without a traceback."""
    directory = server_directory()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*TELEMETRY, "up", f"--directory={directory}", f"--port={port}"],
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
        )
    shutil.rmtree(directory)

    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 can't be used (address already in use)" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_second_start_finds_its_data(stop: signal.Signals) -> None:
    """A stop ends every process; the next start has the events and gives the same person the same pseudonym."""
    directory = server_directory()
    with running(directory, "--port=0") as first:
        pids = [pid for pid in first.about["pids"].values() if pid]
        post_activity(first, LOGIN).raise_for_status()
        until(lambda: events(first) == 1, 20)
        first.process.send_signal(stop)
        assert first.process.wait(60) == 0
    assert not any(map(is_alive, pids))
    assert not (directory / "stack.json").exists()

    with running(directory, "--port=0") as second:
        post_activity(second, LOGIN).raise_for_status()
        until(lambda: events(second) == 2, 20)
        assert second.query("select count(distinct user_id) from analytics_user_activity") == [(1,)]
    shutil.rmtree(directory)
