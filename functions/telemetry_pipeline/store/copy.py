"""Rows in the form that Postgres copies: COPY's binary format (postgresql.org/docs/current/sql-copy.html).

A field is its length in four bytes and its value; nothing in a value needs escaping, and an id, a time or a number
costs the server no parsing. The fields of values that repeat are made once.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from struct import Struct

NULL = b"\xff\xff\xff\xff"

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_JSONB_VERSION = b"\1"
EPOCH_MICROSECONDS = 946_684_800 * 10**6
"""Postgres counts from 2000, Unix from 1970."""

_LENGTH = Struct("!i").pack
_COUNT = Struct("!h").pack
_SMALLINT = Struct("!ih").pack
_INTEGER = Struct("!ii").pack
_DOUBLE = Struct("!id").pack
_TIMESTAMP = Struct("!iq").pack
_TIMESTAMP_OF = Struct("!iq").unpack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def field(value: bytes) -> bytes:
    """A value that is its own binary form: text in UTF-8, bytea, or the 16 bytes of a uuid."""
    return _LENGTH(len(value)) + value


def text(value: str | None) -> bytes:
    """A text."""
    return NULL if value is None else field(value.encode())


def smallint(value: int) -> bytes:
    """A smallint."""
    return _SMALLINT(2, value)


def integer(value: int | None) -> bytes:
    """An integer."""
    return NULL if value is None else _INTEGER(4, value)


def double(value: float) -> bytes:
    """A double precision."""
    return _DOUBLE(8, value)


def timestamp(nanoseconds: int) -> bytes:
    """A timestamptz, from nanoseconds since 1970; what is below a microsecond is cut off."""
    return _TIMESTAMP(8, nanoseconds // 1000 - EPOCH_MICROSECONDS)


def moment(timestamp: bytes) -> datetime:
    """The time that a timestamptz holds."""
    _, microseconds = _TIMESTAMP_OF(timestamp)
    return _EPOCH + timedelta(microseconds=microseconds)


def json_object(members: Iterable[bytes]) -> bytes:
    """A jsonb, from the members of a JSON object, each as JSON text in UTF-8."""
    return field(_JSONB_VERSION + b"{" + b",".join(members) + b"}")


def row(fields: Iterable[bytes]) -> bytes:
    """One row."""
    fields = list(fields)
    return _COUNT(len(fields)) + b"".join(fields)


def stream(rows: Iterable[bytes]) -> BytesIO:
    """Rows as a file that COPY reads."""
    return BytesIO(b"".join((_SIGNATURE, *rows, _TRAILER)))
