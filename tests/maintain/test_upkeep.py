"""What maintenance writes down for the views and the dashboard."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, text

from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import dead_letters, run
from telemetry_pipeline.settings import DatabaseSettings, MaintainSettings

SUBSCRIPTION = "projects/a-project/subscriptions/events-dead-letter"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(DatabaseSettings(database_url=database_url), "tests", pool_size=2, statement_seconds=0)
    yield made
    made.dispose()


def upkeep(connection: Connection) -> Row[Any]:
    return connection.execute(text("select * from analytics_upkeep")).one()


def test_what_is_set_is_written_down(engine: Engine, database_url: str) -> None:
    """A run writes down which groups the views hide and how long what expires is kept."""
    run.run(engine, MaintainSettings(database_url=database_url, k_anonymity=7, retention_months=3))

    with engine.connect() as connection:
        found = upkeep(connection)

    assert found.k_anonymity == 7
    assert (found.retention_months, found.rejected_retention_days) == (3, 30)
    assert found.dead_letters is None


def test_dead_letters_are_counted(engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Monitoring tells is written down; when it does not answer, that nobody knows, and the run goes on."""
    settings = MaintainSettings(database_url=database_url, dead_letters_subscription=SUBSCRIPTION)
    answers: Iterator[int | OSError] = iter([4, ConnectionError()])

    def count(*_: object) -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(dead_letters, "count", count)

    run.run(engine, settings)
    with engine.connect() as connection:
        first = upkeep(connection)
    report = run.run(engine, settings)
    with engine.connect() as connection:
        second = upkeep(connection)

    assert first.dead_letters == 4
    assert first.dead_letters_at is not None
    assert (second.dead_letters, second.dead_letters_at) == (None, None)
    assert "retention" in report.steps


def test_how_monitoring_is_asked() -> None:
    """By the subscription and the last minutes; of its points the newest counts, and none is no zero."""
    asked = dead_letters.question("events-dead-letter", datetime(2026, 11, 25, 12, tzinfo=UTC))
    points = [{"value": {"int64Value": "3"}}, {"value": {"int64Value": "9"}}]

    assert 'resource.labels.subscription_id = "events-dead-letter"' in asked["filter"]
    assert asked["interval.startTime"] == "2026-11-25T11:50:00Z"
    assert asked["interval.endTime"] == "2026-11-25T12:00:00Z"
    assert dead_letters.latest({"timeSeries": [{"points": points}]}) == 3
    assert dead_letters.latest({}) is None
