"""How fast `store` is, from a message's data to the commit, beside what it can be compared with.

Run as `python -m bench.store`. All figures are of one run on one Postgres, which waits for the disk at each commit. A
CPU-second is one of the storing process; what Postgres takes is in the wall time only.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, text

from bench import captured, report
from bench.servers import free_port
from bench.store_peers import OrmWriter, copy_ready_rows
from telemetry_local.postgres import Postgres
from telemetry_pipeline import contract
from telemetry_pipeline.database import connect
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.maintain import migrate
from telemetry_pipeline.otlp.media import Media
from telemetry_pipeline.otlp.requests import Signal
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.rows.columns import event_columns
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, StoreSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.function import Store

ROWS = 20_000
IN_FLIGHT = 16
BASE_ROWS = 60_000
GROWTH = 10


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """One way of storing rows, and how long it took for how many."""

    way: str
    spans_per_message: int
    rows: int
    wall_seconds: float
    cpu_seconds: float

    @property
    def rows_per_second(self) -> float:
        """Rows per second by the clock on the wall."""
        return self.rows / self.wall_seconds

    @property
    def rows_per_cpu_second(self) -> float:
        """Rows per second of the storing process' own CPU time."""
        return self.rows / self.cpu_seconds


class Messages:
    """Makes messages of new events after the captured requests of a real backend, by way of the real `ingest`."""

    def __init__(self) -> None:
        self._exporter = Exporter(IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(32)))

    def make(self, spans: int, count: int) -> list[bytes]:
        """The data of `count` messages of `spans` spans each."""
        return [self._one(spans) for _ in range(count)]

    def _one(self, spans: int) -> bytes:
        groups = Signal.TRACES.decode(captured.request(spans).SerializeToString(), Media.PROTOBUF, spans)
        (message,) = self._exporter.export(Signal.TRACES, groups, time.time_ns()).messages
        return message.data


def run() -> list[Result]:
    """Measure every way."""
    messages = Messages()
    with _server() as server:
        with _store(server, "some") as store:
            results = [alone(store, messages, spans) for spans in (10, 36, 512)]
            results.append(together(store, messages))
            results += _peers(store.engine, messages)
        with _store(server, "growing") as store:
            results += _growing(store, messages)
    return results


def main() -> None:
    """Print the table and write it down."""
    report.write("store", __doc__, _table(run()))


def alone(store: Store, messages: Messages, spans: int) -> Result:
    """Store messages of so many spans, each when the one before is committed."""
    data = messages.make(spans, ROWS // spans)
    return _measured("store, one delivery at a time", spans, data, lambda one: store.take(Delivery(one)))


def together(store: Store, messages: Messages) -> Result:
    """Store messages of ten spans, as many at once as a pipeline has under way."""
    data = messages.make(10, ROWS // 10)
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        return _measured(
            f"store, {IN_FLIGHT} deliveries in flight",
            10,
            data,
            lambda one: store.take(Delivery(one)),
            lambda function, items: list(threads.map(function, items)),
        )


def _peers(engine: Engine, messages: Messages) -> list[Result]:
    ready, _ = rows_of(messages.make(ROWS, 1)[0], 3650)
    orm = OrmWriter(engine)
    return [
        _measured("one COPY of ready rows", ROWS, [ready], lambda rows: copy_ready_rows(engine, rows), warm=False),
        *(
            _measured("ORM, one session.add per span", spans, messages.make(spans, 5_000 // spans), orm.write)
            for spans in (10, 36, 512)
        ),
    ]


def _growing(store: Store, messages: Messages) -> list[Result]:
    """The same load on tables with some rows and on tables with ten times as many, each the fastest of ten passes."""
    (seed,) = messages.make(3600, 1)
    store.take(Delivery(seed))
    results = []
    for rows in (BASE_ROWS, BASE_ROWS * GROWTH):
        _fill(store.engine, rows)
        way = f"store, {rows:,} rows per table there already"
        passes = [_measured(way, 512, messages.make(512, 20), lambda one: store.take(Delivery(one))) for _ in range(10)]
        results.append(min(passes, key=lambda one: one.wall_seconds))
    return results


def _fill(engine: Engine, rows: int) -> None:
    """Repeat what is in the tables until they have about `rows` each, spread over the last 60 days."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for event in contract.EVENTS:
            copied = ", ".join([*event_columns(event), "service_name", "service_version", "key_epoch"])
            connection.execute(
                text(f"""
                    insert into {event.table} (id, "timestamp", received_at, {copied})
                    select gen_random_uuid(), now() - random() * interval '60 days', now(), {copied}
                    from (select * from {event.table} limit 800) as few
                    cross join generate_series(1, :times)
                """),  # noqa: S608 - the names are the contract's
                {"times": rows // 800},
            )
        connection.execute(text("vacuum analyze"))
        connection.execute(text("checkpoint"))


def _measured(
    way: str,
    spans: int,
    items: list[T],
    function: Callable[[T], object],
    each: Callable[[Callable[[T], object], Iterable[T]], object] = lambda function, items: [*map(function, items)],
    *,
    warm: bool = True,
) -> Result:
    if warm:
        function(items.pop())
    wall, cpu = time.perf_counter(), time.process_time()
    each(function, items)
    return Result(way, spans, spans * len(items), time.perf_counter() - wall, time.process_time() - cpu)


def _table(results: list[Result]) -> str:
    headers = ("what", "spans per message", "rows/s", "rows per CPU-second")
    rows = [
        (one.way, one.spans_per_message, f"{one.rows_per_second:,.0f}", f"{one.rows_per_cpu_second:,.0f}")
        for one in results
    ]
    few, many = results[-2:]
    ratio = few.rows_per_second / many.rows_per_second
    return (
        f"{report.table(headers, rows)}\n\n{GROWTH} times the rows in the tables: {ratio:.2f} times the time per row."
    )


@contextmanager
def _server() -> Iterator[Postgres]:
    directory = Path(tempfile.mkdtemp(prefix="rhesis-bench-"))
    server = Postgres(directory, free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)


@contextmanager
def _store(server: Postgres, name: str) -> Iterator[Store]:
    """A store on a new database."""
    server.create_database(name)
    engine = connect(DatabaseSettings(database_url=server.url(name)), "bench", statement_seconds=0)
    migrate.upgrade(engine)
    engine.dispose()
    store = Store.made_from(StoreSettings(database_url=server.url(name)))
    yield store
    store.engine.dispose()


if __name__ == "__main__":
    main()
