"""The former system's rows → events: through what `ingest` and `store` do with any request, into the tables, once.

A run reads all rows, leaves alone those whose events are there, and writes the others, a transaction for each batch. So
a run that was killed is resumed by running it again, and nothing but the tables themselves has to tell how far it came.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from telemetry_pipeline import contract
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.legacy.spans import Former, Unusable, former
from telemetry_pipeline.legacy.tables import Row, Table, find
from telemetry_pipeline.maintain.partitions import make_partitions
from telemetry_pipeline.maintain.retention import first_kept_day
from telemetry_pipeline.otlp.requests import Group as Sent
from telemetry_pipeline.otlp.requests import Signal
from telemetry_pipeline.settings import IngestSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.group import Group
from telemetry_pipeline.store.links import with_links
from telemetry_pipeline.store.tables import REJECTED_SPANS
from telemetry_pipeline.store.writer import Writer

OLDER = "older_than_retention"
LATER = "not_before_the_limit"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ANY_AGE_DAYS = 3650
"""How old an event may be is decided here, by what is kept."""


@dataclass(slots=True)
class Count:
    """What became of a table's rows. `read` is the sum of the others; `refused` has a number for each reason."""

    read: int = 0
    imported: int = 0
    there_already: int = 0
    refused: Counter[str] = field(default_factory=Counter)


Progress = Callable[[Table, Count, int], None]
"""Told after each batch: the table, what became of its rows so far, and how many it has."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """When an event must have happened to be imported: from the first day that is kept, and before `before`."""

    first_kept: date
    before: datetime | None

    def refusal(self, microseconds: int) -> str:
        """Why an event of this time is not imported; empty if it is."""
        moment = _EPOCH + timedelta(microseconds=microseconds)
        if moment.date() < self.first_kept:
            return OLDER
        return LATER if self.before and moment >= self.before else ""


class Import:
    """Brings the rows of a former database into this one's tables."""

    def __init__(self, target: Engine, settings: IngestSettings, *, dry_run: bool) -> None:
        """Prepare an import.

        Args:
            target: The analytics database.
            settings: The pseudonyms' key and the limits that events have to keep, as `ingest` has them.
            dry_run: Count what would be imported, and write nothing.
        """
        self._target = target
        self._exporter = Exporter(replace(settings, max_age_days=_ANY_AGE_DAYS))
        self._group = Group(Writer(target), 1)
        self._dry_run = dry_run

    def bounds(self, before: datetime | None) -> Bounds:
        """What may be imported: nothing that the next run of `maintain` would drop, or whose day it has closed."""
        with self._target.begin() as connection:
            months, closed = connection.execute(_KEPT).one()
        kept = first_kept_day(datetime.now(UTC).date(), months or contract.RETENTION_MONTHS)
        return Bounds(max(kept, closed), before)

    def prepare(self, bounds: Bounds) -> None:
        """Make the partitions of the months that are kept, if this user owns the tables; without them it works too."""
        today = datetime.now(UTC).date()
        months = (today.year - bounds.first_kept.year) * 12 + today.month - bounds.first_kept.month
        with self._target.connect() as connection:
            with connection.begin():
                is_owner = connection.execute(_IS_OWNER, {"table": contract.EVENTS[0].table}).scalar()
            if is_owner and not self._dry_run:
                make_partitions(connection, today, max(months, 0), 0)

    def run(
        self, source: Connection, schema: str, time_zone: str, bounds: Bounds, progress: Progress
    ) -> dict[str, Count]:
        """Import all tables, and return what became of the rows of each.

        Raises:
            NotTheFormerSystem: There is nothing to import.
            Unavailable: This database can't take them now; what was imported stays.
        """
        counts = {}
        for table in find(source, schema):
            count = counts[table.name] = Count()
            total = table.count(source)
            for rows in table.rows(source, time_zone):
                self._take(table, rows, bounds, count)
                progress(table, count, total)
        return counts

    def _take(self, table: Table, rows: list[Row], bounds: Bounds, count: Count) -> None:
        count.read += len(rows)
        wanted = _wanted(table, rows, bounds, count.refused)
        known = self._known(table, wanted)
        count.there_already += len(known)
        new = [one for event_id, one in wanted.items() if event_id not in known]
        if new:
            self._store(new, count)

    def _known(self, table: Table, wanted: Mapping[UUID, Former]) -> set[UUID]:
        """Those that are in the target; by time and id, which its primary key has."""
        if not wanted:
            return set()
        moments = sorted({_EPOCH + timedelta(microseconds=one.microseconds) for one in wanted.values()})
        query = text(f'select id from {table.event.table} where "timestamp" = any(:moments) and id = any(:ids)')  # noqa: S608 - a name of the contract
        with self._target.begin() as connection:
            return set(connection.execute(query, {"moments": moments, "ids": list(wanted)}).scalars())

    def _store(self, new: Iterable[Former], count: Count) -> None:
        by_resource: dict[tuple[bytes, ...], list[bytes]] = defaultdict(list)
        for one in new:
            by_resource[one.resource].append(one.span)
        sent = [Sent(list(resource), spans) for resource, spans in by_resource.items()]
        export = self._exporter.export(Signal.TRACES, sent, time.time_ns())
        count.refused += export.rejected
        for message in export.messages:
            rows, links = rows_of(message.data, _ANY_AGE_DAYS)
            refused = len(rows.get(REJECTED_SPANS, ()))
            taken = sum(map(len, rows.values())) - refused
            if not self._dry_run:
                by_postgres = self._group.write(with_links(rows, links))
                taken, refused = taken - by_postgres, refused + by_postgres
            count.imported += taken
            if refused:
                count.refused["refused_by_store"] += refused


def _wanted(table: Table, rows: Iterable[Row], bounds: Bounds, refused: Counter[str]) -> dict[UUID, Former]:
    """The rows that may be imported, by the id that their event has."""
    wanted = {}
    for row in rows:
        try:
            one = former(table, row)
        except Unusable as unusable:
            refused[str(unusable)] += 1
            continue
        if refusal := bounds.refusal(one.microseconds):
            refused[refusal] += 1
        else:
            wanted[UUID(bytes=sha256(one.identity).digest()[:16])] = one
    return wanted


_KEPT = text("""
    select
        (select retention_months from analytics_upkeep),
        greatest(first_day, '0001-01-01')
    from analytics_rollup_state
""")
_IS_OWNER = text("select pg_has_role(relowner, 'member') from pg_class where oid = to_regclass(:table)")
