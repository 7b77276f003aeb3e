"""Monthly partitions of the event tables, made before the first event of the month arrives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from telemetry_pipeline import contract


@dataclass(frozen=True, slots=True)
class Partition:
    """One month of one event table; `start` and `end` are days in UTC, the end is outside."""

    table: str
    start: date
    end: date

    @property
    def name(self) -> str:
        """The partition's own table."""
        return f"{self.table}_{self.start:%Y_%m}"


def make_partitions(connection: Connection, today: date, months_back: int, months_ahead: int) -> list[str]:
    """Make the partitions that are missing from `months_back` before today's month to `months_ahead` after it.

    Each is made in a transaction of its own, together with the move of its events out of the default partition; for so
    long nobody else can use the default partition.

    Returns:
        The names of those that were made.
    """
    made = []
    for partition in _partitions(today, months_back, months_ahead):
        with connection.begin():
            if not _exists(connection, partition):
                _make(connection, partition)
                made.append(partition.name)
    return made


def summarize(connection: Connection, today: date) -> None:
    """Tell the indexes on received_at of all that months before today's have received.

    BRIN learns of a range of pages when the next one begins, so that the last of each month would be read by every
    question about what came lately. Today's month is left alone: each of its events would have to be told.
    """
    for event in contract.EVENTS:
        with connection.begin():
            names = {"index": f"{event.table}_received_at", "this_month": f"{event.table}_{today:%Y_%m}"}
            connection.execute(_SUMMARIZE, names)


def _partitions(today: date, months_back: int, months_ahead: int) -> Iterator[Partition]:
    this_month = today.year * 12 + today.month - 1
    for event in contract.EVENTS:
        for month in range(this_month - months_back, this_month + months_ahead + 1):
            yield Partition(event.table, _first_day(month), _first_day(month + 1))


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _exists(connection: Connection, partition: Partition) -> bool:
    found = connection.execute(text("select to_regclass(:name)"), {"name": partition.name}).scalar()
    return found is not None


def _make(connection: Connection, partition: Partition) -> None:
    # The default partition is locked first: an event that came into it after the move would make `attach` fail.
    connection.exec_driver_sql(f"""
        set local lock_timeout = '5s';

        lock table {partition.table}_default in access exclusive mode;

        create table {partition.name} (like {partition.table} including all excluding indexes);

        with moved as (
            delete from {partition.table}_default
            where "timestamp" >= '{partition.start} 00:00:00+00'
                and "timestamp" < '{partition.end} 00:00:00+00'
            returning *
        )
        insert into {partition.name}
        select * from moved;

        alter table {partition.table} attach partition {partition.name}
        for values from ('{partition.start} 00:00:00+00') to ('{partition.end} 00:00:00+00')
    """)  # noqa: S608 - the names are the contract's, the dates are dates


_SUMMARIZE = text("""
    select brin_summarize_new_values(index.indexrelid)
    from pg_inherits
    inner join pg_index as index on index.indexrelid = pg_inherits.inhrelid
    inner join pg_class as partition on partition.oid = index.indrelid
    where pg_inherits.inhparent = to_regclass(:index)
        and partition.relname < :this_month
""")
