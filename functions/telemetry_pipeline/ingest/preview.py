"""What would be stored of a request: nothing is published, and nothing is told that could be matched with anything."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from telemetry_pipeline.ingest.api_keys import Sender
from telemetry_pipeline.ingest.export import Export, Exporter
from telemetry_pipeline.otlp.requests import Group, Signal
from telemetry_pipeline.rows.message import Reader
from telemetry_pipeline.settings import IngestSettings


class JsonForm:
    """Rows as JSON objects: each field is a member, from its name to the comma behind it."""

    null = b""

    def begin(self, _table: str, nanoseconds: int, event_id: bytes) -> bytes:
        """The time, and the id as Postgres shows a uuid."""
        return b"{" + _member("timestamp", _iso(nanoseconds)) + _member("id", str(UUID(bytes=event_id)))

    def text(self, column: str, value: str) -> bytes:
        """A string."""
        return _member(column, value)

    def integer(self, column: str, value: int) -> bytes:
        """A number."""
        return _member(column, value)

    def double(self, column: str, value: float) -> bytes:
        """A number."""
        return _member(column, value)

    def json_object(self, column: str, members: Iterable[bytes]) -> bytes:
        """An object."""
        return json.dumps(column).encode() + b":{" + b",".join(members) + b"},"

    def end(self, key_epoch: int, received_at: int) -> bytes:
        """A number and a time, and the end of the object."""
        return _member("key_epoch", key_epoch) + _member("received_at", _iso(received_at))[:-1] + b"}"


def _iso(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")


def _member(column: str, value: str | float) -> bytes:
    return f"{json.dumps(column)}:{json.dumps(value, ensure_ascii=False)},".encode()


_reader = Reader(JsonForm())


def preview(
    settings: IngestSettings, signal: Signal, groups: list[Group], received_at: int, sender: Sender
) -> dict[str, Any]:
    """Tell what would be stored of a request, and what would not.

    The pseudonyms are made with a key that is thrown away: with the real one, anybody could ask here for the pseudonym
    of an id, and find it among stored events.

    Args:
        settings: The limits that an event has to keep.
        signal: What the request holds.
        groups: Its resources.
        received_at: When it arrived, in nanoseconds since 1970.
        sender: What is known of who sends it.

    Returns:
        `stored`, a list of {"table", "row"}, and `rejected`, a list of {"reason", "count"}.

    Raises:
        Undecodable: A span, a log record or an attribute is malformed.
    """
    exporter = Exporter(replace(settings, pseudonym_key=secrets.token_bytes(32), previous_pseudonym_key=b""))
    export = exporter.export(signal, groups, received_at, sender=sender)
    return {
        "stored": list(_rows(export, settings.max_age_days)),
        "rejected": [{"reason": reason, "count": count} for reason, count in export.rejected.most_common()],
    }


def _rows(export: Export, max_age_days: int) -> Iterable[dict[str, Any]]:
    for message in export.messages:
        for table, rows in _reader.read(message.data, max_age_days).rows.items():
            for row in rows:
                yield {"table": table, "row": json.loads(row)}
