"""A message's data → the rows it becomes, of events and of spans that break the contract."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from telemetry_pipeline import bus, contract
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.store import copy
from telemetry_pipeline.store.attributes import METADATA, Cells, Part
from telemetry_pipeline.store.rejections import rejected_span
from telemetry_pipeline.store.tables import COLUMNS, REJECTED_SPANS, Rows, event_columns

_DAY_NANOSECONDS = 86_400 * 10**9
_BIRTH_NANOSECONDS = 1_600_000_000 * 10**9
"""No stamp is older: a time before this (2020) was not written by `ingest`."""

_NO_METADATA = copy.json_object(())
_DURATION = contract.DURATION_MS.column
_DEPLOYMENT = contract.DEPLOYMENT_TYPE.column
_RESOURCE_COLUMNS = ("service_name", "service_version", "installation_id")


class Unreadable(Exception):
    """The message can never be stored; `reason` is one of a fixed set of words.

    `is_ours` is false where the message was not written by `ingest`: it may then hold anything.
    """

    def __init__(self, reason: str, *, is_ours: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_ours = is_ours


class NewerContract(Exception):
    """The message was written under a newer contract than this version knows; a newer version can store it."""


class _Rejected(Exception):
    def __init__(self, reason: str, attribute: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.attribute = attribute


@dataclass(frozen=True, slots=True)
class _Shape:
    """An event's table, the width of its rows, the columns that may not be missing, and an empty row's fields."""

    table: str
    width: int
    required: tuple[tuple[str, str], ...]
    empty: Mapping[str, bytes]


_SHAPES = {
    event.name: _Shape(
        table=event.table,
        width=len(COLUMNS[event.table]),
        required=tuple((attribute.column, attribute.name) for attribute in event.required),
        empty=dict.fromkeys((*event_columns(event), METADATA), copy.NULL),
    )
    for event in contract.EVENTS
}
_ATTRIBUTE_NAMES = {attribute.column: attribute.name for attribute in contract.ATTRIBUTES}


def rows_of(data: bytes, max_age_days: int) -> Rows:
    """Turn a message's data into rows.

    Args:
        data: A message's data, as `bus.pack` makes it.
        max_age_days: A span that began longer before its arrival is rejected.

    Raises:
        Unreadable: It isn't a message of ours, or is damaged.
        NewerContract: It is for a newer version of the pipeline.
    """
    rows: Rows = {}
    cells = Cells()
    try:
        resources = wire.ExportRequest.FromString(bus.unpack(data)).resources
        if not resources:
            raise Unreadable("empty", is_ours=False)
        for raw in resources:
            items = wire.ResourceItems.FromString(raw)
            resource = _Resource(wire.Resource.FromString(items.resource).attributes[:], cells, max_age_days)
            for scope in items.scopes:
                for span in wire.ScopeItems.FromString(scope).items:
                    table, row = resource.row(span)
                    rows.setdefault(table, []).append(row)
    except (DecodeError, ValueError):
        raise Unreadable("undecodable") from None
    return rows


class _Resource:
    """What the spans of one resource share: the stamp, and the fields that are the same in all their rows."""

    def __init__(self, attributes: list[bytes], cells: Cells, max_age_days: int) -> None:
        stamp = _stamp(attributes)
        self._received_at = stamp.received_at
        self._earliest = stamp.received_at - max_age_days * _DAY_NANOSECONDS
        self._latest = stamp.received_at + _DAY_NANOSECONDS
        self._cells = cells
        found = {cell.name: cell.content for cell in map(cells.__getitem__, attributes) if cell.part is Part.COLUMN}
        self._service_name = found.get("service_name", copy.NULL)
        self._suffix = b"".join(
            (
                *(found.get(column, copy.NULL) for column in _RESOURCE_COLUMNS),
                copy.smallint(stamp.key_epoch),
                copy.timestamp(stamp.received_at),
            )
        )
        resource = {_DEPLOYMENT: found.get(_DEPLOYMENT, copy.text("unknown")), METADATA: _NO_METADATA}
        self._empty = {name: {**shape.empty, **resource} for name, shape in _SHAPES.items()}

    def row(self, raw: bytes) -> tuple[str, bytes]:
        """A span's row, and the table it belongs in."""
        event = None
        identity = raw
        try:
            span = _span(raw)
            event = span.name
            identity = span.trace_id + span.span_id
            return self._event_row(span, identity)
        except _Rejected as rejected:
            return REJECTED_SPANS, rejected_span(
                sha256(identity).digest()[:16],
                self._received_at,
                service_name=self._service_name,
                event=event if event in _SHAPES else None,
                reason=rejected.reason,
                attribute=rejected.attribute,
            )

    def _event_row(self, span: wire.Span, identity: bytes) -> tuple[str, bytes]:
        shape = _SHAPES.get(span.name)
        if shape is None:
            raise _Rejected("unknown_event")
        start = span.start_time_unix_nano
        if not self._earliest <= start <= self._latest:
            raise _Rejected("time_out_of_range")
        if len(identity) != 24 or len(span.span_id) != 8:
            raise _Rejected("invalid_id")
        fields = self._fields(span, shape)
        return shape.table, b"".join((copy.key(shape.width, start, identity), *fields.values(), self._suffix))

    def _fields(self, span: wire.Span, shape: _Shape) -> dict[str, bytes]:
        """The span's own fields, by column and in the order of the columns."""
        fields = self._empty[span.name].copy()
        metadata: dict[str, bytes] = {}
        cells = self._cells
        for raw in span.attributes:
            part, name, content = cells[raw]
            if part is Part.COLUMN:
                fields[name] = content
            elif part is Part.METADATA:
                metadata[name] = content
            elif part is Part.FAULT:
                raise _Rejected(content.decode(), name)
        _check(fields, metadata, shape)
        if metadata:
            fields[METADATA] = copy.json_object(metadata.values())
        if fields.get(_DURATION) is copy.NULL and span.end_time_unix_nano >= span.start_time_unix_nano:
            fields[_DURATION] = copy.double((span.end_time_unix_nano - span.start_time_unix_nano) / 1e6)
        return fields


def _check(fields: dict[str, bytes], metadata: dict[str, bytes], shape: _Shape) -> None:
    if len(fields) > len(shape.empty):
        raise _Rejected("not_in_contract", _ATTRIBUTE_NAMES[next(reversed(fields))])
    for column, name in shape.required:
        if fields[column] is copy.NULL:
            raise _Rejected("missing", name)
    if len(metadata) > contract.METADATA_KEYS:
        raise _Rejected("too_many_keys", METADATA)


def _span(raw: bytes) -> wire.Span:
    try:
        return wire.Span.FromString(raw)
    except DecodeError:
        raise _Rejected("malformed") from None


def _stamp(attributes: list[bytes]) -> bus.Stamp:
    stamp = bus.stamp_of(_integers(attributes))
    if (
        stamp is None
        or not 1 <= stamp.key_epoch <= 32_767
        or not _BIRTH_NANOSECONDS <= stamp.received_at < 2 * _BIRTH_NANOSECONDS
    ):
        raise Unreadable("not_from_ingest", is_ours=False)
    if stamp.contract_version > contract.VERSION:
        raise NewerContract
    return stamp


def _integers(attributes: list[bytes]) -> Iterator[tuple[str, int]]:
    for pair in map(KeyValue.FromString, attributes):
        if pair.value.WhichOneof("value") == "int_value":
            yield pair.key, pair.value.int_value
