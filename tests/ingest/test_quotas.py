"""A sender that sends too much is told when to go on, and takes nothing from anybody else."""

from collections.abc import Callable, Mapping
from pathlib import Path

import requests
from google.protobuf.message import Message
from google.rpc.code_pb2 import RESOURCE_EXHAUSTED
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from brokers import LocalBroker
from clocks import Clock
from edge import KEY, PROTOBUF, Topic, serve
from exports import LOGIN, content_of, logs, record, span, traces
from telemetry_pipeline.ingest.api_keys import hashed, new_key
from telemetry_pipeline.ingest.quotas import UNNAMED, Quotas
from telemetry_pipeline.privacy import Pseudonymiser
from waiting import until

Serve = Callable[..., tuple[str, Topic]]

LOUD = {"rhesis.installation.id": "0f8fad5b-d9cb-469f-a165-70867728950e"}
QUIET = {"rhesis.installation.id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
BURST = 10
QUOTA = {"RHESIS_QUOTA_EVENTS_PER_SECOND": "1", "RHESIS_QUOTA_BURST_EVENTS": str(BURST)}
ERASURE = {"event.category": "erasure_request", "user.id": "0123456789abcdef"}


def logins(count: int, resource: Mapping[str, object]) -> ExportTraceServiceRequest:
    return traces(*(span(LOGIN) for _ in range(count)), resource=resource)


def post(url: str, message: Message, path: str = "/v1/traces", **headers: str) -> requests.Response:
    return requests.post(
        f"{url}{path}", message.SerializeToString(), headers={"Content-Type": PROTOBUF} | headers, timeout=10
    )


def test_a_request_over_the_quota_is_sent_later(serve_edge: Serve) -> None:
    """429 with a Status and a Retry-After, in traces and logs, and nothing is published; others go on."""
    url, topic = serve_edge(**QUOTA)
    assert post(url, logins(BURST, LOUD)).status_code == 200

    loud_logs = logs(*[record(LOGIN)] * 5)
    loud_logs.resource_logs[0].resource.CopyFrom(logins(1, LOUD).resource_spans[0].resource)
    refused = [post(url, logins(5, LOUD)), post(url, loud_logs, "/v1/logs")]
    quiet = post(url, logins(5, QUIET))

    for answer in refused:
        assert answer.status_code == 429
        assert Status.FromString(answer.content).code == RESOURCE_EXHAUSTED
        assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert quiet.status_code == 200
    assert len(topic.take_spans()) == BURST + 5


def test_what_is_not_published_is_not_counted(tmp_path: Path) -> None:
    """While the bus is away a sender tries again and again, and is not punished for it when the bus is back."""
    broker = LocalBroker(tmp_path)
    topic = Topic(broker.host, "events")
    topic.close()
    environment = topic.environment() | QUOTA | {"RHESIS_PUBLISH_TIMEOUT_SECONDS": "0.5"}
    batch = logins(BURST, LOUD)
    broker.kill()
    with serve("ingest", environment, tmp_path / "ingest.log") as url:
        away = [post(url, batch) for _ in range(3)]
        broker.start()
        back = until(lambda: (answer := post(url, batch)).status_code != 503 and answer, 30)
    broker.stop()

    assert [answer.status_code for answer in away] == [503, 503, 503]
    assert back.status_code == 200


def test_part_of_a_request_over_the_quota_is_rejected(serve_edge: Serve) -> None:
    """A collector's batch of many senders: the loud one's events are counted as rejected, the others' are published."""
    url, topic = serve_edge(**QUOTA)
    post(url, logins(BURST, LOUD))
    topic.take()
    both = logins(7, LOUD)
    both.MergeFrom(logins(3, QUIET))

    answer = post(url, both)

    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans) == (200, 7)
    assert partial.error_message == "not stored: over_quota (7)"
    assert len(topic.take_spans()) == 3


def test_what_one_sender_sends_at_a_time_is_one(serve_edge: Serve) -> None:
    """However many resources a request has, it is taken or refused as a whole, so that a client may send it again."""
    url, topic = serve_edge(**QUOTA)
    several = logins(7, LOUD)
    several.MergeFrom(logins(7, LOUD))

    first, second = post(url, several), post(url, several)

    assert (first.status_code, first.content, second.status_code) == (200, b"", 429)
    assert int(second.headers["Retry-After"]) > 7
    assert len(topic.take_spans()) == 14


def test_a_batch_larger_than_the_burst_passes_once(serve_edge: Serve) -> None:
    """Otherwise it would be sent for ever; what it took too much is waited for."""
    url, _ = serve_edge(**QUOTA)

    first, second = post(url, logins(3 * BURST, LOUD)), post(url, logins(1, LOUD))

    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) > BURST


def test_who_has_a_key_has_no_quota(serve_edge: Serve) -> None:
    """The operator gave it, and can take it away."""
    key = new_key()
    url, topic = serve_edge(**QUOTA, RHESIS_API_KEYS=f"backend={hashed(key).hex()}")

    answers = [post(url, logins(BURST, LOUD), **{"x-api-key": key}).status_code for _ in range(3)]

    assert answers == [200] * 3
    assert len(topic.take_spans()) == 3 * BURST


