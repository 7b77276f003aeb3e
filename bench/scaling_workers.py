"""The whole pipeline with 1, 2 and 4 worker processes of each function.

First as much as it takes: 1,500 requests of 36 spans over eight connections, the spans per second from the first
request to the last row, the best of three. Then, in the same pipeline, a minute of the installations of
`python -m bench fleet` at 2,000 spans a second on the average, the same load for every number of workers. The durable
local Pub/Sub is one process in any case, and it, Postgres and the load share the cores with the workers: more workers
than there are cores left show what they cost, not what they give. In the cloud each instance has cores of its own. Run
as `python -m bench scaling_workers`.
"""

import os

from bench import end_to_end, fleet, report
from bench.fleet import Outcome
from bench.pipeline import Pipeline, pipeline

WORKERS = (1, 2, 4)
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
SPANS_PER_SECOND = int(os.environ.get("BENCH_SPANS_PER_SECOND", "2000"))

_PASSES = 3
_REQUESTS = 1500


def main() -> None:
    """Print the table and write it down."""
    outcomes = {workers: _measure(workers) for workers in WORKERS}
    headers = (
        "workers of each function",
        "highest spans/s",
        "answer p50 ms",
        "p99 ms",
        "p99.9 ms",
        "to row p50 ms",
        "p99 ms",
        "p99.9 ms",
        "ingest MB",
        "store MB",
    )
    rows = [
        (
            workers,
            f"{highest:,.0f}",
            *(f"{value:.1f}" for value in outcome.answer_milliseconds[:3]),
            *(f"{value:.1f}" for value in outcome.to_row_milliseconds[:3]),
            *(f"{outcome.memory[-1][part]:.0f}" for part in ("ingest", "store")),
        )
        for workers, (highest, outcome) in outcomes.items()
    ]
    spans = max(outcome.spans for _, outcome in outcomes.values())
    is_exact = all(outcome.is_exact for _, outcome in outcomes.values())
    said = (
        f"This machine has {os.cpu_count()} cores for all of it. "
        f"Latencies are those of {spans:,} spans in {SECONDS} s; "
        f"each was a row, once, in every run: {'yes' if is_exact else 'no'}."
    )
    report.write("scaling_workers", __doc__, f"{report.table(headers, rows)}\n\n{said}")
    if not is_exact:
        raise SystemExit("the rows are not those that were acknowledged")


def _measure(workers: int) -> tuple[float, Outcome]:
    print(f"{workers} workers", flush=True)
    with pipeline({"WORKERS": str(workers)}) as running:
        return _highest(running), fleet.measure(running, SECONDS, SPANS_PER_SECOND)


def _highest(running: Pipeline) -> float:
    """Spans per second, after a first pass that opens every worker's connections."""
    with running.engine.connect() as connection:
        passes = [end_to_end.sustain(running.port, connection, _REQUESTS)[0] for _ in range(_PASSES + 1)]
    return max(passes[1:])
