"""The rollups: the days that have other events than were counted are counted anew, one transaction each."""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

_MARGIN = timedelta(minutes=2)
"""How much later than it was received an event may be committed without a word.

`store` says when it took longer, after an outage (analytics_received_late).
"""

_RECOUNT_EVERY = timedelta(minutes=5)
"""How often all days are compared: it reads an index of all events, some seconds for 10 million."""


def refresh(connection: Connection, now: datetime, *, all_days: bool = False) -> list[date]:
    """Bring the rollups up to date, and return the days that were counted anew.

    Only days that received something since the last run are looked at; every few minutes, or with `all_days`, all are.
    What was done stays done when it is interrupted: the next run goes on from there.
    """
    with connection.begin():
        # What comes late from now on, during the run, is for the next one.
        connection.execute(
            text("""
                update analytics_rollup_state
                set
                    received_before = least(received_before, late_since),
                    late_since = 'infinity'
                where late_since < 'infinity'
            """)
        )
    recount = all_days or now - _recounted_at(connection) >= _RECOUNT_EVERY
    days = unrolled_days(connection) if recount else _unrolled_stale_days(connection)
    for day in days:
        refresh_day(connection, day)
    with connection.begin():
        connection.execute(
            text("""
                update analytics_rollup_state
                set
                    received_before = greatest(received_before, :received_before),
                    recounted_at = case when :recount then :now else recounted_at end
            """),
            {"received_before": now - _MARGIN, "recount": recount, "now": now},
        )
    return days


def refresh_day(connection: Connection, day: date) -> None:
    """Count a day anew, all of it over the same events."""
    with connection.begin():
        connection.execute(text("set transaction isolation level repeatable read"))
        count_day(connection, day)


def count_day(connection: Connection, day: date) -> None:
    """Count a day anew in the caller's transaction, which must be repeatable read."""
    connection.execute(text("call analytics_refresh_day(:day)"), {"day": day})


def unrolled_days(connection: Connection) -> list[date]:
    """All days whose events are not those that were counted, in order of time."""
    return _days(connection, "select day from analytics_unrolled_days()")


def _unrolled_stale_days(connection: Connection) -> list[date]:
    return _days(connection, "select day from analytics_unrolled_stale_days()")


def _days(connection: Connection, query: str) -> list[date]:
    with connection.begin():
        return list(connection.execute(text(query)).scalars())


def _recounted_at(connection: Connection) -> datetime:
    # Epoch for "never", since -infinity is no time of Python's.
    with connection.begin():
        found: datetime = connection.execute(
            text("select greatest(recounted_at, 'epoch') from analytics_rollup_state")
        ).scalar_one()
    return found
