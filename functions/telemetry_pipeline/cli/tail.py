"""`telemetry tail`: events as they arrive, as they are stored."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from sqlalchemy import Engine, text

from telemetry_pipeline import contract, database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.settings import DatabaseSettings

_POLL_SECONDS = 0.5
_LATE = timedelta(minutes=2)
"""How much later than its arrival a row may be committed and still be shown."""


@click.command()
@click.option("--since", default=60, show_default=True, help="Begin with what arrived in the last SINCE seconds.")
@click.option("--event", type=click.Choice([event.name for event in contract.EVENTS]), help="Only this kind of event.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--once", is_flag=True, help="Show what is there and stop.")
@click.pass_obj
def tail(obj: dict[str, str], *, since: int, event: str | None, as_json: bool, once: bool) -> None:
    """Show events as they arrive, pseudonymised, until Ctrl-C."""
    events = [one for one in contract.EVENTS if event in {None, one.name}]
    engine = database.connect(environment.read(DatabaseSettings, obj), "telemetry tail")
    write = _as_json if as_json else _as_text
    try:
        for name, row in _arrivals(engine, events, datetime.now(UTC) - timedelta(seconds=since), once=once):
            click.echo(write(name, row))
    except database.FAULTS as error:
        advice = "`telemetry doctor` says more"
        raise click.ClickException(f"the database refused: {database.reason(error)}; {advice}") from None
    except KeyboardInterrupt:
        pass


def _arrivals(
    engine: Engine, events: list[contract.Event], since: datetime, *, once: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    shown: dict[object, datetime] = {}
    while True:
        found = sorted(
            ((event.name, row) for event in events for row in _rows(engine, event, since)),
            key=lambda arrival: arrival[1]["received_at"],
        )
        yield from ((name, row) for name, row in found if row["id"] not in shown)
        shown = {row["id"]: row["received_at"] for _, row in found}
        if once:
            return
        since = max(since, datetime.now(UTC) - _LATE)
        time.sleep(_POLL_SECONDS)


def _rows(engine: Engine, event: contract.Event, since: datetime) -> list[dict[str, Any]]:
    statement = text(f"select * from {event.table} where received_at >= :since")  # noqa: S608 - a name of the contract
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(statement, {"since": since}).mappings()]


def _as_json(name: str, row: dict[str, Any]) -> str:
    return json.dumps({"event": name, **row}, default=str)


def _as_text(name: str, row: dict[str, Any]) -> str:
    shown = {key: value for key, value in row.items() if value not in (None, {}) and key not in _NOT_SHOWN}
    fields = " ".join(f"{key}={_short(value)}" for key, value in shown.items())
    return f"{row['received_at'].astimezone():%H:%M:%S} {click.style(name, bold=True)} {fields}"


_NOT_SHOWN = {"id", "timestamp", "received_at", "key_epoch"}


def _short(value: object) -> str:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)
