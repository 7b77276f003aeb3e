"""The archive that is deployed, started as the buildpack starts it: from locked requirements alone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from brokers import local_broker
from edge import KEY, Topic
from exports import LOGIN, span, traces
from postgres import free_port
from telemetry_pipeline.settings import FUNCTIONS
from waiting import until

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "RHESIS_EVENTS_TOPIC": "projects/tests/topics/events",
    "RHESIS_PSEUDONYM_KEY": KEY,
    "RHESIS_DATABASE_URL": f"postgresql://nobody:nothing@127.0.0.1:{free_port()}/nowhere",
    "RHESIS_BIGQUERY_DATASET": "tests.telemetry",
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, unpacked: the functions and the migrations, and nothing else of the repository."""
    unpacked = tmp_path_factory.mktemp("archive") / "workspace"
    shutil.copytree(ROOT / "functions", unpacked, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "migrations", unpacked / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    return unpacked


@pytest.fixture(scope="module")
def framework(archive: Path) -> Path:
    """functions-framework in an environment that holds what requirements.txt pins, by its hashes, and nothing else."""
    environment = archive.parent / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--require-hashes", "--requirement", archive / "requirements.txt"], check=True)
    subprocess.run([*pip, "check"], check=True)
    return environment / "bin" / "functions-framework"


@contextmanager
def started(framework: Path, archive: Path, target: str, settings: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """A function as the platform runs it; yields its URL and the id of its process."""
    port = free_port()
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = subprocess.Popen(
        [framework],
        cwd=archive,
        env=clean | {"FUNCTION_TARGET": target, "PORT": str(port), "HOST": "127.0.0.1"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or answers(url), 60)
        assert process.poll() is None, process.stdout and process.stdout.read()
        yield url, process.pid
    finally:
        process.terminate()
        process.communicate(timeout=20)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=2).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


@pytest.mark.parametrize("target", FUNCTIONS)
def test_every_entry_point_answers(framework: Path, archive: Path, target: str) -> None:
    """With nothing but its settings, and with what it depends on away."""
    with started(framework, archive, target, SETTINGS) as (url, _):
        about = requests.get(f"{url}/health", timeout=10).json()

    assert about["function"] == target


@pytest.mark.parametrize("target", FUNCTIONS)
def test_bad_settings_are_refused_at_the_start(framework: Path, archive: Path, target: str) -> None:
    """The platform's log has every fault, and no traceback."""
    done = subprocess.run(
        [framework],
        cwd=archive,
        env={"PATH": os.environ["PATH"], "FUNCTION_TARGET": target, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert f"{target} can't start" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_request_in_hand_is_finished_when_the_instance_is_stopped(
    framework: Path, archive: Path, tmp_path: Path
) -> None:
    """SIGTERM takes no new requests, but one whose body is still arriving is published and answered."""
    body = traces(span(LOGIN)).SerializeToString()
    with local_broker(tmp_path) as host:
        topic = Topic(host, "events")
        settings = SETTINGS | {"PUBSUB_EMULATOR_HOST": host}
        with started(framework, archive, "ingest", settings) as (url, pid):
            requests.post(f"{url}/v1/traces", data=b"", headers={"Content-Type": "application/x-protobuf"}, timeout=20)
            port = int(url.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                connection.sendall(f"{head}Content-Type: application/x-protobuf\r\n\r\n".encode() + body[:10])
                # The other requests are answered, so this one has its thread.
                until(lambda: answers(url), 20)
                os.kill(pid, signal.SIGTERM)
                until(lambda: not answers(url), 20)
                connection.sendall(body[10:])
                answer = connection.makefile("rb").readline()
        published = topic.take_spans()
        topic.close()

    assert answer.startswith(b"HTTP/1.1 200")
    assert len(published) == 1
