"""What must hold of whatever comes out, judged by other means than those that made it."""

import json
import re
from collections.abc import Iterator
from struct import unpack_from
from typing import Any
from uuid import UUID

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet

from telemetry_pipeline import contract
from telemetry_pipeline.mirror.protobuf import descriptor
from telemetry_pipeline.store.tables import COLUMNS

_IDENTIFYING = re.compile(
    r"""
      [A-Za-z0-9._%+-]{1,64} @ [A-Za-z0-9-]{1,63} \. [A-Za-z]{2,24} \b
    | \b [0-9a-f]{8} - [0-9a-f]{4} - [0-9a-f]{4} - [0-9a-f]{4} - [0-9a-f]{12} \b
    | \b (?: AKIA | ASIA ) [0-9A-Z]{16} \b
    | \b gh[opsu]_ [0-9A-Za-z]{36} \b
    | \b AIza [0-9A-Za-z_-]{35} \b
    | \b eyJ [0-9A-Za-z_-]{8,} \. eyJ [0-9A-Za-z_-]{8,} \.
    | \b [a-z]{2,12} :// [^\s/:@]{1,32} : [^\s/:@]{1,32} @
    | -----BEGIN\ [A-Z ]{0,16} PRIVATE\ KEY-----
    | \b (?: 2[0-4][0-9] | 1[0-9][0-9] ) (?: \. (?: 2[0-4][0-9] | 1[0-9][0-9] ) ){3} \b (?! \. )
    """,
    re.VERBOSE,
)
"""Plainly somebody's, in ASCII: what no reader would take for anything else."""

_BYTES = {"smallint": 2, "integer": 4, "double": 8, "timestamp": 8, "uuid": 16}
_KINDS = {
    "id": "uuid",
    "timestamp": "timestamp",
    "received_at": "timestamp",
    "key_epoch": "smallint",
    "metadata": "jsonb",
    "sha256": "bytea",
    "payload": "bytea",
    "contract_version": "integer",
    "size_bytes": "integer",
    **{one.column: "integer" for one in contract.ATTRIBUTES if one.type == "int" and one.column},
    **{one.column: "double" for one in contract.ATTRIBUTES if one.type == "double" and one.column},
}


_YEAR_10000_MICROSECONDS = 253_402_300_800 * 10**6


def _message_classes() -> dict[str, Any]:
    """The classes of the events' rows, as BigQuery makes them of the descriptors that it is sent."""
    pool = DescriptorPool()
    file = FileDescriptorProto(name="rows.proto", message_type=map(descriptor, contract.EVENTS))
    found = pool.AddSerializedFile(file.SerializeToString())
    return {name: GetMessageClass(one) for name, one in found.message_types_by_name.items()}


_MIRRORED = _message_classes()


def identifying(text: str) -> str:
    """What in a text plainly identifies somebody or opens something; empty if nothing does."""
    found = _IDENTIFYING.search(text)
    return found.group() if found else ""


def texts_of(table: str, row: bytes) -> Iterator[str]:
    """The texts in a row that Postgres takes, by the documentation of COPY's binary format and of its types.

    Raises:
        AssertionError: It would not.
    """
    columns = COLUMNS[table]
    (count,) = unpack_from("!h", row)
    assert count == len(columns), table
    place = 2
    for column in columns:
        (length,) = unpack_from("!i", row, place)
        place += 4
        if length == -1:
            continue
        assert 0 <= length <= len(row) - place, column
        yield from _texts(_KINDS.get(column, "text"), row[place : place + length])
        place += length
    assert place == len(row), table


def stored_id(table: str, row: bytes) -> UUID:
    """The id in a row that Postgres takes."""
    place = 2
    for column in COLUMNS[table]:
        (length,) = unpack_from("!i", row, place)
        place += 4
        if column == "id":
            return UUID(bytes=row[place : place + length])
        place += max(length, 0)
    raise AssertionError(f"{table} has no id")


def mirrored_id(event: contract.Event, row: bytes) -> UUID:
    """The id in a row that BigQuery takes, by the descriptor and the documentation of its types.

    Raises:
        AssertionError: It would not: by the descriptor something is missing, there twice or unknown, a time is out of
            range, or the metadata are no JSON object.
        DecodeError: It would not: it is no message.
    """
    message = _MIRRORED[event.table].FromString(row)
    assert message.IsInitialized(), event.table
    assert not len(UnknownFieldSet(message)), event.table
    # What is there twice or written longer than it must be is shorter when it is written again.
    assert message.ByteSize() == len(row), event.table
    for field, value in message.ListFields():
        if isinstance(value, str):
            assert field.name == "metadata" or "\0" not in value, field.name
            value.encode()
    for moment in (message.timestamp, message.received_at):
        assert 0 <= moment < _YEAR_10000_MICROSECONDS
    if event.has_metadata:
        list(_json_texts(message.metadata))
    identifier = UUID(message.id)
    assert str(identifier) == message.id
    return identifier


def _texts(kind: str, field: bytes) -> Iterator[str]:
    if kind == "text":
        text = field.decode()
        assert "\0" not in text
        yield text
    elif kind == "jsonb":
        assert field[:1] == b"\1"
        yield from _json_texts(field[1:].decode())
    else:
        assert len(field) == _BYTES.get(kind, len(field)), kind


def _json_texts(source: str) -> Iterator[str]:
    document = json.loads(source, parse_constant=_no_constant)
    assert isinstance(document, dict)
    for key, value in document.items():
        assert isinstance(value, str | int | float | bool)
        assert "\0" not in f"{key}{value}"
        yield key
        yield str(value)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
