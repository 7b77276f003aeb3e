"""All that is kept of somebody, as one JSON document that a person can read: what it means, then events by time."""

import heapq
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.resources import files
from operator import itemgetter
from typing import IO, Any

from sqlalchemy import Connection

from telemetry_pipeline import contract
from telemetry_pipeline.exports.forms import record
from telemetry_pipeline.exports.rows import Selection, batches, columns_of

_ABOUT = (
    "All events that this telemetry keeps under the codes below, in order of time (UTC). Ids of people, organizations, "
    "sessions and installations are kept as such codes only. docs/what-we-collect.md has the reasons and limits."
)
_OWN = {
    "event": "The kind of event.",
    "timestamp": "When it happened, UTC.",
    "id": "Identity of the event, a hash.",
    "key_epoch": "Number of the key that made the codes.",
    "received_at": "When it was received, UTC.",
}


def write(
    connection: Connection, target: IO[bytes], column: str, pseudonyms: Sequence[str], now: datetime
) -> Iterator[int]:
    """Write the document, yielding how many events it has after each of them.

    Args:
        connection: To the database, in one transaction.
        target: Where it goes.
        column: The column that names them.
        pseudonyms: What stands for them.
        now: The time of the export.
    """
    head = {
        "about": _ABOUT,
        "exported_at": now.isoformat(timespec="seconds"),
        "contract_version": contract.VERSION,
        "codes": list(pseudonyms),
        "meaning": _OWN | _meanings(),
    }
    opening = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
    target.write(f'{opening},\n  "events": ['.encode())
    number = 0
    for number, event in enumerate(_events(connection, column, pseudonyms), 1):
        text = json.dumps(event, indent=2, ensure_ascii=False).replace("\n", "\n    ")
        target.write(f"{',' if number > 1 else ''}\n    {text}".encode())
        yield number
    target.write(("\n  ]\n}\n" if number else "]\n}\n").encode())


def _events(connection: Connection, column: str, pseudonyms: Sequence[str]) -> Iterator[dict[str, object]]:
    streams = [_of_kind(connection, event, column, pseudonyms) for event in contract.EVENTS]
    for _, event in heapq.merge(*streams, key=itemgetter(0)):
        yield event


def _of_kind(
    connection: Connection, event: contract.Event, column: str, pseudonyms: Sequence[str]
) -> Iterator[tuple[datetime, dict[str, object]]]:
    columns = columns_of(connection, event.table)
    names = [one.name for one in columns]
    moment = names.index("timestamp")
    selection = Selection(event.table, column=column, values=tuple(pseudonyms))
    for rows in batches(connection, selection, columns):
        for row in rows:
            yield row[moment], {"event": event.name, **record(names, row)}


def _meanings() -> dict[str, str]:
    """What each column means, as the public contract says it of its attribute."""
    public = json.loads(files("telemetry_pipeline").joinpath("ingest", "contract.json").read_text())
    briefs: dict[str, Any] = {
        attribute["name"].removesuffix(".*"): attribute["brief"]
        for attributes in (*(event["attributes"] for event in public["events"]), public["with_every_event"])
        for attribute in attributes
    }
    columns = {attribute.name: attribute.column for attribute in contract.ATTRIBUTES} | {"metadata": "metadata"}
    return {columns[name]: brief for name, brief in briefs.items()}
