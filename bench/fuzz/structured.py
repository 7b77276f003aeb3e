"""Bytes → an export request that can always be decoded, so that fuzzing reaches what is done to its events."""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import unpack

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry_pipeline import contract

_NAMES = (
    *(name for attribute in contract.ATTRIBUTES for name in attribute.accepted),
    "metadata.plan",
    "metadata.email",
    "other",
)
_WORDS = (
    *(member for attribute in contract.ATTRIBUTES for member in attribute.members),
    *("login", "logout", "test_run", "/tests/{id}", "alice", "GET", "200", "1e400", "-0", "NaN", "true", "2", ""),
)
_EVENTS = (*(event.name for event in (*contract.EVENTS, *contract.REQUESTS)), "work")
_MOST = 8


@dataclass(slots=True)
class _Bytes:
    """What is left to make something of; when there is nothing left, zeros."""

    left: bytes

    def take(self, count: int) -> bytes:
        taken, self.left = self.left[:count], self.left[count:]
        return taken.ljust(count, b"\0")

    def number(self, below: int) -> int:
        return self.take(1)[0] % below


def request(data: bytes, now: int, stamp: Iterable[bytes] = ()) -> bytes:
    """A serialised request of one resource, with this stamp; its spans begin about `now`, in nanoseconds since 1970."""
    source = _Bytes(data)
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add()
    group.resource.attributes.extend([*map(KeyValue.FromString, stamp), *_attributes(source)])
    scope = group.scope_spans.add()
    while source.left and len(scope.spans) < _MOST:
        scope.spans.append(_span(source, now))
    return made.SerializeToString()


def _span(source: _Bytes, now: int) -> Span:
    begun, took = (now, 1000)
    if source.number(8) == 7:
        begun, took = (int.from_bytes(source.take(8)), int.from_bytes(source.take(8)))
    return Span(
        name=_EVENTS[source.number(len(_EVENTS))],
        trace_id=source.take(16) if source.number(8) else source.take(source.number(32)),
        span_id=source.take(8) if source.number(8) else source.take(source.number(16)),
        start_time_unix_nano=begun,
        end_time_unix_nano=(begun + took) % 2**64,
        attributes=_attributes(source),
    )


def _attributes(source: _Bytes) -> list[KeyValue]:
    return [KeyValue(key=_name(source), value=_value(source, 10)) for _ in range(source.number(_MOST))]


def _name(source: _Bytes) -> str:
    chosen = source.number(len(_NAMES) + 2)
    return _NAMES[chosen] if chosen < len(_NAMES) else f"metadata.{_text(source)}"


def _text(source: _Bytes) -> str:
    return source.take(source.number(64)).decode("utf-8", "replace")


def _value(source: _Bytes, depth: int) -> AnyValue:
    match source.number(8):
        case 0 | 1:
            return AnyValue(string_value=_text(source))
        case 2 | 3:
            return AnyValue(string_value=_WORDS[source.number(len(_WORDS))])
        case 4:
            return AnyValue(int_value=int.from_bytes(source.take(8), signed=True))
        case 5:
            return AnyValue(double_value=unpack("<d", source.take(8))[0])
        case 6:
            return AnyValue(bool_value=bool(source.number(2)))
    made = AnyValue(bytes_value=source.take(4))
    if depth and source.left:
        made.array_value.values.append(_value(source, depth - 1))
    return made
