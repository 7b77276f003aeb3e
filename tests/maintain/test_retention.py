"""Retention: what is dropped and when, what stays, and that no writer waits for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from expected_views import Event
from stored_events import rows, store, today
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import retention, rollups
from telemetry_pipeline.maintain.partitions import make_partitions
from telemetry_pipeline.settings import DatabaseSettings
from waiting import until

MONTHS = 12
TABLE = "analytics_user_activity"


def first_kept() -> date:
    return retention.first_kept_day(today(), MONTHS)


def login(user_id: str, day: date) -> Event:
    at = datetime.combine(day, time(12), UTC)
    return Event(kind="user_activity", timestamp=at, received_at=datetime.now(UTC), user_id=user_id)


@pytest.fixture
def expired(connection: Connection) -> str:
    """The name of a partition of a month that is past its retention; two people were active in it, one since."""
    month = (first_kept() - timedelta(days=1)).replace(day=1)
    make_partitions(connection, month, 0, 0)
    store(connection, [login("gone", month), login("stays", month), login("stays", today() - timedelta(days=3))])
    return f"{TABLE}_{month:%Y_%m}"


def exists(connection: Connection, table: str) -> bool:
    with connection.begin():
        return connection.execute(text("select to_regclass(:table)"), {"table": table}).scalar() is not None


def count(connection: Connection, table: str) -> int:
    return int(rows(connection, f"(select count(*) from {table}) as counted")[0][0])


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 25), 12, date(2025, 11, 1)),
        (date(2026, 11, 1), 12, date(2025, 11, 1)),
        (date(2026, 10, 31), 12, date(2025, 10, 1)),
        (date(2026, 1, 15), 1, date(2025, 12, 1)),
        (date(2026, 3, 31), 26, date(2024, 1, 1)),
    ],
)
def test_a_month_is_kept_until_all_of_it_is_old(day: date, months: int, expected: date) -> None:
    """The oldest month that is kept is the one in which the retention ends."""
    assert expected == retention.first_kept_day(day, months)


def test_a_month_is_dropped_and_its_counts_stay(maintain: FlaskClient, connection: Connection, expired: str) -> None:
    """A run counts it first; the views give the same afterwards, though its events are gone."""
    before = {view: rows(connection, view) for view in ("daily_active_users", "retention_cohorts", "deployment_mix")}

    answer = maintain.post("/")

    assert answer.json
    dropped = answer.json["steps"]["retention"]["dropped"]
    assert expired in dropped
    assert not exists(connection, expired)
    assert count(connection, TABLE) == 1
    assert before == {view: rows(connection, view) for view in before}


def test_nobody_is_remembered_longer_than_their_events(
    maintain: FlaskClient, connection: Connection, expired: str
) -> None:
    """Who has no event left is forgotten, and new when they return; who has one stays in their cohort."""
    maintain.post("/")
    ids = rows(connection, "(select user_id, deployment_type from analytics_people) as known")
    assert ids == [("stays", "all"), ("stays", "cloud")]

    store(connection, [login("gone", today() - timedelta(days=1)), login("stays", today() - timedelta(days=1))])
    for _ in range(2):
        cohorts = rows(
            connection,
            "(select cohort, cohort_size from retention_cohorts"
            " where period = 'month' and deployment_type = 'all' and age = 0) as sizes",
        )
        returned = (today() - timedelta(days=1)).replace(day=1)
        assert sorted([(date(*map(int, expired.split("_")[-2:]), 1), 2), (returned, 1)]) == sorted(cohorts)
        maintain.post("/")


def test_a_month_that_is_not_counted_is_kept(connection: Connection, expired: str) -> None:
    """No event is dropped that the rollups lack, and nobody is forgotten."""
    dropped = retention.drop_expired(connection, first_kept())

    assert expired in dropped.postponed
    assert dropped.partitions == []
    assert count(connection, TABLE) == 3


def test_a_month_is_dropped_under_load_and_no_writer_waits(
    connection: Connection, database_url: str, expired: str
) -> None:
    """While a long transaction keeps the drop from its lock, and after, each write succeeds within its lock timeout."""
    rollups.refresh(connection, datetime.now(UTC))
    engine = connect(DatabaseSettings(database_url=database_url), "writers", pool_size=3)
    with (
        engine.connect() as long,
        engine.connect() as writer,
        engine.connect() as dropper,
        ThreadPoolExecutor(1) as one,
    ):
        writer.execute(text("set lock_timeout = '2s'"))
        writer.commit()
        long.execute(text(f"delete from {TABLE} where false"))
        dropping = one.submit(retention.drop_expired, dropper, first_kept())

        for _ in range(3):
            until(lambda: is_waiting(connection), 10)
            store(writer, [login("writer", today())])
        assert exists(connection, expired)
        long.rollback()
        while not dropping.done():
            store(writer, [login("writer", today())])

        assert expired in dropping.result().partitions
    engine.dispose()
    assert not exists(connection, expired)


def is_waiting(connection: Connection) -> bool:
    """Whether a detachment waits for a lock."""
    waiting = "(select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%detach%') as waiting"
    return bool(rows(connection, waiting))


def test_a_drop_that_finds_no_moment_is_left_to_the_next_run(
    connection: Connection, database_url: str, expired: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives up instead of holding everybody up, and says which partitions are still there."""
    monkeypatch.setattr(retention, "_ATTEMPTS", 1)
    rollups.refresh(connection, datetime.now(UTC))
    engine = connect(DatabaseSettings(database_url=database_url), "writers")
    with engine.connect() as long:
        long.execute(text(f"delete from {TABLE} where false"))
        postponed = retention.drop_expired(connection, first_kept()).postponed
    engine.dispose()

    assert [expired] == postponed
    assert [expired] == retention.drop_expired(connection, first_kept()).partitions


