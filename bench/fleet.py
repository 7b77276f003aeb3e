"""Some thousand installations for some minutes: what the pipeline answers, how soon a row is there, what it needs.

Each installation exports a small batch every few seconds, more by day than by night (a day lasts as long as the run).
After three fifths of it a tenth of them come back from an outage of twenty seconds and send all that waited, in the
batches that an SDK makes. A request is due when its installation's clock says so: what waits for a connection counts as
waiting for the answer. From request to row: from the arrival at `ingest` to the commit (track_commit_timestamp), of
every row. In the end the set of the ids of the rows is compared with the set of those that were acknowledged. Memory is
what the processes of a part hold, what they share counted once (Linux: Pss). `ingest`, the durable local Pub/Sub,
`store`, Postgres and the load share the cores. Run as `python -m bench fleet`; BENCH_SECONDS and
BENCH_SPANS_PER_SECOND change how long and how much.
"""

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from random import Random

from bench import captured, load, report
from bench.pipeline import PARTS, Pipeline, pipeline, watched_memory

SECONDS = int(os.environ.get("BENCH_SECONDS", "240"))
SPANS_PER_SECOND = int(os.environ.get("BENCH_SPANS_PER_SECOND", "3000"))
INSTALLATIONS = 3000
CONNECTIONS = 32

_BATCH = (1, 24)
_OUTAGE_SECONDS = 20.0
_OUTAGE_BATCH = 512
_OUTAGE_SHARE = 0.1
_WARM_UP_SECONDS = 10
_SHARES = (0.5, 0.99, 0.999, 1)

Schedule = list[tuple[float, bytes]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load came to; memory is in MB by part, in order of time."""

    spans: int
    answered: load.Answered
    to_row_milliseconds: list[float]
    drained_seconds: float
    lost: int
    not_sent: int
    twice: int
    memory: list[dict[str, float]]

    @property
    def spans_per_second(self) -> float:
        """From the first request to the last answer."""
        return self.spans / self.answered.wall_seconds

    @property
    def requests_per_second(self) -> float:
        """Over the same time."""
        return self.answered.per_second

    @property
    def answer_milliseconds(self) -> list[float]:
        """From when a request was due to its answer: p50, p99, p99.9 and the longest."""
        return [self.answered.percentile(share) * 1000 for share in _SHARES]

    @property
    def is_exact(self) -> bool:
        """Whether the rows are those that were acknowledged, each once."""
        return self.lost == self.not_sent == self.twice == 0


def main() -> None:
    """Print the tables and write them down."""
    with pipeline() as running:
        outcome = measure(running, SECONDS, SPANS_PER_SECOND)
    report.write("fleet", __doc__, "\n\n".join(_figures(outcome)))
    if not outcome.is_exact:
        raise SystemExit("the rows are not those that were acknowledged")


def measure(running: Pipeline, seconds: int, spans_per_second: int) -> Outcome:
    """Put a pipeline under the load of the installations for so long, at so many spans a second on the average."""
    schedule, ids = prepared(Random(1), timetable(Random(1), seconds, spans_per_second))
    warm_up, warm_ids = prepared(Random(2), timetable(Random(2), _WARM_UP_SECONDS, spans_per_second))
    since = running.now()
    load.send_at(running.port, warm_up, CONNECTIONS)
    running.drained(since, len(warm_ids))
    since = running.now()
    with watched_memory(running) as memory:
        answered = load.send_at(running.port, schedule, CONNECTIONS, waited=True)
        drained_seconds = running.drained(since, len(ids))
    stored = Counter(running.ids(since))
    return Outcome(
        len(ids),
        answered,
        running.to_row_milliseconds(since),
        drained_seconds,
        lost=len(ids - stored.keys()),
        not_sent=len(stored.keys() - ids),
        twice=sum(number > 1 for number in stored.values()),
        memory=memory,
    )


def _figures(outcome: Outcome) -> Iterator[str]:
    yield report.table(
        (f"{outcome.spans:,} spans of {INSTALLATIONS:,} installations", "p50 ms", "p99 ms", "p99.9 ms", "longest ms"),
        [
            ("from due to answer", *(f"{value:.1f}" for value in outcome.answer_milliseconds)),
            ("from request to row", *(f"{value:.1f}" for value in outcome.to_row_milliseconds)),
        ],
    )
    yield (
        f"{outcome.spans_per_second:,.0f} spans/s in {outcome.requests_per_second:,.0f} requests/s. "
        f"{outcome.drained_seconds:.2f} s after the last answer the last row was there, and the queue empty. "
        f"Acknowledged and no row: {outcome.lost:,}; a row and not sent: {outcome.not_sent:,}; "
        f"there twice: {outcome.twice:,}."
    )
    moments = [outcome.memory[round(share * (len(outcome.memory) - 1))] for share in (0, 0.25, 0.5, 0.75, 1)]
    yield report.table(
        ("memory, MB", "begin", "a quarter", "half", "three quarters", "end", "most"),
        (
            (part, *(f"{one[part]:.0f}" for one in moments), f"{max(one[part] for one in outcome.memory):.0f}")
            for part in PARTS
        ),
    )


def timetable(dice: Random, seconds: int, spans_per_second: float) -> list[tuple[float, int]]:
    """When requests are due, in ascending order, and how many spans each has."""
    per_second = spans_per_second / (sum(_BATCH) / 2)
    came_back = seconds * 0.6
    due_requests: list[tuple[float, int]] = []
    waiting = 0
    due = 0.0
    while due < seconds:
        # Least at the beginning and at the end of the day, most in its middle.
        rate = per_second * (1 - 0.6 * math.cos(2 * math.pi * due / seconds))
        due += dice.expovariate(rate)
        spans = dice.randint(*_BATCH)
        if came_back - _OUTAGE_SECONDS <= due < came_back and dice.random() < _OUTAGE_SHARE:
            waiting += spans
        else:
            due_requests.append((due, spans))
    while waiting > 0:
        due_requests.append((came_back, min(waiting, _OUTAGE_BATCH)))
        waiting -= _OUTAGE_BATCH
    return sorted(due_requests)


def prepared(dice: Random, due_requests: list[tuple[float, int]]) -> tuple[Schedule, set[bytes]]:
    """What the installations send, and the ids of their events."""
    ids: set[bytes] = set()
    return [(due, _request(dice, spans, ids)) for due, spans in due_requests], ids


def _request(dice: Random, spans: int, ids: set[bytes]) -> bytes:
    request = captured.of_installation(spans, f"installation-{dice.randrange(INSTALLATIONS)}")
    for span in request.resource_spans[0].scope_spans[0].spans:
        ids.add(sha256(span.trace_id + span.span_id).digest()[:16])
    (prepared,) = load.prepared("/v1/traces", [request.SerializeToString()])
    return prepared
