"""What `maintain` needs of Postgres to keep the answers up to date: CPU-seconds by event."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from bench import processes
from bench.servers import free_port
from telemetry_local.demo import fill
from telemetry_local.postgres import Postgres
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate, rollups
from telemetry_pipeline.maintain.partitions import make_partitions
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, StoreSettings

_EVENTS = 300_000
_DAYS = 3
_INGEST = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(range(32)))


def measured() -> tuple[float, float, float]:
    """CPU-seconds by event: of counting a day, of comparing all that is stored, of asking days that are not counted."""
    server = Postgres(Path(tempfile.mkdtemp(prefix="rhesis-bench-")), free_port())
    server.start()
    try:
        return _on(server)
    finally:
        server.stop()
        shutil.rmtree(server.directory)


def _on(server: Postgres) -> tuple[float, float, float]:
    settings = StoreSettings(database_url=server.url("postgres"))
    engine = connect(DatabaseSettings(database_url=settings.database_url), "bench", statement_seconds=0)
    migrate.upgrade(engine)
    now = datetime.now(UTC)
    with engine.connect() as connection:
        make_partitions(connection, now.date(), 1, 0)
        with fill.by_writer(settings) as send:
            people = _EVENTS // fill.EVENTS_PER_PERSON
            played = fill.fill(_INGEST, send, days=_DAYS, events=_EVENTS, people=people, seed=1, now=now)
            events = dict(played)
        with connection.begin():
            connection.execute(text("analyze"))
        postmaster = int((server.directory / "data" / "postmaster.pid").read_text().split()[0])
        asking = _used(postmaster, lambda: _ask(connection)) / sum(events.values())
        rollups.refresh(connection, now, all_days=True)
        day = now.date() - timedelta(days=1)
        counting = _used(postmaster, lambda: rollups.refresh_day(connection, day)) / events[day]
        comparing = _used(postmaster, lambda: rollups.unrolled_days(connection)) / sum(events.values())
    engine.dispose()
    return counting, comparing, asking


def _ask(connection: Connection) -> None:
    """The question that reads most of an event: all of its days are counted from events."""
    with connection.begin():
        connection.execute(text("select * from exact_endpoint_performance where day >= current_date - 30")).all()


def _used(root: int, do: Callable[[], object], times: int = 3) -> float:
    before = processes.cpu_seconds(root)
    for _ in range(times):
        do()
    return (processes.cpu_seconds(root) - before) / times
