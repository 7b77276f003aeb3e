"""What the whole pipeline does on this machine under two loads that `bench.scaling` predicts.

One is as fast as it is answered: 1,500 requests of 36 spans over 8 connections. The other comes when its time has come:
a minute of the fleet (`bench.fleet`), 3,000 spans a second. Beside what was seen stands how many cores others took
meanwhile; BENCH_SECONDS changes the minute. Run as `python -m bench.machine`.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Self

from bench import captured, end_to_end, fleet, load, processes, report
from bench.pipeline import PARTS, Pipeline, pipeline

RESULTS = Path(__file__).with_name("results") / "machine.json"
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
SPANS_PER_SECOND = 3000


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
    with pipeline() as running:
        _closed(running, 300)
        measured = Measured(_closed(running, end_to_end.REQUESTS), SECONDS, _fleet(running))
    RESULTS.write_text(json.dumps(asdict(measured), indent=2) + "\n")
    report.write("machine", __doc__, report.table(*_table(measured)))


def _table(measured: Measured) -> tuple[list[str], list[list[str]]]:
    headers = ["load", "spans/s", "answer p50 ms", "p99 ms", "to row p50 ms", "p99 ms", "others' cores", *PARTS]
    rows = []
    for name, seen in (("closed", measured.closed), (f"fleet, {measured.fleet_seconds} s", measured.fleet)):
        times = (seen.answer_p50, seen.answer_p99, seen.to_row_p50, seen.to_row_p99)
        cores = (seen.others, *(seen.cores[part] for part in PARTS))
        rows.append(
            [name, f"{seen.spans_per_second:,.0f}", *(f"{one * 1000:.1f}" for one in times)]
            + [f"{one:.2f}" for one in cores]
        )
    return headers, rows


def _closed(running: Pipeline, count: int) -> Seen:
    requests = load.prepared("/v1/traces", captured.bodies(end_to_end.SPANS, count))
    return _seen(running, count * end_to_end.SPANS, lambda: load.send(running.port, requests, end_to_end.CONNECTIONS))


def _fleet(running: Pipeline) -> Seen:
    due = fleet.timetable(Random(1), SECONDS, SPANS_PER_SECOND)
    schedule, ids = fleet.prepared(Random(1), due)
    return _seen(running, len(ids), lambda: load.send_at(running.port, schedule, fleet.CONNECTIONS, waited=True))


def _seen(running: Pipeline, spans: int, send: Callable[[], load.Answered]) -> Seen:
    since = running.now()
    before = {part: processes.cpu_seconds(running.pids[part]) for part in PARTS}
    machine, ours, begun = processes.machine_cpu_seconds(), time.process_time(), time.perf_counter()
    answered = send()
    after = {part: processes.cpu_seconds(running.pids[part]) for part in PARTS}
    machine, ours = processes.machine_cpu_seconds() - machine, time.process_time() - ours
    running.drained(since, spans)
    seconds = time.perf_counter() - begun
    cores = {part: (after[part] - before[part]) / answered.wall_seconds for part in PARTS}
    to_row = running.to_row_milliseconds(since)
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
