"""What 1, 10 and 100 million rows behind it do to the pipeline: storing, from request to row, pages and questions.

One stack grows from size to size. The smallest is 91 days of the demo, by the code of `ingest` and `store`; the others
are copies of it that Postgres makes (bench/multiplied.py), in the same partitions and with the same indexes. After each
growth `maintain`'s code counts all days anew, and Postgres is vacuumed, as it would be in time. Then at each size:

- `store`, from a message's data to the commit, as `python -m bench store` measures it;
- half a minute of the installations of `python -m bench fleet` at 1,000 spans a second on the average, from request to
  row;
- the dashboard's pages: the middle of ten, how long their queries took together;
- the team's questions (`python -m bench analytics`): the middle of five, execution time of EXPLAIN (ANALYZE).

Run as `python -m bench rows_behind`: about an hour on two cores, most of it for filling and counting the largest size,
and 45 GB of disk. BENCH_ROWS=1e6,1e7 are its sizes, in rows of the three tables together, ascending.
What is measured is written down after each size. The data is in the system's directory for temporary files and is
removed at the end, also after Ctrl-C; a size that would not fit on the disk is left out.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NoReturn
from urllib.error import HTTPError

from sqlalchemy import Engine, text

from bench import analytics, dashboard, fleet, multiplied, report, store
from bench.pipeline import TABLES, Pipeline, pipeline
from bench.servers import serve
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import rollups
from telemetry_pipeline.settings import DatabaseSettings, StoreSettings
from telemetry_pipeline.store.function import Store

SIZES = sorted(int(float(size)) for size in os.environ.get("BENCH_ROWS", "1e6,1e7,1e8").split(","))
SECONDS = 30
SPANS_PER_SECOND = 1000

_SPARE_BYTES = 10 * 10**9
"""What must stay free beside the tables: the write-ahead log, and what sorts and the bus need."""

_MOST_BYTES = 45 * 10**9

_FILLING = {
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'30min'",
    "maintenance_work_mem": "'512MB'",
}

Figures = dict[str, str]


def main() -> None:
    """Measure each size, print, and write down what there is after each."""
    signal.signal(signal.SIGTERM, _end)
    measured: dict[str, Figures] = {}
    with pipeline() as running, _alone(running):
        engine = connect(DatabaseSettings(database_url=running.database_url), "bench", 4, statement_seconds=0)
        played = 0
        copies = 0
        for size in SIZES:
            begun = time.monotonic()
            if played and (reason := _no_room(running, size)):
                _say(f"{size:,} rows: {reason}")
                break
            with _filling(running):
                if not played:
                    _say(f"playing {size:,} events")
                    played = multiplied.play(running.engine, running.database_url, size)
                elif (wanted := round(size / played) - 1) > copies:
                    _say(f"copying to {size:,} rows")
                    multiplied.copy(running.engine, copies + 1, wanted)
                    copies = wanted
                filled = time.monotonic()
                _say(f"filled in {filled - begun:,.0f} s; counting the days")
                counted = _count_days(engine)
                _say(f"counted in {sum(counted):,.0f} s; vacuuming")
                _vacuum(running.engine)
            rows = _rows(running)
            _say(f"{rows:,} rows, {_bytes(running) / 1e9:,.1f} GB; measuring")
            measured[f"{rows:,} rows"] = {
                "tables and indexes": f"{_event_bytes(running) / 1e9:,.2f} GB",
                "counting a day for the first time, the middle one": f"{median(counted):.2f} s",
                **dict(_measure(running, engine)),
            }
            report.write("rows_behind", __doc__, _table(measured))
            _say(f"{size:,} rows took {time.monotonic() - begun:,.0f} s")
        engine.dispose()


def _measure(running: Pipeline, engine: Engine) -> Iterator[tuple[str, str]]:
    messages = store.Messages()
    writing = Store.made_from(StoreSettings(database_url=running.database_url))
    for one in (store.alone(writing, messages, 36), store.alone(writing, messages, 512)):
        yield f"{one.way}, {one.spans_per_message} spans each", f"{one.rows_per_second:,.0f} rows/s"
    one = store.together(writing, messages)
    yield f"{one.way}, {one.spans_per_message} spans each", f"{one.rows_per_second:,.0f} rows/s"
    writing.engine.dispose()
    load = fleet.measure(running, SECONDS, SPANS_PER_SECOND)
    if not load.is_exact:
        raise SystemExit("the rows are not those that were acknowledged")
    for share, answer, to_row in zip(
        ("p50", "p99", "p99.9"), load.answer_milliseconds, load.to_row_milliseconds, strict=False
    ):
        yield f"answer, {share}", f"{answer:.1f} ms"
        yield f"from request to row, {share}", f"{to_row:.1f} ms"
    # What has come meanwhile is counted, as `maintain` does every few minutes.
    with engine.connect() as connection:
        begun = time.monotonic()
        rollups.refresh(connection, datetime.now(UTC) + timedelta(minutes=6), all_days=True)
        yield "comparing all days, and counting today again", f"{time.monotonic() - begun:.2f} s"
    with serve("dashboard", {"RHESIS_DATABASE_URL": running.database_url, "RHESIS_K_ANONYMITY": "1"}) as pages:
        for page in dashboard.PAGES:
            yield f"`{page}`", _page(f"http://127.0.0.1:{pages.port}{page}")
    with engine.connect() as connection:
        for question in analytics.QUESTIONS:
            yield f"`{question}`", f"{analytics.asked(connection, question):,.0f} ms"


def _page(address: str) -> str:
    """The milliseconds of its queries; or how it failed, which is a result too."""
    try:
        dashboard.timed(address)
        return f"{median(dashboard.timed(address)[0] for _ in range(dashboard.TIMES)):,.0f} ms"
    except HTTPError as error:
        return f"HTTP {error.code}"
    except TimeoutError:
        return "longer than 60 s"


def _table(measured: dict[str, Figures]) -> str:
    names = next(iter(measured.values()))
    rows = ((name, *(figures[name] for figures in measured.values())) for name in names)
    return report.table(("", *measured), rows)


def _count_days(engine: Engine) -> list[float]:
    """Count all days that need it, the seconds of each."""
    taken = []
    with engine.connect() as connection:
        for number, day in enumerate(rollups.unrolled_days(connection), start=1):
            begun = time.monotonic()
            rollups.refresh_day(connection, day)
            taken.append(time.monotonic() - begun)
            if number % 10 == 0:
                _say(f"  {number} days")
        rollups.refresh(connection, datetime.now(UTC))
    return taken


def _vacuum(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("vacuum (analyze)")
        connection.exec_driver_sql("checkpoint")


def _rows(running: Pipeline) -> int:
    counts = " + ".join(f"(select count(*) from {table})" for table in TABLES)  # noqa: S608 - names of the contract
    with running.engine.connect() as connection:
        return int(connection.execute(text(f"select {counts}")).scalar_one())


def _bytes(running: Pipeline) -> int:
    with running.engine.connect() as connection:
        return int(connection.execute(text("select pg_database_size(current_database())")).scalar_one())


def _event_bytes(running: Pipeline) -> int:
    query = """
        select sum(pg_total_relation_size(relid))
        from unnest(cast(:tables as text[])) as name
        cross join pg_partition_tree(cast(name as regclass))
    """
    with running.engine.connect() as connection:
        return int(connection.execute(text(query), {"tables": list(TABLES)}).scalar_one())


def _no_room(running: Pipeline, size: int) -> str:
    """Why a size would not fit, from what a row takes so far; nothing if it would."""
    now = _bytes(running)
    then = now * size // _rows(running)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if then > _MOST_BYTES or then - now > free - _SPARE_BYTES:
        return f"{then / 1e9:,.0f} GB would be needed; {free / 1e9:,.0f} GB are free"
    return ""


@contextmanager
def _filling(running: Pipeline) -> Iterator[None]:
    """Let Postgres write as fast as it can, without regard to a fault of the machine; afterwards all is as it was."""
    with running.engine.connect() as connection:
        for name, value in _FILLING.items():
            connection.exec_driver_sql(f"alter system set {name} = {value}")
        connection.exec_driver_sql("select pg_reload_conf()")
        yield
        for name in _FILLING:
            connection.exec_driver_sql(f"alter system reset {name}")
        connection.exec_driver_sql("select pg_reload_conf()")


@contextmanager
def _alone(running: Pipeline) -> Iterator[None]:
    """Keep the scheduler from having `maintain` count what is still being filled."""
    scheduler = running.pids["scheduler"]
    os.kill(scheduler, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(scheduler, signal.SIGCONT)


def _say(what: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {what}", file=sys.stderr, flush=True)


def _end(*_: object) -> NoReturn:
    raise SystemExit("ended")
