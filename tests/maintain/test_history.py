"""What `maintain` tells BigQuery of events that are gone there; the answers themselves are test_same_answers.py's."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from expected_views import Event
from stored_events import store
from warehouse import Warehouse

OLD, YOUNG = timedelta(days=350), timedelta(days=3)
"""On either side of where events begin to answer: a month after the oldest that BigQuery keeps."""


@pytest.fixture(autouse=True)
def in_bigquery(dataset: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """A dataset that `maintain` knows of."""
    for name, value in dataset.environment.items():
        monkeypatch.setenv(name, value)
    return dataset


def login(who: str, ago: timedelta) -> Event:
    now = datetime.now(UTC)
    return Event(kind="user_activity", timestamp=now - ago, received_at=now, user_id=who)


def written(maintain: FlaskClient) -> object:
    """How many rows a run of maintenance writes."""
    answer = maintain.post("/")
    assert answer.status_code == 200, answer.text
    assert answer.json
    return answer.json["steps"]["history"]["rows"]


def test_it_is_written_once_a_day_and_when_it_changes(maintain: FlaskClient, connection: Connection) -> None:
    """A run has nothing to write until a day that is told of was counted anew."""
    store(connection, [login("alice", OLD), login("alice", YOUNG)])
    assert written(maintain)
    assert written(maintain) == 0

    store(connection, [login("bob", YOUNG)])
    assert written(maintain) == 0

    store(connection, [login("bob", OLD + timedelta(days=1))])
    assert written(maintain)


def test_a_young_pipeline_has_no_history(maintain: FlaskClient, connection: Connection) -> None:
    """While BigQuery has all events, they alone answer."""
    store(connection, [login("alice", YOUNG)])

    assert written(maintain) == 0


def test_whoever_has_no_event_left_is_not_told_of(
    maintain: FlaskClient, connection: Connection, in_bigquery: Warehouse
) -> None:
    """First days are of people who came before the days that events answer for, and still have events."""
    store(connection, [login(who, ago) for who in ("alice", "bob") for ago in (OLD, YOUNG)])
    store(connection, [login("gone", timedelta(days=364)), login("new", YOUNG)])

    written(maintain)

    first_days = in_bigquery.rows("select user_id, first_day from analytics_first_days where deployment_type = 'all'")
    day = (datetime.now(UTC) - OLD).date()
    assert sorted((row["user_id"], row["first_day"]) for row in first_days) == [("alice", day), ("bob", day)]
    (horizon,) = in_bigquery.rows("select horizon.* from analytics_history where horizon is not null")
    assert day < horizon["first_counted_day"] < (datetime.now(UTC) - YOUNG).date()


def test_a_dataset_without_the_tables_is_told(maintain: FlaskClient, in_bigquery: Warehouse) -> None:
    """A BigQuery that is not as this version needs it keeps nothing else from being done."""
    in_bigquery.client.delete_table(f"{in_bigquery.settings.bigquery_dataset}.analytics_history")

    assert written(maintain) == "postponed: NotFound"
