"""From Postgres into BigQuery, what is missing there: for days before there was a mirror, or when it had a fault.

Both are read in the order of time and id, side by side, so that memory does not grow with a day's events. What is
loaded twice, by a mirror that works meanwhile, the views count once; so a run that broke off is simply run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from google.cloud import bigquery
from sqlalchemy import Connection, Engine, RowMapping, text

from telemetry_pipeline import contract
from telemetry_pipeline.mirror.protobuf import ProtobufForm
from telemetry_pipeline.mirror.writer import Writer
from telemetry_pipeline.rows.columns import COLUMNS, METADATA

_FETCHED_ROWS = 2000
_PAGE_ROWS = 20_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

_FORM = ProtobufForm()

Key = tuple[datetime, str]
"""An event's time and id."""


@dataclass(slots=True)
class Day:
    """What was found and done for one table and day.

    `only_in_bigquery` are events that Postgres no longer has, or does not have yet; they are left alone.
    """

    table: str
    day: date
    in_postgres: int = 0
    loaded: int = 0
    refused: int = 0
    only_in_bigquery: int = 0


class Backfill:
    """Compares days, and loads what is missing."""

    def __init__(self, engine: Engine, client: bigquery.Client, writer: Writer, dataset: str) -> None:
        self._engine = engine
        self._client = client
        self._writer = writer
        self._dataset = dataset

    def days(self, first: date, last: date) -> Iterator[Day]:
        """Fill each table's days, both ends included, and tell of each when it is done.

        Raises:
            Unavailable: BigQuery did not take rows.
            GoogleAPICallError: BigQuery did not answer a query.
        """
        for number in range((last - first).days + 1):
            for event in contract.EVENTS:
                yield self._fill(event, first + number * _DAY)

    def _fill(self, event: contract.Event, day: date) -> Day:
        done = Day(event.table, day)
        with self._engine.connect() as connection:
            missing = _missing(_stored(connection, event, day), self._mirrored(event, day), done)
            while some := [_row(event.table, row) for row in islice(missing, _FETCHED_ROWS)]:
                refused = self._writer.write({event.table: some})
                done.loaded += len(some) - refused
                done.refused += refused
        return done

    def _mirrored(self, event: contract.Event, day: date) -> Iterator[Key]:
        query = f"""
            select distinct timestamp, id
            from `{self._dataset}.{event.table}`
            where timestamp >= @begin
                and timestamp < @end
            order by timestamp, id
        """  # noqa: S608 - the names are the contract's and a setting's
        parameters = [bigquery.ScalarQueryParameter(name, "TIMESTAMP", moment) for name, moment in _bounds(day).items()]
        job = self._client.query(query, job_config=bigquery.QueryJobConfig(query_parameters=parameters))
        for row in job.result(page_size=_PAGE_ROWS):
            yield row["timestamp"], row["id"]


def _bounds(day: date) -> dict[str, datetime]:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {"begin": begin, "end": begin + _DAY}


def _stored(connection: Connection, event: contract.Event, day: date) -> Iterator[RowMapping]:
    columns = ", ".join(f'"{column}"' if column != METADATA else "metadata::text" for column in COLUMNS[event.table])
    query = f"""
        declare stored no scroll cursor for
        select {columns}
        from {event.table}
        where "timestamp" >= :begin
            and "timestamp" < :end
        order by "timestamp", id
    """  # noqa: S608 - the names are the contract's
    with connection.begin():
        connection.execute(text(query), _bounds(day))
        while rows := connection.execute(text(f"fetch {_FETCHED_ROWS} from stored")).mappings().all():
            yield from rows


def _missing(stored: Iterator[RowMapping], mirrored: Iterator[Key], done: Day) -> Iterator[RowMapping]:
    known = next(mirrored, None)
    for row in stored:
        done.in_postgres += 1
        key = (row["timestamp"], str(row["id"]))
        while known and known < key:
            done.only_in_bigquery += 1
            known = next(mirrored, None)
        if known == key:
            known = next(mirrored, None)
        else:
            yield row
    done.only_in_bigquery += sum(1 for _ in mirrored) + (known is not None)


def _row(table: str, stored: RowMapping) -> bytes:
    first, last = ("timestamp", "id"), ("key_epoch", "received_at")
    own = (column for column in COLUMNS[table] if column not in {*first, *last})
    begin = _FORM.begin(table, _nanoseconds(stored["timestamp"]), UUID(str(stored["id"])).bytes)
    end = _FORM.end(stored["key_epoch"], _nanoseconds(stored["received_at"]))
    return b"".join((begin, *(_field(column, stored[column]) for column in own), end))


def _field(column: str, value: Any) -> bytes:  # noqa: ANN401 - what the database has
    match value:
        case None:
            return _FORM.null
        case str():
            return _FORM.text(column, value)
        case int():
            return _FORM.integer(column, value)
    return _FORM.double(column, value)


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
