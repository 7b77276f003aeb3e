"""At least once on the bus, exactly once in the tables."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

import exports
from messages import ingested, logins
from store_under_test import Serve, StoreUnderTest
from telemetry_pipeline import bus

THREADS = 16


def _push_together(store: StoreUnderTest, messages: list[bus.Message]) -> list[int]:
    """Push each message from a thread of its own, all at the same moment."""
    barrier = Barrier(len(messages))

    def push(message: bus.Message) -> int:
        barrier.wait()
        return store.push(message).status_code

    with ThreadPoolExecutor(len(messages)) as threads:
        return list(threads.map(push, messages))


def test_concurrent_deliveries_of_one_message_store_it_once(store: StoreUnderTest) -> None:
    """Sixteen deliveries of one message at the same time leave each event once."""
    statuses = _push_together(store, [logins(50)] * THREADS)

    assert statuses == [204] * THREADS
    assert store.count("analytics_user_activity") == 50


def test_concurrent_deliveries_of_different_messages_store_all(store: StoreUnderTest) -> None:
    """Sixteen messages at the same time lose nothing."""
    statuses = _push_together(store, [logins(50) for _ in range(THREADS)])

    assert statuses == [204] * THREADS
    assert store.count("analytics_user_activity") == 50 * THREADS


def test_messages_that_share_events_in_different_orders_store_each_once(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions that insert the same rows in different orders don't lock each other out."""
    monkeypatch.setenv("RHESIS_DATABASE_POOL_SIZE", "4")
    spans = [exports.span(content) for content in (exports.LOGIN, exports.ENDPOINT, exports.FEATURE) for _ in range(50)]
    orders = [spans[turn * 7 :] + spans[: turn * 7] for turn in range(8)]
    messages = [ingested(exports.traces(*order)) for order in (*orders, *(order[::-1] for order in orders))]

    statuses = _push_together(store, messages)

    assert statuses == [204] * THREADS
    for table in ("analytics_user_activity", "analytics_endpoint_usage", "analytics_feature_usage"):
        assert store.count(table) == 50


def test_a_redelivery_after_the_commit_changes_nothing(store: StoreUnderTest, serve: Serve, database_url: str) -> None:
    """An instance that dies between its commit and its answer leaves nothing to be counted twice."""
    message = logins(10)
    store.push(message)
    before = store.rows("select * from analytics_user_activity order by id")

    next_instance = serve(database_url)
    next_instance.push(message)

    assert before == next_instance.rows("select * from analytics_user_activity order by id")


def test_an_event_twice_in_one_message_is_stored_once(store: StoreUnderTest) -> None:
    """A client that repeats a span within a request is counted once."""
    span = exports.span(exports.LOGIN)

    store.push(ingested(exports.traces(span, span)))

    assert store.count("analytics_user_activity") == 1
