"""`/health` of each function: what it needs is told apart, asking is cheap, nobody is stopped for another's fault."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import flask
import pytest
import requests

from edge import Topic, serve
from recorder import refusing_connections
from telemetry_pipeline.health import PATHS, Health
from waiting import until

AWAY = "postgresql://nobody:s3cret@127.0.0.1:1/nothing"


def ready(url: str) -> requests.Response:
    return requests.get(f"{url}/health/ready", timeout=30)


def test_ingest(serve_edge: Callable[..., tuple[str, Topic]]) -> None:
    """Pub/Sub and the key, both well."""
    url, _ = serve_edge()

    answer = ready(url)

    assert answer.status_code == 200
    assert answer.json()["dependencies"] == {"bus": "ok", "key": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_ingest_without_pubsub(serve_edge: Callable[..., tuple[str, Topic]]) -> None:
    """It is alive and says what it lacks; only who asks whether it is ready hears 503."""
    with refusing_connections() as nowhere:
        url, _ = serve_edge(PUBSUB_EMULATOR_HOST=nowhere.removeprefix("http://"))

        until(lambda: ready(url).json()["dependencies"] == {"bus": "failed", "key": "ok"}, 30)
        answers = requests.get(f"{url}/health", timeout=30), ready(url)

    assert [answer.status_code for answer in answers] == [200, 503]
    assert {answer.json()["status"] for answer in answers} == {"degraded"}
    assert requests.post(f"{url}/health", timeout=30).status_code == 405


def test_a_topic_that_is_not_there(serve_edge: Callable[..., tuple[str, Topic]]) -> None:
    """A Pub/Sub that answers is not enough."""
    url, _ = serve_edge(RHESIS_EVENTS_TOPIC="projects/tests/topics/none")

    assert ready(url).json()["dependencies"]["bus"] == "failed"


def test_with_a_database(database_url: str, tmp_path: Path) -> None:
    """All that store needs is there."""
    with serve("store", {"RHESIS_DATABASE_URL": database_url}, tmp_path / "function.log") as url:
        assert (ready(url).status_code, ready(url).json()["dependencies"]) == (200, {"database": "ok"})


def test_a_schema_that_is_behind(empty_database_url: str, tmp_path: Path) -> None:
    """Maintain tells it apart from a database that is away, until it has migrated."""
    with serve("maintain", {"RHESIS_DATABASE_URL": empty_database_url}, tmp_path / "function.log") as url:
        assert ready(url).json()["dependencies"] == {"database": "ok", "schema": "failed"}
        assert requests.post(f"{url}/migrate", timeout=120).ok
        until(lambda: ready(url).json()["dependencies"] == {"database": "ok", "schema": "ok"}, 30)


@pytest.mark.parametrize("target", ["store", "maintain", "dashboard", "public"])
def test_without_its_database(target: str, tmp_path: Path) -> None:
    """A function is alive without it; nothing of its address is told or logged."""
    log = tmp_path / "function.log"
    with serve(target, {"RHESIS_DATABASE_URL": AWAY}, log) as url:
        answers = requests.get(f"{url}/health", timeout=30), ready(url)

    assert [answer.status_code for answer in answers] == [200, 503]
    assert set(answers[1].json()["dependencies"].values()) == {"failed"}
    assert "s3cret" not in answers[1].text + log.read_text()
    assert "127.0.0.1:1" not in answers[1].text + log.read_text()


def test_mirror(tmp_path: Path) -> None:
    """A BigQuery that is away."""
    settings = {"RHESIS_BIGQUERY_DATASET": "tests.events", "RHESIS_BIGQUERY_GRPC": "127.0.0.1:1"}
    with serve("mirror", settings, tmp_path / "mirror.log") as url:
        until(lambda: ready(url).json()["dependencies"] == {"bigquery": "failed"}, 30)
        assert requests.get(f"{url}/health", timeout=30).status_code == 200


@contextmanager
def asked(path: str) -> Iterator[flask.Request]:
    with flask.Flask(__name__, root_path=".").test_request_context(path):
        yield flask.request


def test_a_dependency_that_does_not_answer() -> None:
    """Nobody waits for it, however many ask, and one check is under way at a time."""
    begun, released = [], threading.Event()
    health = Health(slow=lambda: (begun.append(1), released.wait()))
    try:
        for _ in range(3):
            with asked("/health") as request:
                answer = health.answer(request, {})
                assert (answer.status_code, answer.get_json()["dependencies"]) == (200, {"slow": "checking"})
        assert len(begun) == 1
    finally:
        released.set()


def test_asking_again_asks_nobody() -> None:
    """What was found holds for a while, well or not."""
    looked = []

    def fail() -> None:
        looked.append("bad")
        raise OSError

    health = Health(good=lambda: looked.append("good"), bad=fail)
    for path in sorted(PATHS) * 10:
        with asked(path) as request:
            assert health.answer(request, {}).get_json()["dependencies"] == {"good": "ok", "bad": "failed"}

    assert sorted(looked) == ["bad", "good"]
