"""How long the dashboard's pages take with a year of events behind them.

Run as `python -m bench dashboard`. Each page is asked for ten times, over the default period and over 90 days; the
figures are the middle of its `Server-Timing`, which is how long its queries took together, and of the whole answer.

Filling takes a quarter of an hour. `BENCH_DATABASE_URL` names a database that is filled already and up to date.
"""

import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import text

from bench.report import table, write
from bench.servers import free_port, serve
from telemetry_local.demo import fill
from telemetry_local.postgres import Postgres
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate, rollups
from telemetry_pipeline.maintain.partitions import make_partitions, summarize
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, StoreSettings

EVENTS = int(os.environ.get("BENCH_EVENTS", "10500000"))
DAYS = 365
TIMES = 10
TARGET_MS = 100

PAGES = (
    "/",
    "/?period=90d&compare=previous",
    "/retention",
    "/features",
    "/features?period=90d",
    "/features/one?name=test",
    "/features/funnel?step1=project&step2=test_set&step3=test_run:created",
    "/performance",
    "/performance?period=90d",
    "/performance/one?method=GET&endpoint=/tests",
    "/versions",
    "/pipeline",
    "/collected",
)

Row = tuple[str, str, str, str]


def main() -> None:
    """Measure, print and write down."""
    with _database() as (url, events):
        rows = [row for k in (1, 5) for row in _measure(url, k)]
    figures = table(("page", "queries", "whole answer", "target"), rows)
    write("dashboard", f"{(__doc__ or '').strip()}\n\n{events:,} events of {DAYS} days.", figures)


def _measure(url: str, k: int) -> Iterator[Row]:
    with serve("dashboard", {"RHESIS_DATABASE_URL": url, "RHESIS_K_ANONYMITY": str(k)}) as server:
        for page in PAGES:
            address = f"http://127.0.0.1:{server.port}{page}"
            timed(address)
            queries, answer = (median(figures) for figures in zip(*[timed(address) for _ in range(TIMES)], strict=True))
            yield f"`{page}`, k = {k}", f"{queries:.0f} ms", f"{answer:.0f} ms", f"{TARGET_MS} ms"


def timed(address: str) -> tuple[float, float]:
    """Ask for a page; the milliseconds of its queries and of the whole answer."""
    begun = time.perf_counter()
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own
        answer.read()
        queries = float(answer.headers["Server-Timing"].partition("dur=")[2])
    return queries, (time.perf_counter() - begun) * 1000


def _fill(url: str) -> int:
    engine = connect(DatabaseSettings(database_url=url), "bench", pool_size=2, statement_seconds=0)
    migrate.upgrade(engine)
    ingest = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(32), max_age_days=DAYS + 1)
    now = datetime.now(UTC)
    with engine.connect() as connection:
        make_partitions(connection, now.date(), 12, 0)
        with fill.by_writer(StoreSettings(database_url=url)) as send:
            people = max(20, EVENTS // fill.EVENTS_PER_PERSON)
            played = fill.fill(
                ingest, send, days=DAYS, events=EVENTS, people=people, seed=1, now=now, as_they_came=True
            )
            events = sum(count for _, count in played)
        summarize(connection, now.date())
        rollups.refresh(connection, now + timedelta(minutes=6), all_days=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum (analyze)")
    engine.dispose()
    return events


@contextmanager
def _database() -> Iterator[tuple[str, int]]:
    """A database with events, and how many they are."""
    if url := os.environ.get("BENCH_DATABASE_URL"):
        yield url, _count(url)
        return
    with _server() as url:
        yield url, _fill(url)


def _count(url: str) -> int:
    engine = connect(DatabaseSettings(database_url=url), "bench", statement_seconds=0)
    with engine.connect() as connection:
        query = "select sum(events) from analytics_daily_events where deployment_type = 'all'"
        events = int(connection.execute(text(query)).scalar_one())
    engine.dispose()
    return events


@contextmanager
def _server() -> Iterator[str]:
    directory = Path(tempfile.mkdtemp(prefix="rhesis-bench-"))
    directory.chmod(0o755)
    server = Postgres(directory, free_port())
    server.start()
    try:
        server.create_database("bench")
        yield server.url("bench")
    finally:
        server.stop()
        shutil.rmtree(directory)
