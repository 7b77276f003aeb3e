"""Messages as they are on the bus: made by the real `ingest`, or crafted by hand where it would not make them."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import exports
from telemetry_pipeline import bus, contract
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.otlp.media import Media
from telemetry_pipeline.otlp.requests import Signal
from telemetry_pipeline.settings import IngestSettings

EPOCH = 3
KEY = b"k" * 32
NEXT_KEY = b"n" * 32
PSEUDONYM = "0123456789abcdef" * 2

_SETTINGS = IngestSettings(
    events_topic="projects/tests/topics/events",
    pseudonym_key=KEY,
    pseudonym_key_epoch=EPOCH,
    max_age_days=3650,
)
_ROTATED = replace(
    _SETTINGS,
    pseudonym_key=NEXT_KEY,
    pseudonym_key_epoch=EPOCH + 1,
    previous_pseudonym_key=KEY,
    pseudonym_key_since=date(2020, 1, 1),
)


def ingested(
    request: ExportTraceServiceRequest, received_at: int | None = None, *, rotated: bool = False
) -> bus.Message:
    """The one message that `ingest` publishes for a request; also after a rotation, while it has both keys."""
    return ingested_body(request.SerializeToString(), Media.PROTOBUF, received_at, rotated=rotated)


def ingested_body(body: bytes, media: Media, received_at: int | None = None, *, rotated: bool = False) -> bus.Message:
    """The one message that `ingest` publishes for a request's body of traces."""
    groups = Signal.TRACES.decode(body, media, 100_000)
    exporter = Exporter(_ROTATED if rotated else _SETTINGS)
    (message,) = exporter.export(Signal.TRACES, groups, received_at or time.time_ns()).messages
    return message


def logins(count: int) -> bus.Message:
    """A message of `count` new logins."""
    return ingested(exports.traces(*(exports.span(exports.LOGIN) for _ in range(count))))


def crafted(
    *spans: Span | bytes,
    resource: Mapping[str, object] | None = None,
    received_at: int | None = None,
    contract_version: int = contract.VERSION,
) -> bus.Message:
    """A message with `ingest`'s stamp on whatever spans it is given, serialised or not."""
    stamp = bus.Stamp(contract_version, EPOCH, received_at or time.time_ns())
    return bus.pack(export(spans, resource or {}, stamp.attributes()), stamp, len(spans))


def export(spans: Iterable[Span | bytes], resource: Mapping[str, object], stamp: Iterable[bytes] = ()) -> bytes:
    """A serialised ExportTraceServiceRequest of one resource."""
    own = [pair.SerializeToString() for pair in exports.attributes(resource)]
    items = [span if isinstance(span, bytes) else span.SerializeToString() for span in spans]
    resource_items = wire.ResourceItems(
        resource=wire.Resource(attributes=[*stamp, *own]).SerializeToString(),
        scopes=[wire.ScopeItems(items=items).SerializeToString()],
    )
    return wire.ExportRequest(resources=[resource_items.SerializeToString()]).SerializeToString()


def login(changes: Mapping[str, object] | None = None, **fields: object) -> Span:
    """A login as `ingest` passes it on; a change to None takes an attribute away."""
    content = {"event.category": "user_activity", "event.type": "login", "user.id": PSEUDONYM} | dict(changes or {})
    kept = {name: value for name, value in content.items() if value is not None}
    return exports.span(kept, **({"name": "user_activity"} | fields))
