"""What BigQuery would forget: the counts of days whose events go, and when those who still have events came first.

BigQuery drops single days, and answers from the events that it has. Postgres drops months and keeps what was counted;
so the counts of earlier days are written to BigQuery from there, and whole each time, since an event that came late or
was erased may change them. The list of first days outlives nobody's events: a row is in the partition of the last day,
and that partition expires as the day's events do.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from sqlalchemy import Connection, text

from telemetry_pipeline import warehouse

if TYPE_CHECKING:
    from google.cloud import bigquery

FIRST_DAYS = "analytics_first_days"
HISTORY = "analytics_history"

_SPARE_DAYS = 5
"""How long before its events go a day is told of, so that a run may fail."""

_LOOK_BACK_DAYS = 31
"""From how many days before it a day is counted: for those who are active in 30 days, and for the week before."""

_FETCHED_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Horizon:
    """From where BigQuery's events answer: days from `first_counted_day` on, with the help of some earlier ones."""

    first_event_day: date
    first_counted_day: date


def horizon(connection: Connection, today: date, months: int) -> Horizon:
    """Where events begin to answer, if they are kept for so many months; those that Postgres dropped never do.

    Nor do events from before a rotation of the key that are unlinked from those after it. Whoever was there under both
    keys is in no cohort from then on, so the days until then are as they were counted.
    """
    with connection.begin():
        first_kept, first_unlinked = connection.execute(_FIRST_KEPT).one()
    kept_days = months * 61 // 2  # as the partitions of BigQuery's tables are
    first_event_day = max(first_kept, today - timedelta(days=kept_days - 1 - _SPARE_DAYS))
    first_counted_day = max(first_event_day + timedelta(days=_LOOK_BACK_DAYS), first_unlinked)
    return Horizon(first_event_day, min(today, first_counted_day))


def write(connection: Connection, client: "bigquery.Client", dataset: str, now: datetime, months: int) -> int:
    """Write what events don't tell any more, once a day and when one of those days was counted anew.

    Returns:
        How many rows were written.

    Raises:
        GoogleAPICallError: BigQuery did not take them; it keeps what it had, and the next run tries again.
    """
    from google.cloud import bigquery

    found = horizon(connection, now.date(), months)
    patience = bigquery.DEFAULT_RETRY.with_timeout(warehouse.PATIENCE_SECONDS)
    # First days that the history does not need yet do no harm; the other way round, somebody would be new for a moment.
    tables = [client.get_table(f"{dataset}.{name}", retry=patience) for name in (FIRST_DAYS, HISTORY)]
    if not _is_due(connection, found, now, is_empty=not tables[-1].num_rows):
        return 0
    with connection.begin():
        connection.execute(text("set transaction isolation level repeatable read, read only"))
        as_of = connection.execute(text("select now()")).scalar_one()
        rows = sum(_write(connection, client, table, found) for table in tables)
    with connection.begin():
        connection.execute(_WRITTEN, {"as_of": as_of})
    return rows


def _is_due(connection: Connection, found: Horizon, now: datetime, *, is_empty: bool) -> bool:
    values = {"first_counted_day": found.first_counted_day, "now": now, "today": now.date(), "is_empty": is_empty}
    with connection.begin():
        return bool(connection.execute(_IS_DUE, values).scalar())


def _write(connection: Connection, client: "bigquery.Client", table: "bigquery.Table", found: Horizon) -> int:
    from google.cloud import bigquery

    with TemporaryFile() as lines:
        count = _collect(lines, _rows(connection, table.table_id, found))
        lines.seek(0)
        config = bigquery.LoadJobConfig(
            schema=table.schema,
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        )
        client.load_table_from_file(lines, table.reference, location=table.location, job_config=config).result()
    return count


def _collect(lines: IO[bytes], rows: Iterator[str]) -> int:
    count = 0
    for row in rows:
        lines.write(row.encode() + b"\n")
        count += 1
    return count


def _rows(connection: Connection, table: str, found: Horizon) -> Iterator[str]:
    query = f"""
        declare {table} no scroll cursor for
        select row::text
        from {table}(:first_event_day, :first_counted_day) as row
    """  # noqa: S608 - a name of ours
    connection.execute(text(query), asdict(found))
    while rows := connection.execute(text(f"fetch {_FETCHED_ROWS} from {table}")).scalars().all():
        yield from rows


_FIRST_KEPT = text("""
    select
        greatest(first_day, date '0001-01-01', max((overlap.began_at at time zone 'UTC')::date + 1)),
        coalesce(max((overlap.unlinked_at at time zone 'UTC')::date + 1), date '0001-01-01')
    from analytics_rollup_state
    left join analytics_key_overlaps as overlap on overlap.unlinked_at is not null
    group by first_day
""")
_IS_DUE = text("""
    select
        count(*) > 0
        and (
            :is_empty
            or max(rolled.refreshed_at) >= max(state.history_written_at)
            or max(state.history_written_at) < cast(:today as timestamp) at time zone 'UTC'
            or max(state.history_written_at) <= (select max(unlinked_at) from analytics_key_overlaps)
            -- The month in which it was unlinked is told of from here until it is over.
            or max(state.history_written_at) < cast(:now as timestamptz) - interval '1 hour'
            and exists (
                select
                from analytics_key_overlaps
                where date_trunc('month', unlinked_at at time zone 'UTC')
                    = date_trunc('month', cast(:today as timestamp))
            )
        )
    from analytics_rolled_days as rolled
    cross join analytics_rollup_state as state
    where rolled.day < :first_counted_day
""")
_WRITTEN = text("update analytics_rollup_state set history_written_at = :as_of")
