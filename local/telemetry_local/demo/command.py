"""`telemetry demo`: a pipeline with something in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from telemetry_local.demo import fill
from telemetry_pipeline.cli import environment
from telemetry_pipeline.otlp.errors import Unavailable
from telemetry_pipeline.settings import IngestSettings, StoreSettings, WarehouseSettings
from telemetry_pipeline.store.writer import WriteError

_MOST_BY_BUS = 200_000


@click.command()
@click.option("--days", type=click.IntRange(1, 359), default=90, show_default=True, help="Days, up to now.")
@click.option("--events", type=click.IntRange(1), default=100_000, show_default=True, help="About how many, in all.")
@click.option("--people", type=click.IntRange(1), help=f"How many; by default one for {fill.EVENTS_PER_PERSON} events.")
@click.option("--seed", default=1, show_default=True, help="The same seed, on the same day, gives the same events.")
@click.option(
    "--through",
    type=click.Choice(["bus", "writer"]),
    help="The bus brings them to all that are subscribed; store's own writer, and mirror's where BigQuery is set up, "
    f"take more of them. By default the bus up to {_MOST_BY_BUS:,} events, then the writer.",
)
@click.pass_obj
def demo(obj: dict[str, str], *, days: int, events: int, people: int | None, seed: int, through: str | None) -> None:
    """Fill the pipeline with plausible events: people who come, stay or leave, releases, a slow endpoint, an incident.

    Played again on the same day, it adds only what has happened since: the same events have the same ids.
    """
    settings = environment.read(IngestSettings, obj)
    total = 0
    try:
        with _way(through or ("bus" if events <= _MOST_BY_BUS else "writer"), settings, obj) as send:
            played = fill.fill(
                settings,
                send,
                days=days,
                events=events,
                people=people or max(20, events // fill.EVENTS_PER_PERSON),
                seed=seed,
                now=datetime.now(UTC),
            )
            with click.progressbar(played, days, "Playing", item_show_func=_day) as bar:
                total = sum(count for _, count in bar)
    except (Unavailable, WriteError, fill.MirrorError) as error:
        advice = "`telemetry doctor` says more"
        raise click.ClickException(f"the events could not be passed on ({error}); {advice}") from None
    click.echo(f"{total:,} events of {days} days")


@contextmanager
def _way(through: str, settings: IngestSettings, obj: dict[str, str]) -> Iterator[fill.Send]:
    if through == "bus":
        yield fill.by_bus(settings)
    else:
        has_warehouse = obj.get(WarehouseSettings.variable("bigquery_dataset"))
        warehouse = environment.read(WarehouseSettings, obj) if has_warehouse else None
        with fill.by_writer(environment.read(StoreSettings, obj), warehouse) as send:
            yield send


def _day(item: tuple[object, int] | None) -> str:
    return str(item[0]) if item else ""
