"""What each function exports of itself, as a receiver of OTLP sees it; each runs in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from edge import PROTOBUF, Topic, serve
from exports import LOGIN, span, traces
from google_cloud import ACCOUNT, TOKEN, google_cloud
from messages import crafted, login, logins
from receiver import Receiver, Series
from recorder import attributes, recording, refusing_connections, silent
from store_under_test import wrapped
from telemetry_pipeline.observing.metrics import COUNTERS, HISTOGRAMS
from waiting import until

CANARY = "Kanarienvogel"
TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}
INSTRUMENTS = {one.name: one for one in (*COUNTERS, *HISTOGRAMS)}

ServeEdge = Callable[..., tuple[str, Topic]]
Serve = Callable[..., AbstractContextManager[str]]


def series(**values: object) -> Series:
    return frozenset((name.replace("__", "."), value) for name, value in values.items())


def post(url: str, *contents: dict[str, object], **headers: str) -> requests.Response:
    body = traces(*(span(content) for content in contents)).SerializeToString()
    return requests.post(f"{url}/v1/traces", body, headers={"Content-Type": PROTOBUF, **headers}, timeout=30)


@pytest.fixture
def serve_at_database(database_url: str, tmp_path: Path) -> Serve:
    """Starts a function on a database."""

    def start(target: str, **settings: str) -> AbstractContextManager[str]:
        return serve(target, {"RHESIS_DATABASE_URL": database_url, **settings}, tmp_path / f"{target}.log")

    return start


def test_ingest(receiver: Receiver, serve_edge: ServeEdge) -> None:
    """Requests, what was judged of their spans, and how long Pub/Sub took: standard names, and nothing of a payload."""
    names = {"K_SERVICE": "telemetry-ingest", "K_REVISION": "telemetry-ingest-00001-abc"}
    url, topic = serve_edge(**receiver.environment(), **names)
    unknown = series(http__request__method="GET", http__response__status_code=404, url__scheme="http")

    assert post(url, LOGIN, LOGIN, {"event.category": CANARY}, **{"User-Agent": CANARY}).status_code == 200
    assert requests.get(f"{url}/{CANARY}", timeout=30).status_code == 404
    assert len(topic.take_spans()) == 2

    spans = receiver.await_metric("rhesis.ingest.spans")
    until(lambda: receiver.metrics()["http.server.request.duration"].get(unknown) == 1, 30)
    found = receiver.metrics()
    assert spans == {
        series(signal="traces", outcome="accepted"): 2,
        series(signal="traces", outcome="rejected", reason="unknown_value"): 1,
    }
    assert found["rhesis.ingest.requests"] == {series(signal="traces", outcome="partial"): 1}
    assert found["rhesis.ingest.request.spans"] == {series(signal="traces"): 1}
    published = series(
        messaging__system="gcp_pubsub", messaging__operation__name="publish", messaging__operation__type="send"
    )
    assert found["messaging.client.operation.duration"] == {published: 1}
    answered = series(
        http__request__method="POST", http__route="/v1/traces", http__response__status_code=200, url__scheme="http"
    )
    assert found["http.server.request.duration"][answered] == 1
    assert CANARY.encode() not in receiver.everything()
    assert b"127.0.0.1" not in receiver.everything()
    _assert_listed(receiver)
    resource = receiver.resources()[0]
    assert (resource["service.name"], resource["service.namespace"]) == ("telemetry-ingest", "rhesis-telemetry")
    assert re.fullmatch(r"[0-9a-f-]{36}", str(resource["service.instance.id"]))
    assert resource.keys() == {"service.namespace", "service.name", "service.version", "service.instance.id"}


def _assert_listed(receiver: Receiver) -> None:
    """Names, units and attributes are those of the list."""
    for name, found in receiver.metrics().items():
        assert {attribute for one in found for attribute, _ in one} <= set(INSTRUMENTS[name].attributes)
        assert receiver.units()[name] == INSTRUMENTS[name].unit


def test_a_request_that_pubsub_does_not_take(receiver: Receiver, serve_edge: ServeEdge) -> None:
    """The error is counted by its kind."""
    with refusing_connections() as nowhere:
        host = nowhere.removeprefix("http://")
        url, _ = serve_edge(**receiver.environment(), PUBSUB_EMULATOR_HOST=host, RHESIS_PUBLISH_TIMEOUT_SECONDS="0.1")
        assert post(url, LOGIN).status_code == 503

        (published,) = receiver.await_metric("messaging.client.operation.duration")
    assert dict(published)["error.type"] in {"RetryError", "ServiceUnavailable", "DeadlineExceeded"}


def test_store(receiver: Receiver, serve_at_database: Serve) -> None:
    """Messages, rows, transactions, and how late an event is stored."""
    with serve_at_database("store", **receiver.environment()) as url:
        bad = crafted(login(), login({"event.type": None}))
        for message in (logins(3), bad):
            assert requests.post(url, json=wrapped(message), timeout=30).status_code == 204

        until(lambda: receiver.metrics().get("rhesis.reader.messages") == {series(outcome="stored"): 2}, 30)
    found = receiver.metrics()
    assert found["rhesis.reader.rows"] == {series(outcome="written"): 4, series(outcome="rejected"): 1}
    assert found["rhesis.store.transaction.rows"] == {series(): 2}
    assert found["rhesis.event.delay"] == {series(**{"from": "event"}): 2, series(**{"from": "ingest"}): 2}
    assert found["db.client.operation.duration"] == {
        series(db__system__name="postgresql", db__operation__name="COPY"): 2
    }
    assert sum(found["messaging.process.duration"].values()) == 2


def test_a_push_that_is_postponed(receiver: Receiver, serve_at_database: Serve) -> None:
    """A database that is away shows as such."""
    away = "postgresql://nobody@127.0.0.1:1/nothing"
    with serve_at_database("store", RHESIS_DATABASE_URL=away, **receiver.environment()) as url:
        assert requests.post(url, json=wrapped(logins(1)), timeout=30).status_code == 503

        assert receiver.await_metric("rhesis.reader.messages") == {series(outcome="postponed"): 1}
    (processed,) = receiver.metrics()["messaging.process.duration"]
    assert dict(processed)["error.type"] == "Unavailable"


def test_mirror(receiver: Receiver, tmp_path: Path) -> None:
    """A message that can never be mirrored needs no BigQuery, and is counted."""
    settings = {
        "RHESIS_BIGQUERY_DATASET": "tests.events",
        "RHESIS_BIGQUERY_REST": "http://127.0.0.1:1",
        "RHESIS_BIGQUERY_GRPC": "127.0.0.1:1",
    }
    with serve("mirror", settings | receiver.environment(), tmp_path / "mirror.log") as url:
        assert requests.post(url, b"\xff", timeout=30).status_code == 204

        assert receiver.await_metric("rhesis.reader.messages") == {series(outcome="skipped"): 1}


def test_maintain(receiver: Receiver, serve_at_database: Serve) -> None:
    """Each step and how long it took, and the runs by how they ended."""
    with serve_at_database("maintain", **receiver.environment()) as url:
        report = requests.post(url, timeout=120).json()

        assert receiver.await_metric("rhesis.maintain.runs") == {series(outcome="done"): 1}
    steps = receiver.metrics()["rhesis.maintain.step.duration"]
    assert steps == {series(step=step): 1 for step in report["steps"]}


def test_dashboard(receiver: Receiver, serve_at_database: Serve) -> None:
    """Pages by their route, questions by the name of their file; nothing of what was asked for."""
    with serve_at_database("dashboard", **receiver.environment()) as url:
        assert requests.get(f"{url}/pipeline", {"version": CANARY}, timeout=30).status_code == 200

        until(lambda: _has_route(receiver, "/pipeline"), 30)
    questions = receiver.metrics()["db.client.operation.duration"]
    assert {dict(one)["db.query.summary"] for one in questions} >= {"minutes", "delay", "rejected"}
    assert CANARY.encode() not in receiver.everything()


def _has_route(receiver: Receiver, route: str) -> bool:
    requests = receiver.metrics().get("http.server.request.duration", {})
    return any(dict(one).get("http.route") == route for one in requests)


def test_traces_of_a_function_that_is_not_public(receiver: Receiver, serve_at_database: Serve) -> None:
    """A marked request goes on with the trace that Cloud Run began; one that isn't marked leaves none."""
    with serve_at_database("store", **receiver.environment()) as url:
        push = partial(requests.post, url, json=wrapped(logins(1)), timeout=30)
        push(headers={"traceparent": SAMPLED["traceparent"][:-1] + "0"})
        push(headers=SAMPLED)

        spans = {one.name: one for one in receiver.await_spans()}
    assert spans.keys() == {"POST /", "process", "COPY"}
    assert {one.trace_id.hex() for one in spans.values()} == {TRACE_ID}
    assert spans["POST /"].parent_span_id.hex() == PARENT_ID
    assert spans["COPY"].parent_span_id == spans["POST /"].span_id
    assert spans["POST /"].start_time_unix_nano <= spans["COPY"].start_time_unix_nano
    assert spans["COPY"].end_time_unix_nano <= spans["POST /"].end_time_unix_nano
    assert attributes(spans["COPY"]) == {"db.system.name": "postgresql", "db.operation.name": "COPY"}


