"""Spans that break the contract are recorded without what broke it, and take nobody along."""

import time
from collections.abc import Callable

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import exports
from messages import crafted, ingested, login
from store_under_test import StoreUnderTest

SECRET = "5b0a8f5e-6a0d-4c5a-9d0e-00000000000a"
DAY = 86_400 * 10**9


def _endpoint(changes: dict[str, object]) -> Span:
    content = {"http.route": "/a", "http.request.method": "GET"} | changes
    return exports.span(content, name="endpoint_usage")


CASES = {
    "an id that is no pseudonym": (lambda: login({"user.id": SECRET}), "not_a_pseudonym", "user.id"),
    "a text that is too long": (lambda: login({"event.type": SECRET * 9}), "text_too_long", "event.type"),
    "a NUL": (lambda: login({"event.type": SECRET + "\0"}), "nul_character", "event.type"),
    "a type that is wrong": (lambda: login({"event.type": 5}), "wrong_type", "event.type"),
    "an empty text": (lambda: login({"event.type": ""}), "empty", "event.type"),
    "a required attribute that is missing": (lambda: login({"event.type": None}), "missing", "event.type"),
    "an attribute that is not listed": (lambda: login({"email": SECRET}), "not_in_contract", None),
    "an attribute of another event": (lambda: login({"http.route": "/a"}), "not_in_contract", "http.route"),
    "an event that is not listed": (lambda: login(name=SECRET), "unknown_event", None),
    "a value outside of a closed set": (lambda: login({"deployment.type": SECRET}), "unknown_value", "deployment.type"),
    "a status that is none": (
        lambda: _endpoint({"http.response.status_code": 42}),
        "out_of_range",
        "http.response.status_code",
    ),
    "a duration that is no number": (lambda: _endpoint({"duration_ms": float("nan")}), "out_of_range", "duration_ms"),
    "metadata that is too long": (lambda: login({"metadata.a": SECRET * 9}), "text_too_long", "metadata"),
    "metadata with a NUL": (lambda: login({"metadata.a": SECRET + "\0"}), "nul_character", "metadata"),
    "metadata that is no number": (lambda: login({"metadata.a": float("inf")}), "not_a_number", "metadata"),
    "metadata that is no scalar": (lambda: login({"metadata.a": [SECRET]}), "wrong_type", "metadata"),
    "metadata under an unsafe key": (lambda: login({f"metadata.{SECRET}": 1}), "unsafe_key", "metadata"),
    "too much metadata": (lambda: login({f"metadata.k{n}": n for n in range(33)}), "too_many_keys", "metadata"),
    "a time before the retention": (
        lambda: login(start_time_unix_nano=time.time_ns() - 400 * DAY),
        "time_out_of_range",
        None,
    ),
    "a time two days ahead": (lambda: login(start_time_unix_nano=time.time_ns() + 2 * DAY), "time_out_of_range", None),
    "no time": (lambda: login(start_time_unix_nano=0), "time_out_of_range", None),
    "an id of the wrong length": (lambda: login(trace_id=b"short"), "invalid_id", None),
}


@pytest.mark.parametrize(("span", "reason", "attribute"), CASES.values(), ids=CASES)
def test_a_span_that_breaks_the_contract_is_recorded(
    store: StoreUnderTest, span: Callable[[], Span], reason: str, attribute: str | None
) -> None:
    """The record says what is wrong with which attribute, and its neighbour is stored."""
    response = store.push(crafted(span(), login(), resource={"service.name": "app"}))

    assert response.status_code == 204
    (rejected,) = store.rows("select * from analytics_rejected_spans")
    assert (reason, attribute, "app") == (rejected["reason"], rejected["attribute"], rejected["service_name"])
    assert SECRET not in str(rejected)
    assert store.count("analytics_user_activity") + store.count("analytics_endpoint_usage") == 1


def test_one_poison_span_among_500(store: StoreUnderTest) -> None:
    """499 are stored and one is recorded, however often the message comes."""
    message = crafted(*(login() for _ in range(499)), login({"user.id": SECRET}))

    statuses = [store.push(message).status_code for _ in range(2)]

    assert statuses == [204, 204]
    assert store.count("analytics_user_activity") == 499
    assert store.count("analytics_rejected_spans") == 1


def test_a_row_that_only_the_database_refuses(store: StoreUnderTest) -> None:
    """What passes our checks and not the database's is found, recorded by its SQLSTATE and takes nobody along."""
    store.execute("alter table analytics_user_activity add check (event_type <> 'forbidden')")
    spans = [exports.span(exports.LOGIN | {"event.type": "forbidden" if n == 321 else "login"}) for n in range(500)]

    response = store.push(ingested(exports.traces(*spans, exports.span(exports.FEATURE))))

    assert response.status_code == 204
    assert store.count("analytics_user_activity") == 499
    assert store.count("analytics_feature_usage") == 1
    (rejected,) = store.rows("select event, reason, attribute from analytics_rejected_spans")
    assert rejected == {"event": "user_activity", "reason": "refused_by_database 23514", "attribute": None}


def test_a_rejected_span_has_the_id_its_event_would_have(store: StoreUnderTest) -> None:
    """A rejection can be matched with the event once the fault is repaired."""
    span = login({"event.type": None})
    store.push(crafted(span))
    span.attributes.extend(exports.attributes({"event.type": "login"}))
    store.push(crafted(span))

    (rejected,) = store.rows("select id from analytics_rejected_spans")

    assert [rejected] == store.rows("select id from analytics_user_activity")


def test_a_span_that_is_no_span(store: StoreUnderTest) -> None:
    """A damaged span among whole ones is recorded under a hash of its bytes, however often it comes."""
    message = crafted(login(), b"\x0a\xff", login())

    statuses = [store.push(message).status_code for _ in range(2)]

    assert statuses == [204, 204]
    assert store.count("analytics_user_activity") == 2
    assert store.rows("select reason, event from analytics_rejected_spans") == [{"reason": "malformed", "event": None}]
