"""Events that are stored long after they were received, as after an outage: the views count them at once."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from exports import ENDPOINT, FEATURE, LOGIN, span, traces
from messages import ingested
from store_under_test import StoreUnderTest, serving
from stored_events import assert_views_answer, stored
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import rollups
from telemetry_pipeline.settings import DatabaseSettings

SECOND = 10**9


@pytest.fixture
def store(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreUnderTest]:
    """The function `store` on the database that `maintain` keeps."""
    with serving(monkeypatch) as start:
        yield start(database_url)


def push(store: StoreUnderTest, minutes_ago: int) -> None:
    """Deliver a message that was received some time ago, of events of five days before."""
    received_at = time.time_ns() - minutes_ago * 60 * SECOND
    at = received_at - 5 * 86_400 * SECOND
    spans = [
        span(content | {"user.id": "alice"}, start_time_unix_nano=at, end_time_unix_nano=at)
        for content in (LOGIN, ENDPOINT, FEATURE)
    ]
    assert store.push(ingested(traces(*spans), received_at)).status_code == 204


@pytest.mark.parametrize("minutes", [0, 1, 3, 300])
def test_they_count_as_soon_as_they_are_stored(
    maintain: FlaskClient, store: StoreUnderTest, connection: Connection, minutes: int
) -> None:
    """However long before the last run of maintenance they were received."""
    push(store, 10)
    assert maintain.post("/").status_code == 200

    push(store, minutes)

    events = stored(connection)
    assert len(events) == 6
    assert_views_answer(connection, events)


def test_no_run_begins_while_they_are_being_stored(
    maintain: FlaskClient, store: StoreUnderTest, connection: Connection, database_url: str
) -> None:
    """Or it could look before they are committed, and say afterwards that it has counted what was received then."""
    assert maintain.post("/").status_code == 200
    push(store, 300)
    writer = connect(DatabaseSettings(database_url=database_url), "tests")
    with writer.connect() as storing:
        # Later than what came late already: the mark stays where it is, and is held.
        storing.execute(text("select analytics_received_late(now() - interval '200 minutes')"))
        connection.exec_driver_sql("set lock_timeout = '200ms'")
        connection.commit()
        with pytest.raises(DBAPIError, match="55P03"):
            rollups.refresh(connection, datetime.now(UTC))
        connection.rollback()
    writer.dispose()

    assert len(rollups.refresh(connection, datetime.now(UTC))) == 1


def test_they_count_if_they_come_during_a_run(
    maintain: FlaskClient, store: StoreUnderTest, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run doesn't say that it has counted what came too late for it; the next one counts it."""
    push(store, 10)
    refresh_day = rollups.refresh_day

    def refresh_and_receive(connection: Connection, day: date) -> None:
        refresh_day(connection, day)
        push(store, 300)

    with monkeypatch.context() as patch:
        patch.setattr(rollups, "refresh_day", refresh_and_receive)
        assert maintain.post("/").status_code == 200

    assert len(stored(connection)) == 6
    assert_views_answer(connection, stored(connection))
    assert maintain.post("/").status_code == 200
    assert_views_answer(connection, stored(connection))