def test_traces_of_a_public_function(receiver: Receiver, serve_edge: ServeEdge) -> None:
    """The mark counts, the client's own ids don't."""
    url, _ = serve_edge(**receiver.environment())

    post(url, LOGIN, **SAMPLED)

    spans = {one.name: one for one in receiver.await_spans()}
    assert spans.keys() == {"POST /v1/traces", "publish"}
    assert not spans["POST /v1/traces"].parent_span_id
    assert bytes.fromhex(TRACE_ID) not in receiver.everything()
    assert bytes.fromhex(PARENT_ID) not in receiver.everything()


def test_what_is_left_when_an_instance_stops(receiver: Receiver, bus_host: str, tmp_path: Path) -> None:
    """It is sent before the process ends, however far away the next time is."""
    topic = Topic(bus_host, tmp_path.name)
    topic.close()
    with serve("ingest", topic.environment() | receiver.environment(3600), tmp_path / "ingest.log") as url:
        post(url, LOGIN)
        assert receiver.metrics() == {}

    assert receiver.metrics()["rhesis.ingest.spans"] == {series(signal="traces", outcome="accepted"): 1}


def test_a_receiver_that_never_answers(receiver: Receiver, serve_edge: ServeEdge) -> None:
    """While an export hangs, requests are answered as ever."""
    receiver.recorder.answer = silent(receiver.recorder)
    url, topic = serve_edge(**receiver.environment())

    post(url, LOGIN)
    until(lambda: receiver.recorder.requests, 30)

    assert post(url, LOGIN).status_code == 200
    assert not receiver.recorder.released.is_set()
    assert len(topic.take_spans()) == 2