def test_a_drop_that_was_interrupted_is_finished(connection: Connection, expired: str) -> None:
    """A partition that is detached already is found by its name."""
    rollups.refresh(connection, datetime.now(UTC))
    with connection.begin():
        connection.execute(text("call analytics_forget(:day)"), {"day": first_kept()})
        connection.execute(text(f"alter table {TABLE} detach partition {expired}"))

    assert expired in retention.drop_expired(connection, first_kept()).partitions
    assert not exists(connection, expired)


def test_old_rows_without_a_month_are_deleted(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the default partition, of rejected spans and of parked messages, in batches; younger ones stay."""
    monkeypatch.setattr(retention, "_BATCH", 2)
    old, young = first_kept() - timedelta(days=40), first_kept() + timedelta(days=1)
    store(connection, [login("a", old) for _ in range(5)] + [login("a", young)])
    now = datetime.now(UTC)
    with connection.begin():
        for days in (1, 29, 31, 32, 33):
            received = {"received_at": now - timedelta(days=days), "bytes": bytes([days])}
            connection.execute(
                text("""
                    insert into analytics_rejected_spans (id, received_at, reason)
                    values (gen_random_uuid(), :received_at, 'malformed')
                """),
                received,
            )
            connection.execute(
                text("""
                    insert into analytics_parked_messages (sha256, received_at, reason, size_bytes)
                    values (:bytes, :received_at, 'undecodable', 1)
                """),
                received,
            )

    rollups.refresh(connection, now)
    before = rows(connection, "deployment_mix")
    retention.drop_expired(connection, first_kept())
    deleted = retention.delete_expired(connection, now, 30)

    assert {f"{TABLE}_default": 5, "analytics_rejected_spans": 3, "analytics_parked_messages": 3} == deleted
    assert rollups.unrolled_days(connection) == []
    assert rows(connection, "deployment_mix") == before
    assert [count(connection, table) for table in (TABLE, "analytics_rejected_spans", "analytics_parked_messages")] == [
        1,
        2,
        2,
    ]
