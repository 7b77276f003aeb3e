"""Some thousand installations for some minutes: what the pipeline answers, how soon a row is there, what it needs.

Each installation exports a small batch every few seconds, more by day than by night (a day lasts as long as the run).
After three fifths of it a tenth of them come back from an outage of twenty seconds and send all that waited, in the
batches that an SDK makes. A request is due when its installation's clock says so: what waits for a connection counts as
waiting for the answer. From request to row: from the arrival at `ingest` to the commit (track_commit_timestamp), of
every row. At the end the ids of the rows are compared with those that were acknowledged. `ingest`, the durable local
Pub/Sub, `store`, Postgres and the load share the cores. Run as `python -m bench fleet`.
"""

import math
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from random import Random
from typing import cast
from urllib.parse import urlsplit

import sqlalchemy
from sqlalchemy import Connection, create_engine, make_url, text

from bench import captured, load, report
from bench.servers import members, stack
from telemetry_pipeline import contract

SECONDS = int(os.environ.get("BENCH_SECONDS", "240"))
SPANS_PER_SECOND = int(os.environ.get("BENCH_SPANS_PER_SECOND", "3000"))
INSTALLATIONS = 3000
CONNECTIONS = 32

_BATCH = (1, 24)
_OUTAGE_SECONDS = 20.0
_OUTAGE_BATCH = 512
_OUTAGE_SHARE = 0.1
_WARM_UP_SECONDS = 10
_TABLES = [event.table for event in contract.EVENTS]

_COMMITTED = "pg_xact_commit_timestamp(xmin)"
_TAKEN = " union all ".join(
    f"select extract(epoch from {_COMMITTED} - received_at) * 1000 as taken from {table} where received_at >= :since"  # noqa: S608 - our own names
    for table in _TABLES
)
TO_ROW = f"select percentile_cont(array[0.5, 0.99, 0.999, 1]) within group (order by taken) from ({_TAKEN}) as rows"  # noqa: S608
"""From arrival to commit in milliseconds, of all rows that came since then."""

Schedule = list[tuple[float, bytes]]


def main() -> None:
    """Print the tables and write them down."""
    with stack() as about:
        url = make_url(str(about["database_url"])).set(drivername="postgresql+pg8000")
        engine = create_engine(url, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT")
        pids = cast("dict[str, int]", about["pids"])
        keep_commit_times(engine, pids["postgres"])
        port = urlsplit(str(about["otlp_url"])).port or 0
        groups = {part: pids[part] for part in ("ingest", "bus", "store")}
        report.write("fleet", __doc__, "\n\n".join(_run(engine, port, groups)))


def _run(engine: sqlalchemy.Engine, port: int, groups: dict[str, int]) -> Iterator[str]:
    schedule, ids = prepared(Random(1), timetable(Random(1), SECONDS, SPANS_PER_SECOND))
    warm_up, warm_ids = prepared(Random(2), timetable(Random(2), _WARM_UP_SECONDS, SPANS_PER_SECOND))
    load.send_at(port, warm_up, CONNECTIONS)
    with engine.connect() as connection:
        _drained(connection, len(warm_ids))
        before = {part: _megabytes(group) for part, group in groups.items()}
        since = connection.execute(text("select now()")).scalar_one()
        answered = load.send_at(port, schedule, CONNECTIONS, waited=True)
        begun = time.perf_counter()
        _drained(connection, len(warm_ids) + len(ids))
        drained_seconds = time.perf_counter() - begun
        after = {part: _megabytes(group) for part, group in groups.items()}
        stored: Counter[bytes] = Counter()
        for table in _TABLES:
            stored.update(row.id.bytes for row in connection.execute(text(f"select id from {table}")))  # noqa: S608
        to_row = connection.execute(text(TO_ROW), {"since": since}).scalar_one()
    yield report.table(
        (f"{len(ids):,} spans of {INSTALLATIONS:,} installations", "p50 ms", "p99 ms", "p99.9 ms", "longest ms"),
        [
            ("from due to answer", *(f"{answered.percentile(share) * 1000:.1f}" for share in (0.5, 0.99, 0.999, 1))),
            ("from request to row", *(f"{value:.1f}" for value in to_row)),
        ],
    )
    yield (
        f"{len(ids) / answered.wall_seconds:,.0f} spans/s in {len(schedule) / answered.wall_seconds:,.0f} requests/s. "
        f"{drained_seconds:.2f} s after the last answer the last row was there. Acknowledged and no row: "
        f"{len(ids - stored.keys()):,}; a row and not sent: {len(stored.keys() - ids - warm_ids):,}; "
        f"there twice: {sum(number > 1 for number in stored.values()):,}."
    )
    yield report.table(
        ("memory (private and shared, MB)", "before", "after"),
        ((part, f"{before[part]:.0f}", f"{after[part]:.0f}") for part in groups),
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
    request = captured.request(spans)
    resource_spans = request.resource_spans[0]
    installation = resource_spans.resource.attributes.add(key="rhesis.installation.id")
    installation.value.string_value = f"installation-{dice.randrange(INSTALLATIONS)}"
    ids.update(sha256(span.trace_id + span.span_id).digest()[:16] for span in resource_spans.scope_spans[0].spans)
    (prepared,) = load.prepared("/v1/traces", [request.SerializeToString()])
    return prepared


def _drained(connection: Connection, rows: int) -> None:
    """Wait until so many rows are there."""
    count = text("select " + " + ".join(f"(select count(*) from {table})" for table in _TABLES))  # noqa: S608
    while connection.execute(count).scalar_one() < rows:
        time.sleep(0.05)


def keep_commit_times(engine: sqlalchemy.Engine, postgres: int) -> None:
    """Have Postgres keep when each transaction was committed; its supervisor starts it again."""
    with engine.connect() as connection:
        connection.execute(text("alter system set track_commit_timestamp = on"))
    os.kill(postgres, signal.SIGINT)
    while True:
        with suppress(sqlalchemy.exc.DBAPIError), engine.connect() as connection:
            if connection.execute(text("show track_commit_timestamp")).scalar_one() == "on":
                return
        time.sleep(0.05)


def _megabytes(group: int) -> float:
    """Resident memory of a process group (Linux: proc(5), statm)."""
    pages = 0
    for process in members(group):
        with suppress(OSError):
            pages += int((process / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
