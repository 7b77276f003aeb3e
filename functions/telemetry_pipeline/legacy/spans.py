"""A former row → the span that its client would send today, ids and all: what becomes of it, `ingest` decides."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList

from telemetry_pipeline import contract
from telemetry_pipeline.legacy.tables import Row, Table
from telemetry_pipeline.otlp import wire_pb2 as wire

_OF_THE_RESOURCE = {name for attribute in contract.RESOURCE for name in attribute.accepted}
_ON_A_SPAN = {name for attribute in contract.ATTRIBUTES for name in attribute.accepted} - _OF_THE_RESOURCE
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_INT64 = range(-(2**63), 2**63)


class Unusable(Exception):
    """The row can't become a span; the text is the reason that is counted."""


@dataclass(frozen=True, slots=True)
class Former:
    """A row as a span, serialised, with the attributes of the resource that sent it and the identity that it gets."""

    span: bytes
    resource: tuple[bytes, ...]
    identity: bytes
    microseconds: int


def identity(table: Table, row_id: str) -> bytes:
    """What stands for trace id and span id, 24 bytes: the same for a row however often and from where it is read.

    A UUID is a row's own in both generations, so that a row which was copied from one to the other is one event.
    """
    try:
        named = f"{table.event.name} {UUID(row_id)}"
    except ValueError:
        named = f"{table.name} {row_id}"
    return sha256(f"former system: {named}".encode()).digest()[:24]


def former(table: Table, row: Row) -> Former:
    """Make a row's span.

    Raises:
        Unusable: It has no time, or metadata that is no JSON object.
    """
    if row.microseconds is None:
        raise Unusable("missing timestamp")
    if not 0 <= row.microseconds < 2**63 // 1000:
        raise Unusable("time_out_of_range")
    found = _metadata(row.metadata)
    attributes = _known(found, table.metadata)
    # The columns were filled from the same span, and win.
    attributes |= row.values
    attributes[contract.EVENT_CATEGORY.name] = table.event.name
    named = identity(table, row.id)
    return Former(
        # Without an end: the former tables tell a duration or they don't.
        span=wire.Span(
            trace_id=named[:16],
            span_id=named[16:],
            start_time_unix_nano=row.microseconds * 1000,
            attributes=[_encoded(name, value) for name, value in attributes.items()],
        ).SerializeToString(),
        resource=tuple(_encoded(name, value) for name, value in sorted(found.items()) if name in _OF_THE_RESOURCE),
        identity=named,
        microseconds=row.microseconds,
    )


def _metadata(written: str | None) -> dict[str, Any]:
    if written is None:
        return {}
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        raise Unusable("malformed metadata") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unusable("malformed metadata")
    return found


def _known(found: Mapping[str, Any], column: str | None) -> dict[str, Any]:
    """What is an attribute of the contract by its name, or an addition of the app's.

    `event_metadata` holds all of a span's attributes by their names. Where the column is called `metadata`, a name
    without a dot is an addition too.
    """
    kept = {}
    for name, value in found.items():
        if name in _ON_A_SPAN or name.startswith(contract.METADATA_PREFIX):
            kept[name] = value
        elif column == "metadata" and "." not in name and name not in _OF_THE_RESOURCE:
            kept[contract.METADATA_PREFIX + name] = value
    return {name: value for name, value in kept.items() if value is not None}


def _encoded(name: str, value: object) -> bytes:
    return KeyValue(key=_text(name), value=_any(value)).SerializeToString()


def _any(value: object) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int() if value in _INT64:
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str() | int():
            return AnyValue(string_value=_text(str(value)))
    # A list or an object: nothing that an attribute of the contract can be.
    return AnyValue(kvlist_value=KeyValueList())


def _text(value: str) -> str:
    """The text; half a character, which JSON can name and UTF-8 can't, becomes NUL, which rejects the event."""
    return _LONE_SURROGATES.sub("\0", value)
