"""`telemetry export`: tables, views, or all that is kept of somebody, as a file."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click
from sqlalchemy import Connection

from telemetry_pipeline import contract, database
from telemetry_pipeline.analytics import VIEWS
from telemetry_pipeline.cli import environment
from telemetry_pipeline.cli.subjects import Subject, chosen, pseudonyms_of, subject_options
from telemetry_pipeline.exports import person, rows, targets
from telemetry_pipeline.exports.forms import WRITERS, MissingLibraryError
from telemetry_pipeline.exports.rows import Selection
from telemetry_pipeline.maintain.erasure import COLUMNS
from telemetry_pipeline.settings import DatabaseSettings, PseudonymSettings

_DATE = click.DateTime(["%Y-%m-%d"])
_TABLES = [event.table for event in contract.EVENTS]
_WITH_PARAMETERS = {"feature_funnel", "endpoint_performance_between"}
_VIEWS = [view for view in VIEWS if view not in _WITH_PARAMETERS]
_TOLD_EVERY_SECONDS = 0.5


@click.command()
@click.option("--table", type=click.Choice(_TABLES), help="Export events of this kind.")
@click.option("--view", type=click.Choice(_VIEWS), help="Export the answers to this question, small groups hidden.")
@click.option("--from", "first", type=_DATE, help="First day, in UTC.")
@click.option("--to", "last", type=_DATE, help="Last day.")
@subject_options
@click.option("--format", "form", type=click.Choice([*WRITERS]), help="By default, what the output's name ends in.")
@click.option("--output", "-o", required=True, metavar="FILE", help="A file, gs://BUCKET/OBJECT, or - for a pipe.")
@click.pass_obj
def export(
    obj: dict[str, str],
    *,
    table: str | None,
    view: str | None,
    first: datetime | None,
    last: datetime | None,
    user_id: str | None,
    organization_id: str | None,
    installation_id: str | None,
    form: str | None,
    output: str,
) -> None:
    """Export a table or a view as CSV, JSON lines or Parquet, or all that is kept of somebody as one JSON document.

    The document is what --user-id (or another id) gives without --table; with it, only rows of theirs are exported.
    Rows are streamed, so that memory stays the same however many there are. A file that is not whole is not there.
    """
    subject = chosen(user_id, organization_id, installation_id)
    selection = _selection(obj, table or view or "", first, last, subject)
    if table and view:
        raise click.UsageError("choose one of --table and --view")
    if not selection.relation and not subject:
        raise click.UsageError("name a --table or a --view, or somebody (--user-id, …)")
    if view and subject:
        raise click.UsageError("nobody is named in a view; choose a --table, or none")
    if not selection.relation and (first or last or form):
        raise click.UsageError("the document about somebody is whole, and JSON; for a part or another form add --table")
    form = form or Path(output).suffix.removeprefix(".")
    if selection.relation and form not in WRITERS:
        raise click.UsageError(f"say in which --format, or let --output end in one of .{', .'.join(WRITERS)}")
    _export(obj, selection, form, output)


def _selection(
    obj: dict[str, str], relation: str, first: datetime | None, last: datetime | None, subject: Subject | None
) -> Selection:
    if first and last and first > last:
        raise click.BadParameter(f"{first.date()} is after --to {last.date()}", param_hint="--from")
    return Selection(
        relation,
        first.date() if first else None,
        last.date() if last else None,
        COLUMNS[subject.domain] if subject else "",
        pseudonyms_of(environment.read(PseudonymSettings, obj), subject) if subject else (),
    )


def _export(obj: dict[str, str], selection: Selection, form: str, output: str) -> None:
    engine = database.connect(environment.read(DatabaseSettings, obj), "telemetry export", statement_seconds=0)
    write = _rows if selection.relation else _document
    progress = _Progress()
    try:
        with rows.reading(engine) as connection, targets.opened(output) as target:
            for count in write(connection, target, selection, form):
                progress.tell(count, target.tell())
    except MissingLibraryError as missing:
        raise click.ClickException(str(missing)) from None
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--output") from None
    except database.FAULTS as error:
        raise click.ClickException(f"the export broke off: {database.reason(error)}") from None
    finally:
        engine.dispose()
    progress.end(target.tell(), output)


def _rows(connection: Connection, target: IO[bytes], selection: Selection, form: str) -> Iterator[int]:
    columns = rows.columns_of(connection, selection.relation)
    writer = WRITERS[form](target, columns)
    count = 0
    for batch in rows.batches(connection, selection, columns):
        writer.write(batch)
        count += len(batch)
        yield count
    writer.close()


def _document(connection: Connection, target: IO[bytes], selection: Selection, _: str) -> Iterator[int]:
    return person.write(connection, target, selection.column, selection.values, datetime.now(UTC))


@dataclass(slots=True)
class _Progress:
    """How far an export is, on one line where somebody looks, and what was done in the end."""

    count: int = 0
    begun: float = field(default_factory=time.monotonic)
    told: float = 0.0
    is_watched: bool = field(default_factory=sys.stderr.isatty)

    def tell(self, count: int, size: int) -> None:
        self.count = count
        now = time.monotonic()
        if self.is_watched and now - self.told >= _TOLD_EVERY_SECONDS:
            self.told = now
            click.echo(f"\r{self._words(size)}", nl=False, err=True)

    def end(self, size: int, output: str) -> None:
        begin = "\r" if self.is_watched else ""
        click.echo(f"{begin}{self._words(size)}: {output}", err=True)

    def _words(self, size: int) -> str:
        seconds = max(time.monotonic() - self.begun, 0.001)
        return f"{self.count:,} rows, {size / (1 << 20):,.1f} MiB, {self.count / seconds:,.0f} rows/s"
