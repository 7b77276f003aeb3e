"""What the Python client costs an app: each call, and the app's latency under load with servers of every kind.

Calls: the fastest of five rounds, in nanoseconds, less the fastest empty loop. Latency: a FastAPI app under uvicorn
that tracks two events a request, 250 requests a second over eight connections; the median of five runs, the kinds
taking turns, with the fastest and the slowest run beside it. The client, the server, the load and the app share the
machine's cores. Run as `python -m bench.python_client`, or `nice -n -15 python -m bench.python_client` where the
machine has other work.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import load, report
from bench.servers import await_port, free_port

ROUNDS = 5
CALLS = 20_000
REQUESTS = 1_500
PER_SECOND = 250
CONNECTIONS = 8
KINDS = ("no telemetry", "off", "well", "dead", "slow", "refusing", "lying")

CALL = """
import sys, time
import rhesis_telemetry as telemetry

telemetry.initialize_telemetry()
SETUP

def loop(calls):
    begun = time.perf_counter_ns()
    for _ in calls:
        CALL
    return time.perf_counter_ns() - begun

def empty(calls):
    begun = time.perf_counter_ns()
    for _ in calls:
        pass
    return time.perf_counter_ns() - begun

loops, empties = [], []
for _ in range(5):
    loops.append(loop(range(NUMBER)))
    empties.append(empty(range(NUMBER)))
    telemetry.flush_telemetry()
print((min(loops) - min(empties)) / NUMBER)
"""


def main() -> None:
    """Print the tables and write them down."""
    figures = report.table(("call", "ns"), calls())
    latencies = report.table(("server", "p50 ms", "from", "to", "p99 ms", "from", "to"), latency())
    report.write("python_client", __doc__, f"{figures}\n\n{latencies}")


def calls() -> Iterator[list[object]]:
    """Measure a call of each kind in a process of its own."""
    feature = 'telemetry.track_feature_usage("test_run", "created")'
    metadata = 'telemetry.track_feature_usage("test_run", "created", plan="pro", count=5)'
    agreed, refused = (
        'telemetry.set_telemetry_enabled(True, "u", "o")',
        'telemetry.set_telemetry_enabled(False, "u", "o")',
    )
    yield ["off by the environment", _call(feature, agreed, DO_NOT_TRACK="1")]
    yield ["off by the environment, two metadata", _call(metadata, agreed, DO_NOT_TRACK="1")]
    yield ["off: nobody has decided", _call(feature, "")]
    yield ["off: the person said no", _call(feature, refused)]
    yield ["off: a decision", _call(agreed, "", DO_NOT_TRACK="1")]
    with _server("well") as port:
        endpoint = f"http://127.0.0.1:{port}"
        yield ["on", _call(feature, agreed, number=1_000, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)]
        yield ["on, two metadata", _call(metadata, agreed, number=1_000, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)]
        yield ["on: a decision", _call(agreed, "", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)]


def _call(call: str, setup: str, number: int = CALLS, **variables: str) -> str:
    code = CALL.replace("CALL", call).replace("SETUP", setup).replace("NUMBER", str(number))
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            env=_variables("http://127.0.0.1:9", directory) | variables,
            stderr=subprocess.DEVNULL,
        )
    return f"{float(done.stdout):,.0f}"


def latency() -> Iterator[list[object]]:
    """Measure the app with each kind of server."""
    runs: dict[str, list[load.Answered]] = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        for kind in KINDS:
            runs[kind].append(_run(kind))
    for kind, answered in runs.items():
        yield [kind, *_spread(answered, 0.5), *_spread(answered, 0.99)]


def _spread(runs: list[load.Answered], share: float) -> list[str]:
    found = sorted(run.percentile(share) * 1000 for run in runs)
    return [f"{value:.2f}" for value in (statistics.median(found), found[0], found[-1])]


def _run(kind: str) -> load.Answered:
    with tempfile.TemporaryDirectory() as directory, _server(kind) as port:
        variables = _variables(f"http://127.0.0.1:{port}", directory)
        if kind != "no telemetry":
            variables["BENCH_TELEMETRY"] = "1"
        if kind == "off":
            variables["DO_NOT_TRACK"] = "1"
        with _app(variables) as app:
            load.send(app, _requests(200), CONNECTIONS, PER_SECOND)
            return load.send(app, _requests(REQUESTS), CONNECTIONS, PER_SECOND)


def _requests(number: int) -> list[bytes]:
    return [request for item in range(number) for request in load.prepared(f"/items/{item}", [b"{}"])]


def _variables(endpoint: str, directory: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_RHESIS_TELEMETRY_ENABLED": "true",
        "RHESIS_TELEMETRY_DIRECTORY": directory,
    }


@contextmanager
def _app(variables: dict[str, str]) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--log-level=error", f"--port={port}", "bench.telemetry_app:app"]
    with _running(command, lambda: await_port(port), variables):
        yield port


@contextmanager
def _server(kind: str) -> Iterator[int]:
    port = free_port()
    if kind in {"dead", "no telemetry", "off"}:
        yield port
        return
    with _running([sys.executable, "-m", "bench.telemetry_servers", str(port), kind], lambda: await_port(port)):
        yield port


@contextmanager
def _running(command: list[str], ready: Callable[[], None], variables: dict[str, str] | None = None) -> Iterator[None]:
    directory = Path(__file__).parents[1]
    process = subprocess.Popen(command, cwd=directory, env=variables, stderr=subprocess.DEVNULL)
    try:
        ready()
        yield
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    begun = time.perf_counter()
    main()
    print(f"\n{time.perf_counter() - begun:.0f} s")
