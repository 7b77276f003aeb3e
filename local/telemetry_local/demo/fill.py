"""Filling a pipeline: the events pass `ingest`'s own code, then go by the bus, or by the writers of its two stores."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from telemetry_local.demo.days import Days
from telemetry_local.demo.population import Population
from telemetry_pipeline import bus
from telemetry_pipeline.database import connect
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.ingest.publisher import Publisher
from telemetry_pipeline.otlp.requests import Signal
from telemetry_pipeline.settings import IngestSettings, StoreSettings, WarehouseSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.writer import Writer

Send = Callable[[list[bus.Message]], None]
Write = Callable[[bus.Message], None]

EVENTS_PER_PERSON = 400
"""How many people there are by default: one for so many events."""

_MAX_AGE_DAYS = 3650


class MirrorError(Exception):
    """BigQuery did not take all events; the text is the name of gRPC's status."""


def fill(
    settings: IngestSettings,
    send: Send,
    *,
    days: int,
    events: int,
    people: int,
    seed: int,
    now: datetime,
    as_they_came: bool = False,
) -> Iterator[tuple[date, int]]:
    """Play `days` days up to `now`; the same arguments give the same events.

    They arrive now; or, with `as_they_came`, each day's at its end, as if the pipeline had run all the time.

    Yields:
        Each day and how many events it had.
    """
    population = Population.grown(Random(seed), people, days, now.date())  # noqa: S311 - no secret
    played = Days(population, events, seed)
    exporter = Exporter(settings)
    for day in range(days):
        midnight = datetime.combine(population.date(day) + timedelta(days=1), time(), UTC)
        until = min(now, midnight)
        received_at = until if as_they_came else now
        export = exporter.export(Signal.TRACES, played.groups(day, until), round(received_at.timestamp() * 10**9))
        send(export.messages)
        yield population.date(day), export.accepted


def by_bus(settings: IngestSettings) -> Send:
    """Publish, as `ingest` does; whoever is subscribed gets it."""
    return Publisher(settings.events_topic, settings.publish_timeout_seconds).publish


@contextmanager
def by_writer(settings: StoreSettings, warehouse: WarehouseSettings | None = None) -> Iterator[Send]:
    """Store straight away, and mirror where there is a warehouse, while the next is made; at the end all is written.

    Raises:
        WriteError: The database refused.
        MirrorError: BigQuery refused.
    """
    with ExitStack() as stack:
        writes = [stack.enter_context(_storing(settings))]
        if warehouse:
            writes.append(stack.enter_context(_mirroring(warehouse)))
        threads = stack.enter_context(ThreadPoolExecutor(len(writes)))
        under_way: list[Future[None]] = []

        def finish() -> None:
            while under_way:
                under_way.pop().result()

        def send(messages: list[bus.Message]) -> None:
            finish()
            under_way.extend(threads.submit(_each, write, messages) for write in writes)

        yield send
        finish()


def _each(write: Write, messages: list[bus.Message]) -> None:
    for message in messages:
        write(message)


@contextmanager
def _storing(settings: StoreSettings) -> Iterator[Write]:
    engine = connect(settings, "telemetry demo", statement_seconds=0)
    writer = Writer(engine)
    try:
        yield lambda message: writer.write(rows_of(message.data, _MAX_AGE_DAYS)[0])
    finally:
        engine.dispose()


@contextmanager
def _mirroring(settings: WarehouseSettings) -> Iterator[Write]:
    # Imported here: BigQuery's libraries take longer than all else at the start of a command.
    from telemetry_pipeline import warehouse
    from telemetry_pipeline.mirror.protobuf import ProtobufForm
    from telemetry_pipeline.mirror.writer import Unavailable
    from telemetry_pipeline.mirror.writer import Writer as MirrorWriter
    from telemetry_pipeline.rows.message import Reader

    reader = Reader(ProtobufForm())
    with closing(MirrorWriter(warehouse.write_client(settings), settings.bigquery_dataset)) as writer:

        def mirror(message: bus.Message) -> None:
            try:
                writer.write(reader.read(message.data, _MAX_AGE_DAYS).rows)
            except Unavailable as error:
                raise MirrorError(str(error)) from None

        yield mirror
