"""Erasure: a person asks, and whatever they did before is gone from every table in Postgres and BigQuery."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from erasures import ALICE, BOB, TABLES, asks, did, events_of, mentions, one_of_each_kind, push, run
from exports import traces
from messages import ingested
from mirror_under_test import MirrorUnderTest
from postgres import free_port
from store_under_test import StoreUnderTest
from stored_events import assert_views_answer, stored


def test_what_a_person_did_before_they_asked_is_erased(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """All of it, in every table, and nothing of anybody else's; the request itself stays for what is still to come."""
    push(store, *one_of_each_kind(ALICE, 1), *one_of_each_kind(ALICE, 24 * 40), *one_of_each_kind(BOB, 1))
    run(maintain)
    push(store, asks(ALICE))

    assert run(maintain) == {"requests": 1, "events": 6, "forgotten": 0}
    assert mentions(store, ALICE) == ["analytics_erasure_requests"]
    assert events_of(store, BOB) == 3
    assert store.rows("select erased_events from analytics_erasure_requests") == [{"erased_events": 6}]
    assert run(maintain) == {"requests": 1, "events": 0, "forgotten": 0}


def test_what_was_not_yet_counted_is_erased_by_the_same_run(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """Events and the request may come between two runs."""
    push(store, *one_of_each_kind(ALICE, 1), asks(ALICE))

    assert run(maintain)["events"] == 3
    assert mentions(store, ALICE) == ["analytics_erasure_requests"]


def test_the_answers_follow(maintain: FlaskClient, store: StoreUnderTest, connection: Connection) -> None:
    """Every view answers as if that person had never been there."""
    for user, hours_ago in ((ALICE, 1), (ALICE, 24 * 9), (ALICE, 24 * 40), (BOB, 1), (BOB, 24 * 8)):
        push(store, *one_of_each_kind(user, hours_ago))
    run(maintain)
    push(store, asks(ALICE))
    run(maintain)

    left = stored(connection)
    assert len(left) == 6
    assert_views_answer(connection, left)


def test_what_comes_later_than_the_request_stays(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """Who agrees again is counted again, from then on."""
    push(store, did(ALICE, 3), asks(ALICE, 2), did(ALICE, 1), did(ALICE, 0.5))

    assert run(maintain)["events"] == 1
    assert events_of(store, ALICE) == 2


def test_an_older_event_that_arrives_late_is_erased_too(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """From a client's queue, the dead-letter topic or a replay; what was done after the request stays again."""
    push(store, *one_of_each_kind(ALICE, 30), asks(ALICE, 2), did(ALICE, 1))
    first = run(maintain)
    push(store, *one_of_each_kind(ALICE, 3))
    second = run(maintain)
    push(store, *one_of_each_kind(ALICE, 24 * 50))

    third, fourth = run(maintain), run(maintain)

    assert [one["events"] for one in (first, second, third, fourth)] == [3, 3, 3, 0]
    assert events_of(store, ALICE) == 1


def test_a_request_that_comes_twice_is_one(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """Redelivered or sent again by the client."""
    message = ingested(traces(*one_of_each_kind(ALICE, 1), asks(ALICE)))

    assert [store.push(message).status_code for _ in range(3)] == [204] * 3
    assert run(maintain) == {"requests": 1, "events": 3, "forgotten": 0}


def test_the_latest_of_several_requests_counts(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """A person may ask again; each event is counted as erased once."""
    push(store, did(ALICE, 5), asks(ALICE, 4), did(ALICE, 3), asks(ALICE, 2), did(ALICE, 1))

    assert run(maintain) == {"requests": 2, "events": 2, "forgotten": 0}
    assert events_of(store, ALICE) == 1


def test_in_the_end_the_request_is_forgotten_too(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """When nothing of theirs can arrive any more, what stays says that somebody was erased, and not who."""
    push(store, *one_of_each_kind(ALICE, 1), asks(ALICE))
    run(maintain)
    store.execute("update analytics_erasure_requests set received_at = received_at - interval '33 days'")

    assert run(maintain) == {"requests": 1, "events": 0, "forgotten": 1}
    assert mentions(store, ALICE) == []
    assert store.rows("select user_id, erased_events from analytics_erasure_requests") == [
        {"user_id": None, "erased_events": 3}
    ]


def test_what_a_person_did_is_erased_from_bigquery(
    bigquery: MirrorUnderTest, maintain: FlaskClient, store: StoreUnderTest
) -> None:
    """As from Postgres, and nothing of anybody else's; the request itself is not mirrored."""
    spans = [*one_of_each_kind(ALICE, 1), *one_of_each_kind(ALICE, 24 * 40), *one_of_each_kind(BOB, 1), asks(ALICE)]
    for function in (store, bigquery):
        push(function, *spans, did(ALICE, -0.1))

    first, second = run(maintain), run(maintain)

    assert (first["events"], first["events_in_bigquery"]) == (6, 6)
    assert (second["events"], second["events_in_bigquery"]) == (0, 0)
    assert [bigquery.warehouse.count(table) for table in TABLES] == [2, 1, 1]


def test_what_the_mirror_writes_later_is_erased_too(
    bigquery: MirrorUnderTest, maintain: FlaskClient, store: StoreUnderTest
) -> None:
    """BigQuery was away for longer than Postgres: it is searched again every hour."""
    spans = [*one_of_each_kind(ALICE, 1), asks(ALICE)]
    push(store, *spans)
    first = run(maintain)
    push(bigquery, *spans, did(ALICE, -0.1))
    second = run(maintain)
    store.execute("update analytics_erasure_requests set erased_in_bigquery_at = now() - interval '61 minutes'")
    third = run(maintain)

    assert [one["events_in_bigquery"] for one in (first, second, third)] == [0, 0, 3]
    assert [bigquery.warehouse.count(table) for table in TABLES] == [1, 0, 0]


@pytest.fixture
def bigquery_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset that nobody answers for."""
    monkeypatch.setenv("RHESIS_BIGQUERY_DATASET", "project.dataset")
    monkeypatch.setenv("RHESIS_BIGQUERY_REST", f"http://127.0.0.1:{free_port()}")


@pytest.mark.usefixtures("bigquery_that_is_away")
def test_postgres_does_not_wait_for_bigquery(maintain: FlaskClient, store: StoreUnderTest) -> None:
    """While it is away the rest is done, and the report says what is not; nobody is forgotten before it is."""
    push(store, *one_of_each_kind(ALICE, 1), asks(ALICE))
    first = run(maintain)
    store.execute("update analytics_erasure_requests set received_at = received_at - interval '33 days'")
    second = run(maintain)

    assert (first["events"], second["forgotten"]) == (3, 0)
    assert first["events_in_bigquery"].startswith("postponed: ")
    assert mentions(store, ALICE) == ["analytics_erasure_requests"]
