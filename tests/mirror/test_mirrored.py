"""What becomes of a message that is pushed to `mirror`, by the emulator's REST and gRPC interfaces."""

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from uuid import UUID

import pytest

import exports
from messages import EPOCH, crafted, export, ingested, login, logins
from mirror_under_test import MirrorUnderTest
from telemetry_pipeline import bus, contract
from telemetry_pipeline.analytics.warehouse import install

SECRET = "correct-horse-battery-staple"
STAMP = bus.Stamp(1, 1, 1_790_000_000 * 10**9)


def _counts(mirror: MirrorUnderTest) -> list[int]:
    return [mirror.warehouse.count(event.table) for event in contract.EVENTS]


def test_a_message_is_rows(mirror: MirrorUnderTest) -> None:
    """Each event is in its table once the push is answered."""
    spans = [exports.span(content) for content in (exports.LOGIN, exports.ENDPOINT, exports.FEATURE)]

    response = mirror.push(ingested(exports.traces(*spans, exports.span(exports.LOGIN))))

    assert (response.status_code, response.data) == (204, b"")
    assert _counts(mirror) == [2, 1, 1]


def test_a_row_holds_what_the_event_says(mirror: MirrorUnderTest) -> None:
    """Every column has the event's value, times to the microsecond, metadata as JSON; what was not sent is NULL."""
    received_at = 1_790_000_000_123_456_789
    span = exports.span(
        exports.ENDPOINT
        | {"http.response.status_code": 503, "user.id": "alice", "metadata.plan": "trial ü", "metadata.n": 2},
        trace_id=bytes(range(16)),
        span_id=bytes(range(8)),
        start_time_unix_nano=received_at - 5_000_000,
        end_time_unix_nano=received_at,
    )
    resource = {"service.name": "backend", "deployment.type": "cloud"}
    mirror.push(ingested(exports.traces(span, resource=resource), received_at))

    (row,) = mirror.warehouse.rows("select * from analytics_endpoint_usage where timestamp > '1970-01-01'")

    assert len(row.pop("user_id")) == 32
    assert row.pop("timestamp").isoformat() == "2026-09-21T14:13:20.118456+00:00"
    assert row.pop("received_at").isoformat() == "2026-09-21T14:13:20.123456+00:00"
    assert row == {
        "id": str(UUID(bytes=sha256(span.trace_id + span.span_id).digest()[:16])),
        "endpoint": "/tests",
        "method": "GET",
        "status_code": 503,
        "duration_ms": 5.0,
        "organization_id": None,
        "deployment_type": "cloud",
        "metadata": {"plan": "trial ü", "n": 2},
        "service_name": "backend",
        "service_version": None,
        "installation_id": None,
        "key_epoch": EPOCH,
    }


def test_an_unwrapped_push_is_understood(mirror: MirrorUnderTest) -> None:
    """The data alone, as the body, will do."""
    assert mirror.request(method="POST", data=logins(3).data).status_code == 204

    assert _counts(mirror) == [3, 0, 0]


def test_what_store_rejects_is_not_mirrored(mirror: MirrorUnderTest, capsys: pytest.CaptureFixture[str]) -> None:
    """A span that breaks the contract is counted, and its neighbours are mirrored."""
    response = mirror.push(crafted(login(), login({"event.type": None}), login({"user.id": SECRET}), login()))

    assert response.status_code == 204
    assert _counts(mirror) == [2, 0, 0]
    (line,) = capsys.readouterr().out.splitlines()
    entry = json.loads(line)
    assert (entry["message"], entry["spans"], entry["rejected"]) == ("push mirrored", 4, 2)
    assert SECRET not in line


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (export([login({"user.id": SECRET})], {}), "not_from_ingest"),
        (export([login()], {}, STAMP.attributes()) + export([login()], {}), "not_from_ingest"),
        (SECRET.encode(), "undecodable"),
        (b"\x1f\x8b" + SECRET.encode(), "undecodable"),
        (b"", "empty"),
    ],
)
def test_what_did_not_pass_ingest_is_never_mirrored(
    mirror: MirrorUnderTest, capsys: pytest.CaptureFixture[str], data: bytes, reason: str
) -> None:
    """An unstamped or undecodable message is acknowledged, so that it does not come again, and leaves no row."""
    response = mirror.push(bus.Message(data, {"contract_version": SECRET}))

    assert (response.status_code, response.data) == (204, b"")
    assert _counts(mirror) == [0, 0, 0]
    (line,) = capsys.readouterr().out.splitlines()
    assert ("push skipped", reason) == (json.loads(line)["message"], json.loads(line)["reason"])
    assert SECRET not in line


def test_large_messages_are_written_in_pieces(mirror: MirrorUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that do not fit one request of BigQuery's go in several."""
    monkeypatch.setattr("telemetry_pipeline.mirror.writer._REQUEST_BYTES", 1000)

    assert mirror.push(logins(50)).status_code == 204

    assert _counts(mirror) == [50, 0, 0]


def test_many_pushes_at_once_share_a_stream(mirror: MirrorUnderTest) -> None:
    """Each of 40 concurrent pushes is answered, and nothing is missing or mirrored twice."""
    messages = [logins(n % 3 + 1) for n in range(40)]

    with ThreadPoolExecutor(8) as threads:
        statuses = [response.status_code for response in threads.map(mirror.push, messages)]

    assert statuses == [204] * 40
    ids = mirror.warehouse.rows("select id from analytics_user_activity where timestamp > '1970-01-01'")
    assert (len(ids), len({row["id"] for row in ids})) == (79, 79)


def test_questions_are_answered_while_events_arrive(mirror: MirrorUnderTest) -> None:
    """A query that comes while rows are written has its own result, and both come to an end."""
    messages = [logins(20) for _ in range(30)]
    seen = []

    with ThreadPoolExecutor(4) as threads:
        pushes = [threads.submit(mirror.push, message) for message in messages]
        while not all(push.done() for push in pushes):
            seen.append(mirror.warehouse.count("analytics_user_activity"))

    assert {push.result().status_code for push in pushes} == {204}
    assert seen == sorted(seen)
    assert mirror.warehouse.count("analytics_user_activity") == 600


def test_only_posts_are_pushes(mirror: MirrorUnderTest) -> None:
    """The health check answers, and other methods are told what is accepted."""
    about = mirror.request(method="GET", path="/health")

    assert (about.status_code, about.get_json()["function"]) == (200, "mirror")
    assert mirror.request(method="PUT").headers["Allow"] == "GET, HEAD, POST"
    assert mirror.request(method="GET", path="/other").status_code == 404


def test_a_redelivery_counts_once(mirror: MirrorUnderTest) -> None:
    """The tables hold what was delivered, as often as it was; the views hold each event once."""
    install(mirror.warehouse.client, mirror.warehouse.settings.bigquery_dataset, k=1)
    message = logins(4)

    for _ in range(3):
        assert mirror.push(message).status_code == 204

    assert mirror.warehouse.count("analytics_user_activity") == 12
    assert mirror.warehouse.count("user_activity") == 4
    (row,) = mirror.warehouse.rows("select * from deployment_mix where deployment_type = 'all'")
    assert (row["users"], row["events"]) == (1, 4)
