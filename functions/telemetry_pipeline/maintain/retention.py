"""Retention: months of raw events that are over are dropped, whole; what was counted of them stays."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from telemetry_pipeline import contract
from telemetry_pipeline.maintain import rollups

_LOCK_TIMEOUT = "100ms"
"""How long a detachment may wait for writers that are under way, and so keep others waiting behind it."""

_ATTEMPTS = 50
_PAUSE_SECONDS = 0.1
_BATCH = 10_000
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Dropped:
    """The partitions that were dropped, and those that were too busy and are left to the next run."""

    partitions: list[str]
    postponed: list[str]


def first_kept_day(today: date, months: int) -> date:
    """The first day of the oldest month that is kept: the last one that is not wholly more than `months` ago."""
    month = today.year * 12 + today.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)


def is_due(connection: Connection, first_kept: date) -> bool:
    """Whether there is anything older than `first_kept`: a month, or events that have no month's partition."""
    return any(True for _ in _expired(connection, first_kept)) or _has_strays(connection, first_kept)


def drop_expired(connection: Connection, first_kept: date) -> Dropped:
    """Drop the partitions of months before `first_kept`, and forget who was active then, if all of it is counted.

    A partition is detached, which changes the catalogue alone, and dropped when nobody can reach it any more. While a
    writer is at work the detachment waits for no longer than a tenth of a second at a time, so that others who come
    behind it are not held up.
    """
    partitions = list(_expired(connection, first_kept))
    if unrolled := rollups.unrolled_days(connection, first_kept):
        rollups.compare_next(connection, unrolled)
        return Dropped([], [name for _, name in partitions])
    with connection.begin():
        connection.execute(text("call analytics_forget(:first_kept)"), {"first_kept": first_kept})
    dropped = Dropped([], [])
    for table, name in partitions:
        if _detach(connection, table, name):
            with connection.begin():
                connection.exec_driver_sql(f"drop table {name}")
            dropped.partitions.append(name)
        else:
            dropped.postponed.append(name)
    return dropped


def delete_expired(connection: Connection, now: datetime, rejected_days: int) -> dict[str, int]:
    """Delete, in batches, what has no monthly partitions: events of days that are final, records of what was rejected.

    Returns:
        How many rows of each table; tables that had none are left out.
    """
    final = "(select first_day::timestamp at time zone 'UTC' from analytics_rollup_state)"
    deleted = {
        f"{event.table}_default": _delete(connection, f"{event.table}_default", f'"timestamp" < {final}', {})
        for event in contract.EVENTS
    }
    rejected = {"before": now - timedelta(days=rejected_days)}
    for table in ("analytics_rejected_spans", "analytics_parked_messages"):
        deleted[table] = _delete(connection, table, "received_at < :before", rejected)
    return {table: count for table, count in deleted.items() if count}


def _expired(connection: Connection, first_kept: date) -> Iterator[tuple[str, str]]:
    for event in contract.EVENTS:
        with connection.begin():
            names = connection.execute(
                text("select relname from pg_class where relname ~ :pattern and pg_table_is_visible(oid) order by 1"),
                {"pattern": f"^{event.table}_[0-9]{{4}}_[0-9]{{2}}$"},
            ).scalars()
            found = [name for name in names if _month(name) < first_kept]
        yield from ((event.table, name) for name in found)


def _has_strays(connection: Connection, first_kept: date) -> bool:
    with connection.begin():
        return any(
            connection.execute(
                text(f"""
                    select exists (
                        select from {event.table}_default
                        where "timestamp" < cast(:day as timestamp) at time zone 'UTC'
                    )
                """),  # noqa: S608 - a name of the contract
                {"day": first_kept},
            ).scalar()
            for event in contract.EVENTS
        )


def _month(partition: str) -> date:
    year, month = re.findall(r"[0-9]+", partition)
    return date(int(year), int(month), 1)


def _detach(connection: Connection, table: str, partition: str) -> bool:
    """Detach a partition unless it is detached; False if writers left no moment for it."""
    for _ in range(_ATTEMPTS):
        try:
            with connection.begin():
                if _is_attached(connection, partition):
                    connection.exec_driver_sql(
                        f"set local lock_timeout = '{_LOCK_TIMEOUT}'; alter table {table} detach partition {partition}"
                    )
        except DBAPIError as error:
            if _LOCK_NOT_AVAILABLE not in str(error.orig):
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False


def _is_attached(connection: Connection, partition: str) -> bool:
    found = connection.execute(
        text("select relispartition from pg_class where oid = to_regclass(:partition)"), {"partition": partition}
    )
    return bool(found.scalar())


def _delete(connection: Connection, table: str, condition: str, values: Mapping[str, object]) -> int:
    statement = text(f"""
        delete from {table}
        where ctid = any(array(select ctid from {table} where {condition} limit {_BATCH}))
    """)  # noqa: S608 - the names are the contract's and ours
    total = 0
    while True:
        with connection.begin():
            count = connection.execute(statement, values).rowcount
        total += count
        if count < _BATCH:
            return total
