"""Runs that are cut short, and that each day is compared with its events however few there is time for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from expected_views import Event
from stored_events import assert_views_answer, rows, store, stored
from telemetry_pipeline.maintain import rollups

DAYS = 6


def logins(person: str, days: Iterator[int] | range = range(DAYS), received: timedelta = timedelta()) -> list[Event]:
    """One on each of these days before today, received a while ago."""
    now = datetime.now(UTC)
    return [
        Event(kind="user_activity", timestamp=now - timedelta(days=ago), received_at=now - received, user_id=person)
        for ago in days
    ]


def run(connection: Connection, minutes: int = 6, seconds: float = rollups.RUN_SECONDS) -> int:
    """A run some minutes from now; how many days it counted."""
    return len(rollups.refresh(connection, datetime.now(UTC) + timedelta(minutes=minutes), seconds=seconds))


def stale_days(connection: Connection) -> int:
    return len(rows(connection, "analytics_stale_days()"))


def forge(connection: Connection, statement: str) -> None:
    with connection.begin():
        connection.execute(text(statement))


def test_a_run_without_time_keeps_what_it_counted(connection: Connection) -> None:
    """The next ones go on from there, one day each, until what was received then is rolled up."""
    events = logins("a")
    store(connection, events)

    for left in range(DAYS - 1, -1, -1):
        assert run(connection, seconds=0) == 1
        assert len(rows(connection, "analytics_rolled_days")) == DAYS - left
        assert stale_days(connection) == (DAYS if left else 0)
        assert_views_answer(connection, events)
    assert run(connection) == 0


def test_what_comes_between_runs_that_are_cut_short_is_counted(connection: Connection) -> None:
    """For a day that was counted before in the same round, in time and late."""
    store(connection, logins("a"))
    assert [run(connection, seconds=0) for _ in range(3)] == [1, 1, 1]

    store(connection, logins("in time", range(1), -timedelta(minutes=10)))
    with connection.begin():
        connection.execute(text("select analytics_received_late(now() - interval '5 hours')"))
    store(connection, logins("late", range(1, 3), timedelta(hours=5)))
    assert_views_answer(connection, stored(connection))

    counted = 0
    for _ in range(2 * DAYS):
        counted += run(connection, minutes=20, seconds=0)
        assert_views_answer(connection, stored(connection))
    assert counted == DAYS - 3 + 3
    assert stale_days(connection) == 0


def test_a_run_that_dies_keeps_what_it_counted(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often one dies on its second day, the next counts another."""
    events = logins("a")
    store(connection, events)
    refresh_day = rollups.refresh_day

    for _ in range(DAYS - 1):
        begun: list[object] = []

        def dying(connection: Connection, day: object, begun: list[object] = begun) -> None:
            if begun:
                raise InterruptedError
            begun.append(day)
            refresh_day(connection, day)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(rollups, "refresh_day", dying)
            with pytest.raises(InterruptedError):
                run(connection)

    assert run(connection) == 1
    assert stale_days(connection) == 0
    assert_views_answer(connection, events)


def test_every_day_is_compared_though_runs_have_time_for_one(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nothing tells of is found by as many runs as there are days, the longest not compared first."""
    monkeypatch.setattr(rollups, "_SLICE_SECONDS", 0)
    store(connection, logins("a") + logins("b"))
    assert run(connection) == DAYS
    forge(connection, "delete from analytics_user_activity where user_id = 'b'")

    counted = [run(connection) for _ in range(DAYS)]

    assert counted == [1] * DAYS
    assert rollups.unrolled_days(connection) == []
    assert_views_answer(connection, stored(connection))


def test_a_day_is_compared_within_a_day(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little time a run has for it otherwise."""
    monkeypatch.setattr(rollups, "_SLICE_SECONDS", 0)
    store(connection, logins("a") + logins("b"))
    run(connection)
    forge(connection, "delete from analytics_user_activity where user_id = 'b'")
    forge(connection, "update analytics_rolled_days set compared_at = now() - interval '23 hours'")

    assert run(connection) == DAYS


def test_a_day_that_nothing_tells_of_is_counted_at_once_if_it_never_was(connection: Connection) -> None:
    """As of events that were stored with an old time of arrival and without a word."""
    store(connection, logins("a", range(1)))
    run(connection)
    store(connection, logins("b", range(3, 5), timedelta(days=2)))

    assert run(connection, minutes=0) == 2
    assert_views_answer(connection, stored(connection))
