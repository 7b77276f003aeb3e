"""How fast `ingest` answers, beside a functions-framework hello world that gets the same bodies in the same run.

One worker with 8 threads, 8 connections; the load, the function and a Pub/Sub that keeps nothing share the machine's
cores. A CPU-second is one of the function's own process. Run as `python -m bench.ingest`.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import captured, load, report
from bench.servers import Server, free_port, serve

SPANS = {1: 6000, 36: 4000, 512: 600}
CONNECTIONS = 8
BODIES = 50


def main() -> None:
    """Print the table and write it down."""
    headers = (
        "function",
        "spans per request",
        "requests/s",
        "of hello world",
        "spans/s",
        "spans per CPU-second",
        "p50 ms",
        "p99 ms",
    )
    report.write("ingest", __doc__, report.table(headers, run()))


def run() -> Iterator[list[object]]:
    """Measure both functions with each size of request."""
    threads = {"THREADS": str(CONNECTIONS)}
    with _sink() as bus:
        environment = {
            "PUBSUB_EMULATOR_HOST": bus,
            "RHESIS_EVENTS_TOPIC": "projects/bench/topics/events",
            "RHESIS_PSEUDONYM_KEY": "ab" * 32,
        }
        hello_source = Path(__file__).with_name("hello.py")
        with serve("hello", threads, hello_source) as hello, serve("ingest", environment | threads) as ingest:
            for spans, count in SPANS.items():
                bodies = captured.bodies(spans, BODIES)
                requests = load.prepared("/v1/traces", (bodies * (count // BODIES + 1))[:count])
                base = _measure(hello, requests)
                yield _row("hello world", spans, *base, base[0])
                yield _row("ingest", spans, *_measure(ingest, requests), base[0])


def _measure(server: Server, requests: list[bytes]) -> tuple[load.Answered, float]:
    load.send(server.port, requests[:BODIES], CONNECTIONS)
    before = server.cpu_seconds()
    answered = load.send(server.port, requests, CONNECTIONS)
    return answered, server.cpu_seconds() - before


def _row(name: str, spans: int, answered: load.Answered, cpu_seconds: float, base: load.Answered) -> list[object]:
    return [
        name,
        spans,
        f"{answered.per_second:,.0f}",
        f"{answered.per_second / base.per_second:.0%}",
        f"{answered.per_second * spans:,.0f}",
        f"{len(answered.latencies) * spans / cpu_seconds:,.0f}",
        f"{answered.percentile(0.5) * 1000:.1f}",
        f"{answered.percentile(0.99) * 1000:.1f}",
    ]


@contextmanager
def _sink() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)])
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    main()
