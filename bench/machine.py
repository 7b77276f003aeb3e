"""What the whole pipeline does on this machine under two loads that `bench.scaling` predicts.

One is as fast as it is answered: 1,500 requests of 36 spans over 8 connections. The other comes when its time has come:
a minute of the fleet (`bench.fleet`), 3,000 spans a second. Beside what was seen stands how many cores others took
meanwhile; BENCH_SECONDS changes the minute. Run as `python -m bench.machine`.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Self, cast
from urllib.parse import urlsplit

import sqlalchemy
from sqlalchemy import Connection, create_engine, make_url, text

from bench import captured, end_to_end, fleet, load, processes, report
from bench.servers import stack

RESULTS = Path(__file__).with_name("results") / "machine.json"
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
SPANS_PER_SECOND = 3000

_PARTS = ("ingest", "bus", "store", "postgres")


@dataclass(frozen=True, slots=True)
class Seen:
    """A load, and what was seen; times in seconds, and the cores that others and each part took, on average."""

    seconds: float
    spans_per_second: float
    answer_p50: float
    answer_p99: float
    to_row_p50: float
    to_row_p99: float
    others: float
    cores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """Both loads."""

    closed: Seen
    fleet_seconds: int
    fleet: Seen

    @classmethod
    def last(cls) -> Self:
        """What was measured last."""
        found = json.loads(RESULTS.read_text())
        return cls(Seen(**found["closed"]), found["fleet_seconds"], Seen(**found["fleet"]))


def main() -> None:
    """Print the table and write it down, for people and for programs."""
    with _pipeline() as (port, connection, pids):
        _closed(port, connection, pids, 300)
        measured = Measured(
            _closed(port, connection, pids, end_to_end.REQUESTS), SECONDS, _fleet(port, connection, pids)
        )
    RESULTS.write_text(json.dumps(asdict(measured), indent=2) + "\n")
    report.write("machine", __doc__, report.table(*_table(measured)))


def _table(measured: Measured) -> tuple[list[str], list[list[str]]]:
    headers = ["load", "spans/s", "answer p50 ms", "p99 ms", "to row p50 ms", "p99 ms", "others' cores", *_PARTS]
    rows = []
    for name, seen in (("closed", measured.closed), (f"fleet, {measured.fleet_seconds} s", measured.fleet)):
        times = (seen.answer_p50, seen.answer_p99, seen.to_row_p50, seen.to_row_p99)
        cores = (seen.others, *(seen.cores[part] for part in _PARTS))
        rows.append(
            [name, f"{seen.spans_per_second:,.0f}", *(f"{one * 1000:.1f}" for one in times)]
            + [f"{one:.2f}" for one in cores]
        )
    return headers, rows


@contextmanager
def _pipeline() -> Iterator[tuple[int, Connection, Mapping[str, int]]]:
    with stack() as about:
        pids = cast("dict[str, int]", about["pids"])
        url = make_url(str(about["database_url"])).set(drivername="postgresql+pg8000")
        engine = create_engine(url, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT")
        fleet.keep_commit_times(engine, pids["postgres"])
        with engine.connect() as connection:
            # The server was started again.
            found = connection.execute(
                text("select min(pid) from pg_stat_activity where backend_type = 'checkpointer'")
            )
            pids["postgres"] = processes.parent(found.scalar_one())
            yield urlsplit(str(about["otlp_url"])).port or 0, connection, pids
        engine.dispose()


def _closed(port: int, connection: Connection, pids: Mapping[str, int], count: int) -> Seen:
    requests = load.prepared("/v1/traces", captured.bodies(end_to_end.SPANS, count))
    return _seen(connection, pids, count * end_to_end.SPANS, lambda: load.send(port, requests, end_to_end.CONNECTIONS))


def _fleet(port: int, connection: Connection, pids: Mapping[str, int]) -> Seen:
    due = fleet.timetable(Random(1), SECONDS, SPANS_PER_SECOND)
    schedule, ids = fleet.prepared(Random(1), due)
    return _seen(connection, pids, len(ids), lambda: load.send_at(port, schedule, fleet.CONNECTIONS, waited=True))


def _seen(connection: Connection, pids: Mapping[str, int], spans: int, send: Callable[[], load.Answered]) -> Seen:
    stored = connection.execute(end_to_end.COUNT).scalar_one()
    since = connection.execute(text("select now()")).scalar_one()
    before = {part: processes.cpu_seconds(pids[part]) for part in _PARTS}
    machine, ours, begun = processes.machine_cpu_seconds(), time.process_time(), time.perf_counter()
    answered = send()
    after = {part: processes.cpu_seconds(pids[part]) for part in _PARTS}
    machine, ours = processes.machine_cpu_seconds() - machine, time.process_time() - ours
    while connection.execute(end_to_end.COUNT).scalar_one() < stored + spans:
        time.sleep(0.005)
    seconds = time.perf_counter() - begun
    cores = {part: (after[part] - before[part]) / answered.wall_seconds for part in _PARTS}
    to_row = connection.execute(text(fleet.TO_ROW), {"since": since}).scalar_one()
    return Seen(
        seconds,
        spans / seconds,
        answered.percentile(0.5),
        answered.percentile(0.99),
        to_row[0] / 1000,
        to_row[1] / 1000,
        max(machine - ours, 0.0) / answered.wall_seconds - sum(cores.values()),
        cores,
    )


if __name__ == "__main__":
    main()
