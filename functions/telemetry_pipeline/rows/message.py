"""A message's data → the rows of its events, and the spans that break the contract."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from telemetry_pipeline import bus, contract
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.rows.attributes import Cells, Part
from telemetry_pipeline.rows.columns import METADATA, RESOURCE_COLUMNS, event_columns
from telemetry_pipeline.rows.form import Form

_DAY_NANOSECONDS = 86_400 * 10**9
_BIRTH_NANOSECONDS = 1_600_000_000 * 10**9
"""No stamp is older: a time before this (2020) was not written by `ingest`."""

_DURATION = contract.DURATION_MS.column
_DEPLOYMENT = contract.DEPLOYMENT_TYPE.column


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
class Rejection:
    """A span that is not stored, and why; never what it held.

    `id` is the one that its event would have, or a hash of what can't be read. `received_at` has nanoseconds since
    1970, `service_name` is a field of the form, and `event` is None unless the contract has it.
    """

    id: bytes
    received_at: int
    service_name: bytes
    event: str | None
    reason: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Link:
    """That a pseudonym is somebody's who had another one under the key before; `key_epoch` is the present key's.

    `received_at` has nanoseconds since 1970.
    """

    domain: str
    pseudonym: str
    previous: str
    key_epoch: int
    received_at: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds: the rows of its events, by table, the spans that break the contract, and links."""

    rows: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    rejections: list[Rejection] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Shape:
    """An event's table, the columns that may not be missing, and an empty row's fields."""

    table: str
    required: tuple[tuple[str, str], ...]
    empty: Mapping[str, bytes]


_ATTRIBUTE_NAMES = {attribute.column: attribute.name for attribute in contract.ATTRIBUTES}


class Reader:
    """Reads messages into rows of one form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.shapes = {
            event.name: _Shape(
                table=event.table,
                required=tuple((attribute.column, attribute.name) for attribute in event.required),
                empty=dict.fromkeys(event_columns(event), form.null),
            )
            for event in (*contract.EVENTS, *contract.REQUESTS)
        }

    def read(self, data: bytes, max_age_days: int) -> Content:
        """Turn a message's data into rows.

        Args:
            data: A message's data, as `bus.pack` makes it.
            max_age_days: A span that began longer before its arrival is rejected.

        Raises:
            Unreadable: It isn't a message of ours, or is damaged.
            NewerContract: It is for a newer version of the pipeline.
        """
        content = Content()
        cells = Cells(self.form)
        try:
            resources = wire.ExportRequest.FromString(bus.unpack(data)).resources
            if not resources:
                raise Unreadable("empty", is_ours=False)
            for raw in resources:
                items = wire.ResourceItems.FromString(raw)
                attributes = wire.Resource.FromString(items.resource).attributes[:]
                resource = _Resource(attributes, cells, self, max_age_days)
                spans, rejected = 0, len(content.rejections)
                for scope in items.scopes:
                    for span in wire.ScopeItems.FromString(scope).items:
                        resource.add(span, content)
                        spans += 1
                if spans > len(content.rejections) - rejected:
                    content.links.extend(resource.links)
        except (DecodeError, ValueError):
            raise Unreadable("undecodable") from None
        return content


class _Resource:
    """What the spans of one resource share: the stamp, and the fields that are the same in all their rows."""

    def __init__(self, attributes: list[bytes], cells: Cells, reader: Reader, max_age_days: int) -> None:
        pairs = list(map(KeyValue.FromString, attributes))
        stamp = _stamp(pairs)
        self.links = [Link(*one, stamp.key_epoch, stamp.received_at) for one in bus.links_of(pairs)]
        self._received_at = stamp.received_at
        self._earliest = stamp.received_at - max_age_days * _DAY_NANOSECONDS
        self._latest = stamp.received_at + _DAY_NANOSECONDS
        self._cells = cells
        self._shapes = reader.shapes
        self._form = form = reader.form
        self._begin = form.begin
        self._null = form.null
        found = {cell.name: cell.content for cell in map(cells.__getitem__, attributes) if cell.part is Part.COLUMN}
        own = [found.get(column, form.null) for column in RESOURCE_COLUMNS]
        self._service_name = own[0]
        self._suffix = b"".join((*own, form.end(stamp.key_epoch, stamp.received_at)))
        resource = {
            _DEPLOYMENT: found.get(_DEPLOYMENT, form.text(_DEPLOYMENT, "unknown")),
            METADATA: form.json_object(METADATA, ()),
        }
        self._empty = {
            name: {**shape.empty, **{column: resource[column] for column in shape.empty.keys() & resource.keys()}}
            for name, shape in reader.shapes.items()
        }

    def add(self, raw: bytes, content: Content) -> None:
        """Add a span's row, or its rejection, to the message's content."""
        event = None
        identity = raw
        try:
            span = _span(raw)
            event = span.name
            identity = span.trace_id + span.span_id
            table, row = self._row(span, identity)
            content.rows[table].append(row)
        except _Rejected as rejected:
            content.rejections.append(
                Rejection(
                    id=sha256(identity).digest()[:16],
                    received_at=self._received_at,
                    service_name=self._service_name,
                    event=event if event in self._shapes else None,
                    reason=rejected.reason,
                    attribute=rejected.attribute,
                )
            )

    def _row(self, span: wire.Span, identity: bytes) -> tuple[str, bytes]:
        shape = self._shapes.get(span.name)
        if shape is None:
            raise _Rejected("unknown_event")
        start = span.start_time_unix_nano
        if not self._earliest <= start <= self._latest:
            raise _Rejected("time_out_of_range")
        if len(identity) != 24 or len(span.span_id) != 8:
            raise _Rejected("invalid_id")
        fields = self._fields(span, shape)
        begin = self._begin(shape.table, start, sha256(identity).digest()[:16])
        return shape.table, b"".join((begin, *fields.values(), self._suffix))

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
        null = self._null
        _check(fields, metadata, shape, null)
        if metadata:
            fields[METADATA] = self._form.json_object(METADATA, metadata.values())
        if fields.get(_DURATION) is null and span.end_time_unix_nano >= span.start_time_unix_nano:
            milliseconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
            fields[_DURATION] = self._form.double(_DURATION, milliseconds)
        return fields


def _check(fields: dict[str, bytes], metadata: dict[str, bytes], shape: _Shape, null: bytes) -> None:
    if len(fields) > len(shape.empty):
        raise _Rejected("not_in_contract", _ATTRIBUTE_NAMES[next(reversed(fields))])
    if metadata and METADATA not in shape.empty:
        raise _Rejected("not_in_contract", METADATA)
    for column, name in shape.required:
        if fields[column] is null:
            raise _Rejected("missing", name)
    if len(metadata) > contract.METADATA_KEYS:
        raise _Rejected("too_many_keys", METADATA)


def _span(raw: bytes) -> wire.Span:
    try:
        return wire.Span.FromString(raw)
    except DecodeError:
        raise _Rejected("malformed") from None


def _stamp(attributes: Iterable[KeyValue]) -> bus.Stamp:
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


def _integers(attributes: Iterable[KeyValue]) -> Iterator[tuple[str, int]]:
    for pair in attributes:
        if pair.value.WhichOneof("value") == "int_value":
            yield pair.key, pair.value.int_value
