"""Filling a pipeline: the events pass `ingest`'s own code, then go by the bus, or by `store`'s own writer."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from telemetry_local.demo.days import Days
from telemetry_local.demo.population import Population
from telemetry_pipeline import bus
from telemetry_pipeline.database import connect
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.ingest.publisher import Publisher
from telemetry_pipeline.otlp.requests import Signal
from telemetry_pipeline.settings import IngestSettings, StoreSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.writer import Writer

Send = Callable[[list[bus.Message]], None]

EVENTS_PER_PERSON = 400
"""How many people there are by default: one for so many events."""

_MAX_AGE_DAYS = 3650


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
def by_writer(settings: StoreSettings) -> Iterator[Send]:
    """Store straight away, a message while the next is made; at the end all are stored.

    Raises:
        WriteError: The database refused.
    """
    engine = connect(settings, "telemetry demo", statement_seconds=0)
    writer = Writer(engine)
    under_way: list[Future[None]] = []

    def store(messages: list[bus.Message]) -> None:
        for message in messages:
            writer.write(rows_of(message.data, _MAX_AGE_DAYS))

    def send(messages: list[bus.Message]) -> None:
        if under_way:
            under_way.pop().result()
        under_way.append(thread.submit(store, messages))

    with ThreadPoolExecutor(1) as thread:
        yield send
        for one in under_way:
            one.result()
    engine.dispose()
