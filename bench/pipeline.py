"""The whole pipeline as a load sees it: where it takes requests, what it holds, and what its parts need."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import cast
from urllib.parse import urlsplit

import sqlalchemy
from sqlalchemy import Engine, create_engine, make_url, text

from bench.servers import NO_QUOTA, family, stack
from telemetry_local import topics
from telemetry_local.pubsub.backlog import backlog
from telemetry_pipeline import contract

TABLES = tuple(event.table for event in contract.EVENTS)
PARTS = ("ingest", "bus", "store", "postgres")

_POLL_SECONDS = 0.02
_SAMPLE_SECONDS = 2.0
_EMPTY_SECONDS = 60.0

_TAKEN = " union all ".join(
    "select extract(epoch from pg_xact_commit_timestamp(xmin) - received_at) * 1000 as taken "  # noqa: S608 - our names
    f"from {table} where received_at >= :since"
    for table in TABLES
)
_TO_ROW = text(
    f"select percentile_cont(array[0.5, 0.99, 0.999, 1]) within group (order by taken) from ({_TAKEN}) as rows"  # noqa: S608
)
_COUNT = text(
    "select " + " + ".join(f"(select count(*) from {table} where received_at >= :since)" for table in TABLES)  # noqa: S608
)
_IDS = text(" union all ".join(f"select id from {table} where received_at >= :since" for table in TABLES))  # noqa: S608


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A stack that runs, whose Postgres keeps when each transaction was committed."""

    port: int
    database_url: str
    bus_host: str
    engine: Engine
    pids: Mapping[str, int]

    def now(self) -> datetime:
        """The time of its database."""
        with self.engine.connect() as connection:
            moment: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
        return moment

    def drained(self, since: datetime, rows: int) -> float:
        """Wait until there are so many rows that were received since then, and return how many seconds it took.

        Raises:
            RuntimeError: The bus holds something that `store` has not acknowledged, for a minute after that.
        """
        begun = time.perf_counter()
        with self.engine.connect() as connection:
            while connection.execute(_COUNT, {"since": since}).scalar_one() < rows:
                time.sleep(_POLL_SECONDS)
        taken = time.perf_counter() - begun
        while backlog(self.bus_host, topics.STORE) != 0:
            if time.perf_counter() - begun > taken + _EMPTY_SECONDS:
                raise RuntimeError("the queue is not empty, though all rows are there")
            time.sleep(_POLL_SECONDS)
        return taken

    def ids(self, since: datetime) -> list[bytes]:
        """The ids of all rows of the events that were received since then."""
        with self.engine.connect() as connection:
            return [row.id.bytes for row in connection.execute(_IDS, {"since": since})]

    def to_row_milliseconds(self, since: datetime) -> list[float]:
        """From the arrival at `ingest` to the commit, of each row since then: p50, p99, p99.9 and the longest."""
        with self.engine.connect() as connection:
            return [float(value) for value in connection.execute(_TO_ROW, {"since": since}).scalar_one()]

    def megabytes(self) -> dict[str, float]:
        """What each part's processes hold, in MB; what they share is counted once."""
        return {part: sum(map(_megabytes, family(self.pids[part]))) for part in PARTS}


@contextmanager
def pipeline(settings: Mapping[str, str] | None = None) -> Iterator[Pipeline]:
    """Run one until the block ends, with further variables of the environment."""
    with stack({**NO_QUOTA, **(settings or {})}) as about:
        url = str(about["database_url"])
        engine = create_engine(
            make_url(url).set(drivername="postgresql+pg8000"),
            poolclass=sqlalchemy.NullPool,
            isolation_level="AUTOCOMMIT",
        )
        pids = cast("dict[str, int]", about["pids"])
        _keep_commit_times(engine, pids["postgres"])
        # Postgres is another process now; its supervisor says which.
        pids = {**pids, "postgres": _postgres(engine)}
        yield Pipeline(
            urlsplit(str(about["otlp_url"])).port or 0,
            url,
            str(about["pubsub_emulator_host"]),
            engine,
            pids,
        )
        engine.dispose()


@contextmanager
def watched_memory(running: Pipeline) -> Iterator[list[dict[str, float]]]:
    """While the block runs, add what each part holds every two seconds, from the begin to the end."""
    seen = [running.megabytes()]
    ended = Event()

    def watch() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            seen.append(running.megabytes())

    watching = Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        ended.set()
        watching.join()
        seen.append(running.megabytes())


def _keep_commit_times(engine: Engine, postgres: int) -> None:
    """Have Postgres keep when each transaction was committed; its supervisor starts it again."""
    with engine.connect() as connection:
        connection.execute(text("alter system set track_commit_timestamp = on"))
    os.kill(postgres, signal.SIGINT)
    while True:
        with suppress(sqlalchemy.exc.DBAPIError, OSError), engine.connect() as connection:
            if connection.execute(text("show track_commit_timestamp")).scalar_one() == "on":
                return
        time.sleep(_POLL_SECONDS)


def _postgres(engine: Engine) -> int:
    """The process that is the parent of the one that serves a connection."""
    with engine.connect() as connection:
        backend = connection.execute(text("select pg_backend_pid()")).scalar_one()
        return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _megabytes(process: Path) -> float:
    """The proportional share of memory of a process (Linux: proc_pid_smaps(5), Pss); 0 if it is gone."""
    with suppress(OSError):
        lines = (process / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
    return 0.0
