"""The whole pipeline on one machine: spans per second that it sustains, and how long a row takes.

`ingest`, the durable local Pub/Sub, `store`, Postgres and the load share the cores. Sustained: from the first request
to the last row. From request to row: a request of one event, from its first byte until its row is seen, alone and while
the pipeline takes half of what it sustains. Run as `python -m bench.end_to_end`.
"""

import statistics
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy import Connection, create_engine, make_url, text

from bench import captured, load, report
from bench.servers import stack

SPANS = 36
REQUESTS = 1500
CONNECTIONS = 8
PROBES = 150
POLL_SECONDS = 0.001
COUNT = text(
    "select (select count(*) from analytics_user_activity) + (select count(*) from analytics_endpoint_usage) "
    "+ (select count(*) from analytics_feature_usage)"
)


def main() -> None:
    """Print the tables and write them down."""
    with stack() as about:
        port = urlsplit(str(about["otlp_url"])).port or 0
        url = make_url(str(about["database_url"])).set(drivername="postgresql+pg8000")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            report.write("end_to_end", __doc__, "\n\n".join(_run(port, connection)))
        engine.dispose()


def _run(port: int, connection: Connection) -> Iterator[str]:
    sustain(port, connection, REQUESTS // 5)
    spans_per_second, answered = sustain(port, connection, REQUESTS)
    headers = (
        f"{REQUESTS:,} requests of {SPANS} spans, {CONNECTIONS} connections",
        "spans/s",
        "answer p50 ms",
        "p99 ms",
    )
    figures = [_milliseconds(answered.latencies, 0.5), _milliseconds(answered.latencies, 0.99)]
    yield report.table(headers, [["sustained", f"{spans_per_second:,.0f}", *figures]])
    now = int(time.time())
    alone = _probe(port, connection, now - PROBES)
    busy = _probe_under_load(port, connection, now, spans_per_second / SPANS / 2)
    rows = [
        [name, _milliseconds(seconds, 0.5), _milliseconds(seconds, 0.99)]
        for name, seconds in (("alone", alone), (f"beside {spans_per_second / 2:,.0f} spans/s", busy))
    ]
    yield report.table((f"from request to row, {PROBES} events", "p50 ms", "p99 ms"), rows)


def sustain(port: int, connection: Connection, count: int) -> tuple[float, load.Answered]:
    """Send so many requests as fast as they are answered; the spans per second until the last row, and the answers."""
    requests = load.prepared("/v1/traces", captured.bodies(SPANS, count))
    before = _rows(connection)
    begun = time.perf_counter()
    answered = load.send(port, requests, CONNECTIONS)
    while _rows(connection) < before + count * SPANS:
        time.sleep(POLL_SECONDS)
    return count * SPANS / (time.perf_counter() - begun), answered


def _probe_under_load(port: int, connection: Connection, now: int, per_second: float) -> list[float]:
    requests = load.prepared("/v1/traces", captured.bodies(SPANS, round(per_second * PROBES / 10)))
    background = threading.Thread(target=load.send, args=(port, requests, CONNECTIONS, per_second))
    background.start()
    taken = _probe(port, connection, now)
    background.join()
    return taken


def _probe(port: int, connection: Connection, latest: int) -> list[float]:
    """Seconds from request to row of one event after the other; each is known by its time, a whole second."""
    seen = text('select 1 from analytics_user_activity where "timestamp" = to_timestamp(:second)')
    taken = []
    for number in range(PROBES):
        request = captured.request(1)
        second = latest - number
        request.resource_spans[0].scope_spans[0].spans[0].start_time_unix_nano = second * 10**9
        prepared = load.prepared("/v1/traces", [request.SerializeToString()])
        begun = time.perf_counter()
        load.send(port, prepared, 1)
        while connection.execute(seen, {"second": second}).scalar() is None:
            time.sleep(POLL_SECONDS)
        taken.append(time.perf_counter() - begun)
    return taken


def _rows(connection: Connection) -> int:
    return int(connection.execute(COUNT).scalar_one())


def _milliseconds(seconds: list[float], share: float) -> str:
    return f"{statistics.quantiles(seconds, n=100, method='inclusive')[round(share * 100) - 1] * 1000:.1f}"


if __name__ == "__main__":
    main()
