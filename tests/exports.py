"""Builds export requests."""

import itertools
import time
from collections.abc import Mapping

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

LOGIN = {"event.category": "user_activity", "event.type": "login", "user.id": "alice"}
ENDPOINT = {"event.category": "endpoint_usage", "http.request.method": "GET", "http.route": "/tests"}
FEATURE = {"event.category": "feature_usage", "feature.name": "test_run"}

_numbers = itertools.count(time.time_ns())


def value(content: object) -> AnyValue:
    """An attribute's value, of whatever kind the Python value is."""
    match content:
        case AnyValue():
            return content
        case bool():
            return AnyValue(bool_value=content)
        case int():
            return AnyValue(int_value=content)
        case float():
            return AnyValue(double_value=content)
        case str():
            return AnyValue(string_value=content)
        case bytes():
            return AnyValue(bytes_value=content)
        case list():
            return AnyValue(array_value=ArrayValue(values=map(value, content)))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=attributes(content)))
    return AnyValue()


def attributes(content: Mapping[str, object]) -> list[KeyValue]:
    """Attributes from a mapping."""
    return [KeyValue(key=key, value=value(one)) for key, one in content.items()]


def span(content: Mapping[str, object], **fields: object) -> Span:
    """A span that is new, starts now and takes a millisecond, unless `fields` say otherwise."""
    now = time.time_ns()
    made: dict[str, object] = {
        "trace_id": next(_numbers).to_bytes(16),
        "span_id": next(_numbers).to_bytes(8),
        "name": "a span",
        "start_time_unix_nano": now,
        "end_time_unix_nano": now + 1_000_000,
        "attributes": attributes(content),
    }
    return Span(**(made | fields))  # type: ignore[arg-type]


def traces(*spans: Span, resource: Mapping[str, object] | None = None) -> ExportTraceServiceRequest:
    """An export request of spans of one resource."""
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                resource=Resource(attributes=attributes(resource or {})), scope_spans=[ScopeSpans(spans=spans)]
            )
        ]
    )


def record(content: Mapping[str, object], **fields: object) -> LogRecord:
    """A log record of now."""
    return LogRecord(**({"time_unix_nano": time.time_ns(), "attributes": attributes(content)} | fields))  # type: ignore[arg-type]


def logs(*records: LogRecord) -> ExportLogsServiceRequest:
    """An export request of log records."""
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])])


def content_of(pairs: object) -> dict[str, object]:
    """Attributes as a mapping of scalars."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}  # type: ignore[attr-defined]
