"""What a flood from one installation does to the events of another: the time from request to row.

The whole pipeline on one machine, with its settings as they come, and the flood on the same cores: 8 connections, each
of which sends 36 events at a time as fast as it is answered. At first it is within its burst of 10,000 events, then it
is over its quota of 500 a second and is answered 429. The last row is the same flood where there is no quota. A polite
sender sends one event after the other meanwhile, each as soon as the row of the one before is seen, 100 of them or as
many as there are in 8 seconds; one that is not seen by then counts as if it were.

The bound that is stated in docs/abuse.md holds for the flood that is refused. Run as `python -m bench.fairness`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from sqlalchemy import Connection, create_engine, make_url, text

from bench import captured, load, report
from bench.servers import NO_QUOTA, stack

PROBES = 100
PHASE_SECONDS = 8.0
"""How long each row may take: without a quota the queue grows, and so would the measurement."""

POLL_SECONDS = 0.001
POLITE = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
BOUND_MILLISECONDS = 500
SEEN = text('select 1 from analytics_user_activity where "timestamp" = to_timestamp(:second)')


def main() -> None:
    """Print the table and write it down; the bound that is stated has to hold."""
    rows: list[tuple[str, list[float], str]] = []
    with _pipeline({"RHESIS_QUOTA_EVENTS_PER_SECOND": "500"}) as (port, probe):
        probe()
        rows.append(("alone", probe(), "/"))
        with _flood(port) as flood:
            flood.await_word("begun")
            rows.append(("beside a flood within its burst", probe(), "/"))
            flood.await_word("refused")
            rows.append(("beside a flood over its quota", probe(), "/"))
            counts = flood.stop()
        rows[-1] = (*rows[-1][:2], _told(counts))
    with _pipeline(NO_QUOTA) as (port, probe), _flood(port) as flood:
        flood.await_word("begun")
        rows.append(("beside a flood without a quota", probe(), _told(flood.stop())))
    headers = ("a polite sender, from request to row", "p50 ms", "p99 ms", "the flood: requests taken", "refused")
    table = report.table(headers, ([name, *_milliseconds(taken), *told.split("/")] for name, taken, told in rows))
    report.write("fairness", __doc__, table)
    worst = float(_milliseconds(rows[2][1])[1])
    if worst > BOUND_MILLISECONDS:
        raise SystemExit(f"p99 beside a flood over its quota was {worst} ms; {BOUND_MILLISECONDS} ms are promised")


class _Flood:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def await_word(self, word: str) -> None:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"the flood said {line!r} in the place of {word!r}")

    def stop(self) -> dict[str, int]:
        self._process.terminate()
        output, _ = self._process.communicate(timeout=30)
        counts: dict[str, int] = json.loads(output.splitlines()[-1])
        return counts


@contextmanager
def _flood(port: int) -> Iterator[_Flood]:
    process = subprocess.Popen([sys.executable, "-m", "bench.flood", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        yield _Flood(process)
    finally:
        process.kill()
        process.wait(10)


@contextmanager
def _pipeline(settings: dict[str, str]) -> Iterator[tuple[int, Callable[[], list[float]]]]:
    """A pipeline's port, and what measures the polite sender's events on it."""
    with stack(settings) as about:
        port = urlsplit(str(about["otlp_url"])).port or 0
        url = make_url(str(about["database_url"])).set(drivername="postgresql+pg8000")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        latest = int(time.time())
        with engine.connect() as connection:

            def probe() -> list[float]:
                nonlocal latest
                latest -= PROBES
                return _probe(port, connection, latest)

            yield port, probe
        engine.dispose()


def _probe(port: int, connection: Connection, latest: int) -> list[float]:
    """Seconds from request to row of one event after the other; each is known by its time, a whole second."""
    taken: list[float] = []
    deadline = time.perf_counter() + PHASE_SECONDS
    for number in range(PROBES):
        if time.perf_counter() > deadline:
            break
        request = captured.of_installation(1, POLITE)
        request.resource_spans[0].scope_spans[0].spans[0].start_time_unix_nano = (latest + number) * 10**9
        prepared = load.prepared("/v1/traces", [request.SerializeToString()])
        begun = time.perf_counter()
        load.send(port, prepared, 1)
        while connection.execute(SEEN, {"second": latest + number}).scalar() is None:
            if time.perf_counter() > deadline:
                break
            time.sleep(POLL_SECONDS)
        taken.append(time.perf_counter() - begun)
    return taken


def _milliseconds(seconds: list[float]) -> list[str]:
    ordered = sorted(seconds)
    return [f"{ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000:.1f}" for share in (0.5, 0.99)]


def _told(counts: dict[str, int]) -> str:
    return f"{counts.get('200', 0):,}/{counts.get('429', 0):,}"


if __name__ == "__main__":
    main()
