"""One run of maintenance: migrations, partitions, keys, rollups, erasure, retention, history, in this order."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, text

from telemetry_pipeline import warehouse
from telemetry_pipeline.database import connect
from telemetry_pipeline.logs import log
from telemetry_pipeline.maintain import (
    dead_letters,
    erasure,
    history,
    keys,
    links,
    migrate,
    retention,
    roles,
    rollups,
    upkeep,
)
from telemetry_pipeline.maintain.partitions import make_partitions, summarize
from telemetry_pipeline.observing import Operation, metrics
from telemetry_pipeline.settings import MaintainSettings, WarehouseSettings

if TYPE_CHECKING:
    from google.cloud import bigquery

LOCK = 0x6D61_696E_7461_696E
"""The key of the advisory lock that a run holds: "maintain" in ASCII."""

_MONTHS_AHEAD = 3
_CONNECTIONS = 2
"""One that holds the lock and one that works."""


class UnderWay(Exception):
    """Another run is under way; there is nothing to do for this one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done: for each step its figures, among them the seconds that it took."""

    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def step(self, name: str, do: Callable[[], Mapping[str, Any]]) -> None:
        """Do a step and note what it did."""
        begun = time.perf_counter()
        with Operation(metrics.STEPS, name, name):
            did = do()
        self.steps[name] = {**did, "seconds": round(time.perf_counter() - begun, 3)}


def engine_of(settings: MaintainSettings) -> Engine:
    """The connections that runs need; a migration or a day's rollup may take its time."""
    return connect(settings, "maintain", _CONNECTIONS, statement_seconds=0)


def migrate_only(engine: Engine, settings: MaintainSettings) -> Report:
    """Bring the schema and the views up to date, and give the roles to who is to have them."""
    report = Report()
    report.step("migrate", lambda: _migrate(engine, settings))
    return report


def run(engine: Engine, settings: MaintainSettings) -> Report:
    """Do all that there is to do now.

    Raises:
        UnderWay: Another run is.
    """
    with _alone(engine):
        report = migrate_only(engine, settings)
        now = datetime.now(UTC)
        with engine.connect() as connection:
            _maintain(connection, settings, now, report)
    return report


def obey(engine: Engine, settings: MaintainSettings) -> Report:
    """Do what requests for erasure ask for now, and no more than that needs.

    Raises:
        UnderWay: A run is; the requests are then for the next one.
    """
    report = Report()
    with _alone(engine):
        now = datetime.now(UTC)
        with engine.connect() as connection:
            report.step("rollups", lambda: {"days": len(rollups.refresh(connection, now))})
            report.step("erasure", lambda: _erase(connection, settings, now))
            _write_history(connection, settings, now, report)
    return report


def _maintain(connection: Connection, settings: MaintainSettings, now: datetime, report: Report) -> None:
    first_kept = retention.first_kept_day(now.date(), settings.retention_months)
    is_due = retention.is_due(connection, first_kept)
    report.step("partitions", lambda: _partition(connection, now.date()))
    report.step("keys", lambda: keys.end_overlaps(connection, settings, now))
    report.step("rollups", lambda: {"days": len(rollups.refresh(connection, now))})
    report.step("erasure", lambda: _erase(connection, settings, now))
    report.step("retention", lambda: _retain(connection, settings, first_kept, now, is_due=is_due))
    _write_history(connection, settings, now, report)
    if settings.dead_letters_subscription:
        report.step("dead_letters", lambda: _count_dead_letters(connection, settings, now))


def _write_history(connection: Connection, settings: MaintainSettings, now: datetime, report: Report) -> None:
    if found := settings.warehouse:
        report.step("history", lambda: _tell_bigquery(connection, found, now, settings.retention_months))


def _partition(connection: Connection, today: date) -> dict[str, Any]:
    made = make_partitions(connection, today, 0, _MONTHS_AHEAD)
    summarize(connection, today)
    return {"made": made}


def _retain(
    connection: Connection, settings: MaintainSettings, first_kept: date, now: datetime, *, is_due: bool
) -> dict[str, Any]:
    dropped = retention.drop_expired(connection, first_kept) if is_due else retention.Dropped([], [])
    deleted = retention.delete_expired(connection, now, settings.rejected_retention_days)
    return {"dropped": dropped.partitions, "postponed": dropped.postponed, "deleted": deleted}


def _erase(connection: Connection, settings: MaintainSettings, now: datetime) -> dict[str, Any]:
    did: dict[str, Any] = erasure.erase(connection)
    if settings.warehouse:
        erase = partial(erasure.erase_in_bigquery, connection, now=now)
        did["events_in_bigquery"] = _in_bigquery("erasure", settings.warehouse, erase)
    days = 1 + max(erasure.ARRIVES_WITHIN_DAYS, settings.rejected_retention_days)
    did["forgotten"] = erasure.forget_requests(connection, now, days, in_bigquery=settings.warehouse is not None)
    return did


def _tell_bigquery(connection: Connection, settings: WarehouseSettings, now: datetime, months: int) -> dict[str, Any]:
    write = partial(history.write, connection, now=now, months=months)
    told: dict[str, Any] = {"rows": _in_bigquery("history", settings, write)}
    # What is unlinked must be counted there first.
    if isinstance(told["rows"], int) and links.are_due(connection):
        told["links"] = _in_bigquery("links", settings, partial(links.write, connection))
    return told


def _in_bigquery(what: str, settings: WarehouseSettings, do: Callable[["bigquery.Client", str], int]) -> int | str:
    """To how many rows it was done, or what kept it from being done: Postgres must not wait for BigQuery."""
    from google.api_core.exceptions import GoogleAPIError

    try:
        with closing(warehouse.client(settings)) as client:
            return do(client, settings.bigquery_dataset)
    except (GoogleAPIError, OSError) as error:
        log("ERROR", f"{what} in BigQuery postponed", error=type(error).__name__)
        return f"postponed: {type(error).__name__}"


def _count_dead_letters(connection: Connection, settings: MaintainSettings, now: datetime) -> dict[str, Any]:
    """How many there are, as far as Monitoring tells: maintenance must not fail when it doesn't."""
    from google.auth.exceptions import GoogleAuthError

    try:
        count = dead_letters.count(settings.dead_letters_subscription, now)
    except (GoogleAuthError, OSError) as error:
        log("ERROR", "dead letters not counted", error=type(error).__name__)
        count = None
    upkeep.record_dead_letters(connection, count, now)
    return {"messages": count}


def _migrate(engine: Engine, settings: MaintainSettings) -> dict[str, Any]:
    before = migrate.current(engine)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        upkeep.record_settings(connection, settings)
        roles.admit(
            connection,
            settings.database_writers,
            settings.database_readers,
            settings.database_dashboards,
            settings.database_publics,
        )
    return {"from": before, "to": migrate.current(engine)}


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    with engine.connect() as connection:
        if not connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
            raise UnderWay
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": LOCK})
            connection.commit()
