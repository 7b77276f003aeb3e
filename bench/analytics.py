"""How long the team's questions take with 10 million events behind them, and what keeps the answers up to date.

Run as `python -m bench analytics` (a quarter of an hour on two cores, 8 GB of disk). The events are a year of the demo,
by the code of `ingest` and `store`. Each question is asked five times, after a run of `maintain` and with a thousand
events that came since, one in fifty of them a day late; the figure is the middle execution time of EXPLAIN (ANALYZE).
A second figure is without the late ones: then only today is counted from raw events.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, Engine, text

from bench.report import table, write
from bench.servers import free_port
from telemetry_local.demo import fill
from telemetry_local.postgres import Postgres
from telemetry_pipeline import contract
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate, retention, rollups
from telemetry_pipeline.maintain.partitions import make_partitions, summarize
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, StoreSettings

EVENTS = 10_500_000
PEOPLE = 25_000
DAYS = 365
FRESH = 1_000
TIMES = 5

QUESTIONS = (
    "exact_daily_active_users where day >= current_date - 90",
    "exact_retention_cohorts",
    "exact_retention_n_day",
    "exact_user_lifecycle",
    "exact_feature_adoption where day >= current_date - 30",
    "exact_feature_funnel(array['project', 'test_set', 'test_run:created'], interval '7 days')",
    "exact_endpoint_performance where day >= current_date - 30",
    "endpoint_performance_between(current_date - 30, current_date)",
    "exact_sessions where day >= current_date - 90",
    "exact_version_adoption where day >= current_date - 30",
    "exact_installations where day >= current_date - 90",
    "exact_deployment_mix where day >= current_date - 90",
)

Row = tuple[str, str, str]


def main() -> None:
    """Measure, print and write down."""
    with _server() as url:
        engine = connect(DatabaseSettings(database_url=url), "bench", pool_size=2, statement_seconds=0)
        migrate.upgrade(engine)
        with engine.connect() as connection:
            rows = list(_measure(connection, url))
        engine.dispose()
    write("analytics", __doc__, table(("what", "took", "target"), rows))


def _measure(connection: Connection, url: str) -> Iterator[Row]:
    make_partitions(connection, datetime.now(UTC).date(), 12, 0)
    events, seconds = _fill(url)
    yield f"{events:,} demo events", f"{events / seconds * 60:,.0f} a minute", "1,000,000 a minute"
    _vacuum(connection.engine)
    yield from _refresh(connection)
    _arrive(connection, FRESH, late_days=0)
    on_time = [asked(connection, question) for question in QUESTIONS]
    _arrive(connection, FRESH // 50, late_days=1)
    for question, milliseconds in zip(QUESTIONS, on_time, strict=True):
        took = f"{milliseconds:.0f} ms, {asked(connection, question):.0f} ms with late ones"
        yield f"`{question}`", took, "100 ms"
    yield from _keep(connection)


def _fill(url: str) -> tuple[int, float]:
    begun = time.perf_counter()
    ingest = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(32), max_age_days=DAYS + 1)
    with fill.by_writer(StoreSettings(database_url=url)) as send:
        played = fill.fill(
            ingest, send, days=DAYS, events=EVENTS, people=PEOPLE, seed=1, now=datetime.now(UTC), as_they_came=True
        )
        events = sum(count for _, count in played)
    return events, time.perf_counter() - begun


def _refresh(connection: Connection) -> Iterator[Row]:
    """Every day for the first time, then a run that finds nothing, then one after new events."""
    times = [_seconds(partial(rollups.refresh_day, connection, day)) for day in rollups.unrolled_days(connection)]
    yield "counting a day for the first time, the middle one", f"{median(times):.2f} s", "5 s"
    yield "counting a day for the first time, the slowest", f"{max(times):.2f} s", "5 s"
    yield "comparing all days", f"{_seconds(lambda: rollups.unrolled_days(connection)):.2f} s", ""
    rollups.refresh(connection, datetime.now(UTC))
    _vacuum(connection.engine)
    summarize(connection, datetime.now(UTC).date())


def _keep(connection: Connection) -> Iterator[Row]:
    today = datetime.now(UTC).date()
    yield "counting today again", f"{_seconds(lambda: rollups.refresh_day(connection, today)):.2f} s", "5 s"
    rollups.refresh(connection, datetime.now(UTC), all_days=True)
    first_kept = retention.first_kept_day(today, 10)
    begun = time.perf_counter()
    partitions = retention.drop_expired(connection, first_kept).partitions
    yield f"dropping {len(partitions)} partitions", f"{time.perf_counter() - begun:.2f} s", ""


def _seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _arrive(connection: Connection, count: int, late_days: int) -> None:
    """New events after the pattern of the last days', some days late."""
    for event in contract.EVENTS:
        with connection.begin():
            columns = connection.execute(
                text(f"select * from {event.table} limit 0")  # noqa: S608 - a name of the contract
            ).keys()
            own = ", ".join(f'"{one}"' for one in columns if one not in {"id", "timestamp", "received_at"})
            connection.execute(
                text(f"""
                    insert into {event.table} (id, "timestamp", received_at, {own})
                    select gen_random_uuid(), now() - :late * interval '1 day', now(), {own}
                    from {event.table}
                    where "timestamp" > now() - interval '2 days'
                    limit :count
                """),  # noqa: S608 - names of the contract
                {"count": count // len(contract.EVENTS) + 1, "late": late_days},
            )


def asked(connection: Connection, question: str) -> float:
    """The middle execution time, in milliseconds."""
    times = []
    for _ in range(TIMES):
        plan = connection.execute(text(f"explain (analyze) select * from {question}")).scalars().all()  # noqa: S608 - ours
        times.append(float(plan[-1].split()[2]))
        connection.rollback()
    return median(times)


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


@contextmanager
def _server() -> Iterator[str]:
    directory = Path(tempfile.mkdtemp(prefix="rhesis-bench-"))
    directory.chmod(0o755)
    server = Postgres(directory, free_port(), {"max_wal_size": "4GB"})
    server.start()
    try:
        server.create_database("analytics")
        yield server.url("analytics")
    finally:
        server.stop()
        shutil.rmtree(directory)
