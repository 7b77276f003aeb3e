"""Rows of events in the form that Postgres copies."""

from collections.abc import Iterable
from struct import Struct

from telemetry_pipeline.rows.columns import COLUMNS
from telemetry_pipeline.store import copy
from telemetry_pipeline.store.copy import EPOCH_MICROSECONDS

KEY_BYTES = 34
"""The length of what `CopyForm.begin` returns; the id is its last 16 bytes."""

_ARRIVAL_BYTES = 12
_TIME = slice(2, 14)
"""Where the key has the time, after the number of columns."""

_KEY = Struct("!hiqi16s").pack
_WIDTHS = {table: len(columns) for table, columns in COLUMNS.items()}


def arrival(row: bytes) -> bytes:
    """When an event's row was received, as `copy.timestamp` has it; these sort by time."""
    return row[-_ARRIVAL_BYTES:]


def oldest_arrival(rows: list[bytes]) -> bytes:
    """When the first of some events' rows was received."""
    # No call for each row: this is done for all that is stored.
    return min([row[-_ARRIVAL_BYTES:] for row in rows])


def oldest(rows: list[bytes]) -> tuple[float, float]:
    """When the first of some events' rows happened, and when the first was received, in seconds since 1970."""
    happened = min([row[_TIME] for row in rows])
    return _seconds(happened), _seconds(oldest_arrival(rows))


def _seconds(timestamp: bytes) -> float:
    return copy.moment(timestamp).timestamp()


class CopyForm:
    """COPY's binary format, which goes by the order of the columns and names none."""

    null = copy.NULL

    def begin(self, table: str, nanoseconds: int, event_id: bytes) -> bytes:
        """Time and id, so that rows sort by their primary key."""
        return _KEY(_WIDTHS[table], 8, nanoseconds // 1000 - EPOCH_MICROSECONDS, 16, event_id)

    def text(self, _column: str, value: str) -> bytes:
        """A text."""
        return copy.text(value)

    def integer(self, _column: str, value: int) -> bytes:
        """An integer."""
        return copy.integer(value)

    def double(self, _column: str, value: float) -> bytes:
        """A double precision."""
        return copy.double(value)

    def json_object(self, _column: str, members: Iterable[bytes]) -> bytes:
        """A jsonb."""
        return copy.json_object(members)

    def end(self, key_epoch: int, received_at: int) -> bytes:
        """A smallint and a timestamptz."""
        return copy.smallint(key_epoch) + copy.timestamp(received_at)
