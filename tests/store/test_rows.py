"""What stands in the rows."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

import exports
from messages import EPOCH, crafted, ingested, ingested_body, logins
from store_under_test import StoreUnderTest
from telemetry_pipeline.otlp.media import Media

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wire"
TABLES = ("analytics_user_activity", "analytics_endpoint_usage", "analytics_feature_usage")
RESOURCE = {
    "service.name": "app",
    "service.version": "1.2",
    "deployment.type": "self_hosted",
    "rhesis.installation.id": "i",
}


def _captured_at(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC)


def test_a_login(store: StoreUnderTest) -> None:
    """Each attribute of an activity and of its resource is in its column."""
    now = time.time_ns()
    content = exports.LOGIN | {"session.id": "s", "organization.id": "o", "metadata.kind": "ünï", "metadata.n": 5}
    span = exports.span(content, start_time_unix_nano=now - 5 * 10**9)

    store.push(ingested(exports.traces(span, resource=RESOURCE), received_at=now))

    (row,) = store.rows("select * from analytics_user_activity")
    pseudonyms = {row.pop(name) for name in ("user_id", "organization_id", "session_id", "installation_id")}
    assert [len(one) for one in pseudonyms] == [32] * 4
    del row["id"]
    assert {
        "event_type": "login",
        "timestamp": _captured_at(now - 5 * 10**9),
        "deployment_type": "self_hosted",
        "metadata": {"kind": "ünï", "n": 5},
        "service_name": "app",
        "service_version": "1.2",
        "key_epoch": EPOCH,
        "received_at": _captured_at(now),
    } == row


def test_the_least_that_an_event_can_have(store: StoreUnderTest) -> None:
    """What is missing is null, the deployment `unknown`, the metadata empty."""
    store.push(ingested(exports.traces(exports.span(exports.FEATURE))))

    (row,) = store.rows("select * from analytics_feature_usage")
    assert (row["feature_name"], row["deployment_type"], row["metadata"]) == ("test_run", "unknown", {})
    absent = ("user_id", "organization_id", "action", "page_path", "service_name", "service_version", "installation_id")
    assert {None} == {row[name] for name in absent}


def test_a_spans_own_deployment_wins(store: StoreUnderTest) -> None:
    """The span's `deployment.type` is stored where the resource has another."""
    span = exports.span(exports.LOGIN | {"deployment.type": "cloud"})

    store.push(ingested(exports.traces(span, resource=RESOURCE)))

    assert store.rows("select deployment_type from analytics_user_activity") == [{"deployment_type": "cloud"}]


@pytest.mark.parametrize(
    ("content", "end", "expected"),
    [({"duration_ms": 12.5}, 7_000_000, 12.5), ({}, 7_250_000, 7.25), ({}, 0, 0.0), ({}, None, None)],
    ids=["attribute", "span", "no length", "no end"],
)
def test_the_duration(
    store: StoreUnderTest, content: dict[str, object], end: int | None, expected: float | None
) -> None:
    """It is the attribute, or else the span's length, or else unknown."""
    start = time.time_ns()
    end = 0 if end is None else start + end
    span = exports.span(exports.ENDPOINT | content, start_time_unix_nano=start, end_time_unix_nano=end)

    store.push(ingested(exports.traces(span)))

    assert [{"duration_ms": expected}] == store.rows("select duration_ms from analytics_endpoint_usage")


@pytest.mark.parametrize(
    ("capture", "media", "counts"),
    [
        ("backend-0.4-self_hosted.binpb", Media.PROTOBUF, (2, 1, 0)),
        ("backend-current-cloud.binpb", Media.PROTOBUF, (8, 20, 8)),
        ("web-0.4-self_hosted.json", Media.JSON, None),
    ],
)
def test_a_captured_request_becomes_rows(
    store: StoreUnderTest,
    monkeypatch: pytest.MonkeyPatch,
    capture: str,
    media: Media,
    counts: tuple[int, int, int] | None,
) -> None:
    """Every span of the real clients becomes one row, sent once or twice."""
    monkeypatch.setenv("RHESIS_MAX_AGE_DAYS", "3650")
    message = ingested_body((FIXTURES / capture).read_bytes(), media)

    for _ in range(2):
        store.push(message)

    stored = tuple(store.count(table) for table in TABLES)
    assert int(message.attributes["spans"]) == sum(stored)
    assert store.count("analytics_rejected_spans") == 0
    assert counts is None or counts == stored


def test_the_sample_queries_run_unchanged(store: StoreUnderTest) -> None:
    """The queries that users have answer from what was stored."""
    for request in (
        exports.traces(*(exports.span(one) for one in (exports.LOGIN, exports.ENDPOINT, exports.FEATURE))),
    ):
        store.push(ingested(request))
    store.push(logins(2))

    queries = (FIXTURES / "sample_queries.sql").read_text().split(";\n")
    active, adoption, performance, retention = [store.rows(query) for query in queries if "select" in query.lower()]

    assert [row["daily_active_users"] for row in active] == [1]
    assert [(row["feature_name"], row["total_uses"]) for row in adoption] == [("test_run", 1)]
    assert [(row["endpoint"], row["method"], row["p95_response_time"]) for row in performance] == [
        ("/tests", "GET", 1.0)
    ]
    assert [row["total_users"] for row in retention] == [1]


def test_metadata_keys_beyond_the_cap_are_stored_as_one(store: StoreUnderTest) -> None:
    """What `ingest` writes in the place of too many keys."""
    event = exports.FEATURE | {"metadata.plan": "team", "metadata._OTHER": True}

    store.push(crafted(exports.span(event, name="feature_usage")))

    assert store.rows("select metadata from analytics_feature_usage") == [
        {"metadata": {"plan": "team", "_OTHER": True}}
    ]
    assert store.count("analytics_rejected_spans") == 0