def test_a_receiver_that_comes_late(serve_edge: ServeEdge, tmp_path: Path) -> None:
    """What could not be sent is in what is sent later; the log says so once, and what is wrong without an address."""
    with recording() as recorder:
        receiver = Receiver(recorder)
        good, recorder.answer = recorder.answer, lambda connection: connection.close()
        url, _ = serve_edge(**receiver.environment())
        post(url, LOGIN)
        log = tmp_path / "ingest.log"
        until(lambda: "own metrics not exported" in log.read_text(), 30)

        recorder.answer = good
        post(url, LOGIN)

        both = {series(signal="traces", outcome="accepted"): 2}
        until(lambda: receiver.metrics().get("rhesis.ingest.spans") == both, 30)
        until(lambda: "own metrics exported again" in log.read_text(), 30)
    said = [line for line in log.read_text().splitlines() if "own metrics not exported" in line]
    assert len(said) == 1
    assert "127.0.0.1" not in said[0]


def test_it_never_comes_back_to_us(serve_edge: ServeEdge, bus_host: str, tmp_path: Path) -> None:
    """A receiver that turns out to be one of our functions gets nothing, and the log names the setting."""
    with log_of_another_ingest(bus_host, tmp_path) as (own, other_log):
        url, _ = serve_edge(RHESIS_OBSERVE_URL=own, RHESIS_OBSERVE_INTERVAL_SECONDS="0.1")
        post(url, LOGIN)

        log = tmp_path / "ingest.log"
        until(lambda: "own metrics would come back" in log.read_text(), 30)
        assert post(url, LOGIN).status_code == 200
    assert "RHESIS_OBSERVE_URL" in log.read_text()
    assert '"export"' not in other_log.read_text()


@contextmanager
def log_of_another_ingest(bus_host: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    topic = Topic(bus_host, f"{tmp_path.name}-other")
    topic.close()
    log = tmp_path / "other.log"
    with serve("ingest", topic.environment(), log) as url:
        yield url, log


def test_in_google_cloud(receiver: Receiver, serve_edge: ServeEdge) -> None:
    """With a project it is sent by the function's own identity, and says where it runs; traces can be turned off.

    telemetry.googleapis.com itself can't be reached from here.
    """
    with google_cloud() as cloud:
        url, _ = serve_edge(
            **receiver.environment(),
            **cloud.environment(),
            RHESIS_OBSERVE_PROJECT="my-project",
            RHESIS_OBSERVE_REGION="europe-west1",
            RHESIS_OBSERVE_TRACES="false",
        )
        post(url, LOGIN, **SAMPLED)
        receiver.await_metric("rhesis.ingest.spans")

    assert receiver.spans() == []
    resource = receiver.resources()[0]
    assert (resource["gcp.project_id"], resource["cloud.region"]) == ("my-project", "europe-west1")
    assert {one.headers["authorization"] for one in receiver.recorder.requests} == {f"Bearer {TOKEN}"}
    assert ACCOUNT.encode() not in receiver.everything()


def test_nothing_is_loaded_unless_it_is_wanted() -> None:
    """A function that exports nothing doesn't even import what it would export with."""
    code = "import sys; from telemetry_pipeline.ingest import function; print('opentelemetry.sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "False"
