"""Rows in the form that BigQuery's Storage Write API takes: serialised protobuf messages, and their descriptor.

A message is its fields in any order, each with its number, and a field that is not there is NULL; so a row is what
`rows.message` joins. How types stand for BigQuery's:
cloud.google.com/bigquery/docs/supported-data-types#supported-protocol-buffer-data-types.
"""

from collections.abc import Iterable
from struct import Struct

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from telemetry_pipeline import contract
from telemetry_pipeline.rows.columns import COLUMNS, METADATA

_NUMBERS = {column: number for number, column in enumerate(dict.fromkeys(sum(COLUMNS.values(), ())), start=1)}
"""A column has the same number in every table, as a field is made before its table is known."""

_TYPES = {
    "int": FieldDescriptorProto.TYPE_INT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "string": FieldDescriptorProto.TYPE_STRING,
}
_COLUMN_TYPES = {attribute.column: _TYPES[attribute.type] for attribute in contract.ATTRIBUTES if attribute.column} | {
    "id": FieldDescriptorProto.TYPE_STRING,
    METADATA: FieldDescriptorProto.TYPE_STRING,
    "timestamp": FieldDescriptorProto.TYPE_INT64,  # microseconds since 1970
    "key_epoch": FieldDescriptorProto.TYPE_INT64,
    "received_at": FieldDescriptorProto.TYPE_INT64,
}
_REQUIRED, _OPTIONAL = FieldDescriptorProto.LABEL_REQUIRED, FieldDescriptorProto.LABEL_OPTIONAL
_ALWAYS = {"timestamp", "id", contract.DEPLOYMENT_TYPE.column, METADATA, "key_epoch", "received_at"}

_DOUBLE = Struct("<d").pack


def descriptor(event: contract.Event) -> DescriptorProto:
    """The descriptor of an event's rows."""
    required = _ALWAYS | {attribute.column for attribute in event.required}
    return DescriptorProto(
        name=event.table,
        field=[
            FieldDescriptorProto(
                name=column,
                number=_NUMBERS[column],
                type=_COLUMN_TYPES[column],
                label=_REQUIRED if column in required else _OPTIONAL,
            )
            for column in COLUMNS[event.table]
        ],
    )


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


_VARINT, _FIXED64, _LENGTH = 0, 1, 2
_TAGS = {
    column: _varint(
        _NUMBERS[column] << 3
        | {FieldDescriptorProto.TYPE_INT64: _VARINT, FieldDescriptorProto.TYPE_DOUBLE: _FIXED64}.get(kind, _LENGTH)
    )
    for column, kind in _COLUMN_TYPES.items()
}
_ID = _TAGS["id"] + _varint(36)


class ProtobufForm:
    """The wire format of protobuf (protobuf.dev/programming-guides/encoding)."""

    null = b""

    def begin(self, _table: str, nanoseconds: int, event_id: bytes) -> bytes:
        """Time, and the id as Postgres shows a uuid."""
        digits = event_id.hex()
        uuid = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        return _TAGS["timestamp"] + _varint(nanoseconds // 1000) + _ID + uuid.encode()

    def text(self, column: str, value: str) -> bytes:
        """A STRING."""
        return _bytes(column, value.encode())

    def integer(self, column: str, value: int) -> bytes:
        """An INT64."""
        return _TAGS[column] + _varint(value)

    def double(self, column: str, value: float) -> bytes:
        """A FLOAT64."""
        return _TAGS[column] + _DOUBLE(value)

    def json_object(self, column: str, members: Iterable[bytes]) -> bytes:
        """A JSON."""
        return _bytes(column, b"{" + b",".join(members) + b"}")

    def end(self, key_epoch: int, received_at: int) -> bytes:
        """An INT64 and a TIMESTAMP."""
        return self.integer("key_epoch", key_epoch) + self.integer("received_at", received_at // 1000)


def _bytes(column: str, value: bytes) -> bytes:
    return _TAGS[column] + _varint(len(value)) + value