def test_those_without_an_id_share_a_larger_bucket_by_service(serve_edge: Serve) -> None:
    """Nobody can tell them apart; another service's, and installations with an id, are not touched."""
    url, _ = serve_edge(**QUOTA)
    backend, frontend = {"service.name": "backend"}, {"service.name": "frontend"}

    answers = [post(url, logins(BURST, backend)).status_code for _ in range(UNNAMED + 1)]

    assert answers == [200] * UNNAMED + [429]
    assert post(url, logins(BURST, frontend)).status_code == 200
    assert post(url, logins(BURST, backend | QUIET)).status_code == 200


def test_a_preview_and_no_quota_take_nothing(serve_edge: Serve) -> None:
    """What is not stored does not count; 0 means that there is no quota."""
    url, _ = serve_edge(RHESIS_QUOTA_EVENTS_PER_SECOND="0", RHESIS_QUOTA_BURST_EVENTS="1")

    assert [post(url, logins(100, LOUD)).status_code for _ in range(3)] == [200] * 3
    assert post(url, logins(100, LOUD), "/v1/preview").status_code == 200


def test_a_blocked_installation_is_heard_no_more(serve_edge: Serve) -> None:
    """It is answered as everybody, so that it learns nothing; only what people ask of us passes, and others' events."""
    pseudonym = Pseudonymiser(bytes.fromhex(KEY), 1).pseudonym("installation", LOUD["rhesis.installation.id"])
    url, topic = serve_edge(RHESIS_BLOCKED_INSTALLATIONS=str(pseudonym))
    mixed = traces(span(LOGIN), span(ERASURE), resource=LOUD)
    mixed.MergeFrom(logins(2, QUIET))

    answer = post(url, mixed)

    assert answer.status_code == 200
    assert answer.content == b""
    kinds = sorted(str(content_of(one.attributes)["event.category"]) for one in topic.take_spans())
    assert kinds == ["erasure_request", "user_activity", "user_activity"]


def test_a_blocked_installation_stays_blocked_over_a_rotation(serve_edge: Serve) -> None:
    """It has another pseudonym then, and the one that was blocked is still known."""
    pseudonym = Pseudonymiser(bytes.fromhex(KEY), 1).pseudonym("installation", LOUD["rhesis.installation.id"])
    url, topic = serve_edge(
        RHESIS_BLOCKED_INSTALLATIONS=str(pseudonym),
        RHESIS_PSEUDONYM_KEY="77" * 32,
        RHESIS_PSEUDONYM_KEY_EPOCH="2",
        RHESIS_PREVIOUS_PSEUDONYM_KEY=KEY,
        RHESIS_PSEUDONYM_KEY_SINCE="2026-01-01",
    )

    assert post(url, logins(1, LOUD)).status_code == 200
    assert topic.take() == []


def test_an_empty_log_answer_is_the_protocols(serve_edge: Serve) -> None:
    """Of logs, too."""
    pseudonym = Pseudonymiser(bytes.fromhex(KEY), 1).pseudonym("installation", LOUD["rhesis.installation.id"])
    url, topic = serve_edge(RHESIS_BLOCKED_INSTALLATIONS=str(pseudonym))
    message = logs(record(LOGIN))
    message.resource_logs[0].resource.CopyFrom(logins(1, LOUD).resource_spans[0].resource)

    answer = post(url, message, "/v1/logs")

    assert ExportLogsServiceResponse.FromString(answer.content) == ExportLogsServiceResponse()
    assert topic.take() == []


def test_a_bucket_fills_again() -> None:
    """At its rate, to its brim and no further; what is refused takes nothing, and the wait that is told suffices."""
    clock = Clock()
    quotas = Quotas(events=2, burst=10, clock=clock)
    assert quotas.take("one", 10) == 0
    assert quotas.take("one", 6) == quotas.take("one", 6) == 3

    clock.seconds = 3
    assert quotas.take("one", 6) == 0
    clock.seconds = 1000
    assert quotas.take("one", 10) == 0
    assert quotas.take("one", 1) == 0.5


def test_small_requests_pass_beside_large_ones() -> None:
    """Of those who share a bucket, one that sends more at a time than there is keeps no one out who sends little."""
    clock = Clock()
    quotas = Quotas(events=2, burst=10, clock=clock)
    quotas.take("shared", 10)

    for second in range(1, 100):
        clock.seconds = second
        assert quotas.take("shared", 1_000_000) > 0
        assert quotas.take("shared", 2) == 0


def test_memory_is_bounded() -> None:
    """Whoever invents installations gets no more of it; who was heard of last is remembered."""
    quotas = Quotas(events=1, burst=10, senders=100)
    quotas.take("flooding", 10)

    for number in range(1000):
        quotas.take(f"invented {number}", 1)
        assert quotas.take("flooding", 5) > 0

    assert len(quotas._buckets) == 100
