"""The rollups: the days that have other events than were counted are counted anew, one transaction each.

What was received since the last run, or came late (`analytics_received_late`), is of a day that is looked at at once.
So is a day on which somebody was counted by a pseudonym that is known by now to be another's. Whatever else may change
events (a deletion by hand, a restored table) is found by comparing all days, those first that were not compared for
longest: each run takes as many as fit into a slice of its time, and any that was not compared for a day. A day that was
compared or counted stays so when a run is cut short.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from telemetry_pipeline.logs import log

RUN_SECONDS = 1200.0
"""After how long a run takes up no other day: two thirds of what it may take, for the other steps need time too."""

_SLICE_SECONDS = 30.0
"""How long a run compares days that nothing is known of."""

_MARGIN = timedelta(minutes=2)
"""How much later than it was received an event may be committed without a word.

`store` says when it took longer, after an outage (analytics_received_late).
"""

_COMPARE_EVERY = timedelta(minutes=5)
"""How soon a day is compared again, if there is time: it reads an index, some seconds for 10 million events."""

_COMPARE_WITHIN = timedelta(hours=23)
"""When it is compared beyond the slice, so that it is within a day whatever the schedule."""


def refresh(
    connection: Connection, now: datetime, *, all_days: bool = False, seconds: float = RUN_SECONDS
) -> list[date]:
    """Bring the rollups up to date, and return the days that were counted anew.

    Days that received something come first; then others, as many as there is time for, or all with `all_days`.
    What was done stays done when it is interrupted: the next run goes on from there. After `seconds` no other day is
    taken up, but each run takes up one.
    """
    ends = time.monotonic() + seconds
    counted: list[date] = []
    is_new = False
    while not is_new:
        # A round that an earlier run left is finished first: what came since is for one that begins later.
        is_new = _begin_round(connection, now)
        relinked = _days(connection, _RELINKED)
        waiting = [*relinked, *(day for day in _days(connection, _OF_THE_ROUND) if day not in relinked)]
        done, left = _count_what_differs(connection, waiting, ends, relinked)
        counted += done
        if left:
            log("WARNING", "days are left to the next run", days=left)
            return counted
        with connection.begin():
            connection.execute(_FINISH_ROUND)
    return counted + _compare_others(connection, now, ends, all_days=all_days)


def refresh_day(connection: Connection, day: date) -> None:
    """Count a day anew, all of it over the same events."""
    with connection.begin():
        connection.execute(text("set transaction isolation level repeatable read"))
        count_day(connection, day)


def count_day(connection: Connection, day: date) -> None:
    """Count a day anew in the caller's transaction, which must be repeatable read."""
    connection.execute(text("call analytics_refresh_day(:day)"), {"day": day})


def unrolled_days(connection: Connection, before: date = date.max) -> list[date]:
    """The days before a day whose events are not those that were counted, in order of time; it compares them all."""
    relinked = _days(connection, _RELINKED)
    known = _days(connection, _KNOWN, before=before)
    return [day for day in known if day in relinked or not _is_counted(connection, day)]


def compare_next(connection: Connection, days: Sequence[date]) -> None:
    """Have the next run begin with these, of those that it compares."""
    with connection.begin():
        connection.execute(
            text("update analytics_rolled_days set compared_at = '-infinity' where day = any(:days)"),
            {"days": list(days)},
        )


def _begin_round(connection: Connection, now: datetime) -> bool:
    """Begin to count what was received until now; False where an earlier run has begun and not finished."""
    with connection.begin():
        return bool(connection.execute(_BEGIN_ROUND, {"received_before": now - _MARGIN}).rowcount)


def _compare_others(connection: Connection, now: datetime, ends: float, *, all_days: bool) -> list[date]:
    overdue = _days(connection, _COMPARED_BEFORE, before=now if all_days else now - _COMPARE_WITHIN)
    counted, left = _count_what_differs(connection, overdue, ends)
    if not left and not all_days:
        others = _days(connection, _COMPARED_BEFORE, before=now - _COMPARE_EVERY)
        counted += _count_what_differs(connection, others, min(ends, time.monotonic() + _SLICE_SECONDS))[0]
    return counted


def _count_what_differs(
    connection: Connection, days: Sequence[date], ends: float, whatever: Sequence[date] = ()
) -> tuple[list[date], int]:
    """Compare days, the first in any case, until the time ends: those that were counted anew, and how many are left.

    Those in `whatever` are counted anew though their events are the same.
    """
    counted = []
    for place, day in enumerate(days, 1):
        if day in whatever or not _is_counted(connection, day):
            refresh_day(connection, day)
            counted.append(day)
        if time.monotonic() >= ends:
            return counted, len(days) - place
    return counted, 0


def _is_counted(connection: Connection, day: date) -> bool:
    with connection.begin():
        return bool(connection.execute(text("select analytics_is_counted(:day)"), {"day": day}).scalar())


def _days(connection: Connection, query: str, **values: object) -> list[date]:
    with connection.begin():
        return list(connection.execute(text(query), values).scalars())


# What comes late from now on, during the round, is for the next one.
_BEGIN_ROUND = text("""
    update analytics_rollup_state
    set
        received_before = least(received_before, late_since),
        late_since = 'infinity',
        round_began_at = now(),
        round_received_before = :received_before
    where round_began_at is null
""")
_RELINKED = "select day from analytics_relinked_days() order by day desc"
_OF_THE_ROUND = """
    select waiting.day
    from (
        select day from analytics_stale_days()
        union
        select day from analytics_uncounted_days()
    ) as waiting
    cross join analytics_rollup_state as state
    left join analytics_rolled_days as rolled on rolled.day = waiting.day
    where rolled.compared_at is null
        or rolled.compared_at < state.round_began_at
    order by waiting.day desc
"""
_FINISH_ROUND = text("""
    update analytics_rollup_state
    set
        received_before = greatest(received_before, round_received_before),
        round_began_at = null,
        round_received_before = null,
        recounted_at = coalesce((select min(compared_at) from analytics_rolled_days where day >= first_day), now())
""")
_COMPARED_BEFORE = """
    select rolled.day
    from analytics_rolled_days as rolled
    cross join analytics_rollup_state as state
    where rolled.day >= state.first_day
        and rolled.compared_at < :before
    order by rolled.compared_at, rolled.day desc
"""
_KNOWN = """
    select known.day
    from (
        select day from analytics_rolled_days
        union
        select day from analytics_uncounted_days()
    ) as known
    cross join analytics_rollup_state as state
    where known.day >= state.first_day
        and known.day < :before
    order by known.day
"""
