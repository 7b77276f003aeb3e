"""`telemetry backfill`: load into BigQuery what Postgres has and BigQuery lacks."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from telemetry_pipeline import database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.settings import DatabaseSettings, WarehouseSettings

if TYPE_CHECKING:
    from telemetry_pipeline.mirror.backfill import Day

_DATE = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=_DATE, required=True, help="First day, in UTC.")
@click.option("--to", "last", type=_DATE, required=True, help="Last day.")
@click.pass_obj
def backfill(obj: dict[str, str], *, first: datetime, last: datetime) -> None:
    """Load into BigQuery what Postgres has and it lacks, day by day; when it breaks off, run it again."""
    # Imported here: BigQuery's libraries take longer than all else that `telemetry` does at its start.
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError

    from telemetry_pipeline.mirror.writer import Unavailable

    try:
        _fill(obj, *_span(first.date(), last.date()))
    except database.FAULTS as error:
        raise click.ClickException(f"the database refused: {database.reason(error)}") from None
    except (GoogleAPICallError, GoogleAuthError, Unavailable) as error:
        raise click.ClickException(
            f"BigQuery refused: {error}\nWhat was loaded stays; run it again when this is repaired."
        ) from None


def _span(first: date, last: date) -> tuple[date, date]:
    from telemetry_pipeline.mirror.tables import EXPIRY_DAYS

    if first > last:
        raise click.BadParameter(f"{first} is after --to {last}", param_hint="--from")
    if (datetime.now(UTC).date() - first).days >= EXPIRY_DAYS:
        raise click.BadParameter(f"BigQuery keeps {EXPIRY_DAYS} days; {first} is before them", param_hint="--from")
    return first, last


def _fill(obj: dict[str, str], first: date, last: date) -> None:
    from telemetry_pipeline import warehouse
    from telemetry_pipeline.mirror.backfill import Backfill
    from telemetry_pipeline.mirror.writer import Writer

    settings = environment.read(WarehouseSettings, obj)
    engine = database.connect(environment.read(DatabaseSettings, obj), "telemetry backfill", statement_seconds=0)
    dataset = settings.bigquery_dataset
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        client = stack.enter_context(closing(warehouse.client(settings)))
        writer = stack.enter_context(closing(Writer(warehouse.write_client(settings), dataset)))
        totals = _tell(Backfill(engine, client, writer, dataset).days(first, last))
    click.echo(f"{first} to {last}: {_words(totals)}")


def _tell(days: Iterator["Day"]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for done in days:
        counts = _counts(done)
        totals.update(counts)
        if any(counts.values()):
            click.echo(f"{done.day} {done.table}: {_words(counts)}")
    return totals


def _counts(done: "Day") -> dict[str, int]:
    return {
        "in Postgres": done.in_postgres,
        "loaded": done.loaded,
        "refused by BigQuery": done.refused,
        "in BigQuery alone": done.only_in_bigquery,
    }


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count or name == "loaded")
