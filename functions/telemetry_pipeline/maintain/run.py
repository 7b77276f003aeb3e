"""One run of maintenance: migrations, partitions, rollups, retention, in this order."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate, retention, roles, rollups
from telemetry_pipeline.maintain.partitions import make_partitions
from telemetry_pipeline.settings import MaintainSettings

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


def _maintain(connection: Connection, settings: MaintainSettings, now: datetime, report: Report) -> None:
    first_kept = retention.first_kept_day(now.date(), settings.retention_months)
    is_due = retention.is_due(connection, first_kept)
    report.step("partitions", lambda: {"made": make_partitions(connection, now.date(), 0, _MONTHS_AHEAD)})
    report.step("rollups", lambda: {"days": len(rollups.refresh(connection, now, all_days=is_due))})
    report.step("retention", lambda: _retain(connection, settings, first_kept, now, is_due=is_due))


def _retain(
    connection: Connection, settings: MaintainSettings, first_kept: date, now: datetime, *, is_due: bool
) -> dict[str, Any]:
    dropped = retention.drop_expired(connection, first_kept) if is_due else retention.Dropped([], [])
    deleted = retention.delete_expired(connection, now, settings.rejected_retention_days)
    return {"dropped": dropped.partitions, "postponed": dropped.postponed, "deleted": deleted}


def _migrate(engine: Engine, settings: MaintainSettings) -> dict[str, Any]:
    before = migrate.current(engine)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        roles.admit(connection, settings.database_writers, settings.database_readers)
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
