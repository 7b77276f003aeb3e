"""`telemetry import-legacy`: bring in the events of the former system, once."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Engine

from telemetry_pipeline import database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.configuration import SettingsError
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings

if TYPE_CHECKING:
    from telemetry_pipeline.legacy.load import Count, Import
    from telemetry_pipeline.legacy.tables import Table

_TOLD_EVERY_SECONDS = 2.0
_STATEMENT_SECONDS = 120.0


def _source(_context: click.Context, _parameter: click.Parameter, url: str) -> DatabaseSettings:
    try:
        settings = DatabaseSettings.read({DatabaseSettings.variable("database_url"): url})
    except SettingsError:
        raise click.BadParameter("expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None
    if "?" in url:
        raise click.BadParameter("leave out what follows the `?`; the connection is encrypted where the server can")
    return settings


def _zone(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError, ValueError):
        raise click.BadParameter(f"there is no zone {name}; expected one as Europe/Berlin") from None


@click.command("import-legacy")
@click.argument("source", envvar="RHESIS_LEGACY_DATABASE_URL", metavar="URL", callback=_source)
@click.option("--schema", default="public", show_default=True, help="The schema that the former tables are in.")
@click.option(
    "--time-zone",
    default="UTC",
    show_default=True,
    callback=_zone,
    help="Where the former system's clock stood, for times without a zone.",
)
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="Only what happened before this, in UTC: since then the apps send here.",
)
@click.option("--dry-run", is_flag=True, help="Count what would be imported; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.pass_obj
def import_legacy(
    obj: dict[str, str],
    *,
    source: DatabaseSettings,
    schema: str,
    time_zone: str,
    before: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import the events of the former system from the database at URL, and report what became of each row.

    They are treated as those that arrive today. What is there already is left alone: when it breaks off, run it again.
    URL may be given as RHESIS_LEGACY_DATABASE_URL, so that no password stands on the command line.
    """
    # Imported here: what `ingest` and `store` need takes longer than all else that `telemetry` does at its start.
    from telemetry_pipeline.legacy.load import Import
    from telemetry_pipeline.legacy.tables import NotTheFormerSystem
    from telemetry_pipeline.store.writer import Unavailable

    target = database.connect(
        environment.read(DatabaseSettings, obj), "telemetry import-legacy", statement_seconds=_STATEMENT_SECONDS
    )
    former = database.connect(source, "telemetry import-legacy", statement_seconds=0)
    try:
        one = Import(target, _ingest_settings(obj), dry_run=dry_run)
        limit = before.replace(tzinfo=UTC) if before else None
        counts = _run(one, former, schema, time_zone, limit)
    except NotTheFormerSystem as error:
        raise click.ClickException(f"nothing to import: {error}") from None
    except Unavailable as error:
        raise click.ClickException(f"the database can't take them now ({error}); {_AGAIN}") from None
    except database.FAULTS as error:
        raise click.ClickException(f"a database refused: {database.reason(error)}; {_AGAIN}") from None
    finally:
        target.dispose()
        former.dispose()
    click.echo(json.dumps(_as_json(counts, dry_run=dry_run)) if as_json else _as_text(counts, dry_run=dry_run))


_AGAIN = "what was imported stays, run it again"


def _ingest_settings(obj: dict[str, str]) -> IngestSettings:
    """The key and the limits of `ingest`; nothing is published, so it need not know a topic."""
    return environment.read(
        IngestSettings, obj | {IngestSettings.variable("events_topic"): "projects/none/topics/none"}
    )


def _run(one: "Import", former: Engine, schema: str, time_zone: str, before: datetime | None) -> "dict[str, Count]":
    bounds = one.bounds(before)
    one.prepare(bounds)
    with former.connect() as connection, connection.begin():
        connection.exec_driver_sql("set transaction isolation level repeatable read, read only")
        return one.run(connection, schema, time_zone, bounds, _Telling())


class _Telling:
    """Says on standard error how far it is, every few seconds."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, table: "Table", count: "Count", total: int) -> None:
        if time.monotonic() - self._told >= _TOLD_EVERY_SECONDS:
            self._told = time.monotonic()
            click.echo(f"{table.name}: {count.read:,} of {total:,} rows", err=True)


def _as_json(counts: "Mapping[str, Count]", *, dry_run: bool) -> dict[str, object]:
    tables = {
        name: {
            "read": count.read,
            "imported": count.imported,
            "there_already": count.there_already,
            "refused": dict(count.refused),
        }
        for name, count in counts.items()
    }
    return {"dry_run": dry_run, "tables": tables}


def _as_text(counts: "Mapping[str, Count]", *, dry_run: bool) -> str:
    return "\n".join(line for name, count in counts.items() for line in _lines(name, count, dry_run=dry_run))


def _lines(name: str, count: "Count", *, dry_run: bool) -> list[str]:
    done = "would be imported" if dry_run else "imported"
    refused = count.refused.total()
    head = f"{name}: {count.read:,} rows, {count.imported:,} {done}, {count.there_already:,} there already"
    reasons = [f"  {number:,} {reason}" for reason, number in count.refused.most_common()]
    return [f"{head}, {refused:,} refused{':' if refused else ''}", *reasons]
