"""Export requests: the three signals, their paths and messages, and how a body is decoded into groups of items."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from telemetry_pipeline.otlp import json
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.otlp.errors import TooLarge, Undecodable
from telemetry_pipeline.otlp.media import Media


@dataclass(frozen=True, slots=True)
class Group:
    """What one resource sent: its attributes (KeyValue) and its items (Span, LogRecord or Metric), all serialised."""

    attributes: list[bytes]
    items: list[bytes]


def _traces(rejected: int, message: str) -> Message:
    response = ExportTraceServiceResponse()
    if rejected:
        response.partial_success.rejected_spans = rejected
        response.partial_success.error_message = message
    return response


def _logs(rejected: int, message: str) -> Message:
    response = ExportLogsServiceResponse()
    if rejected:
        response.partial_success.rejected_log_records = rejected
        response.partial_success.error_message = message
    return response


def _metrics(rejected: int, message: str) -> Message:
    response = ExportMetricsServiceResponse()
    if rejected:
        response.partial_success.rejected_data_points = rejected
        response.partial_success.error_message = message
    return response


class Signal(Enum):
    """One of OTLP's signals, by the path it is posted to."""

    TRACES = "/v1/traces"
    LOGS = "/v1/logs"
    METRICS = "/v1/metrics"

    def response(self, rejected: int, message: str) -> Message:
        """The export response; `partial_success` stays unset where nothing was rejected (OTLP 1.x, "Full Success")."""
        return _RESPONSES[self](rejected, message)

    def decode(self, body: bytes, media: Media, limit: int) -> list[Group]:
        """Decode an export request.

        Raises:
            Undecodable: The body is not one.
            TooLarge: It has more than `limit` items, resources or scopes.
        """
        if media is Media.JSON:
            body = _FROM_JSON[self](body)
        try:
            return _groups(body, limit)
        except DecodeError:
            raise Undecodable(f"the body is not a valid {self.name.lower()} export request") from None


_RESPONSES: dict[Signal, Callable[[int, str], Message]] = {
    Signal.TRACES: _traces,
    Signal.LOGS: _logs,
    Signal.METRICS: _metrics,
}
_FROM_JSON: dict[Signal, Callable[[bytes], bytes]] = {
    Signal.TRACES: json.spans,
    Signal.LOGS: json.log_records,
    Signal.METRICS: json.metrics,
}


def _groups(body: bytes, limit: int) -> list[Group]:
    """Open a request as far as its items; each count is checked before anything is copied."""
    groups = []
    scopes = items = 0
    resources = wire.ExportRequest.FromString(body).resources
    _check(len(resources), limit, "resources")
    for raw in resources:
        resource = wire.ResourceItems.FromString(raw)
        scopes = _check(scopes + len(resource.scopes), limit, "scopes")
        group = Group(wire.Resource.FromString(resource.resource).attributes[:], [])
        for scope in resource.scopes:
            found = wire.ScopeItems.FromString(scope).items
            items = _check(items + len(found), limit, "items")
            group.items.extend(found)
        groups.append(group)
    return groups


def _check(count: int, limit: int, what: str) -> int:
    if count > limit:
        raise TooLarge(f"the request has more than {limit} {what}; send smaller batches")
    return count


def data_points(groups: list[Group]) -> int:
    """How many data points a metrics request has.

    Raises:
        Undecodable: A metric is malformed.
    """
    try:
        return sum(
            len(wire.DataPoints.FromString(data).data_points)
            for group in groups
            for metric in map(wire.Metric.FromString, group.items)
            for _, data in metric.ListFields()
        )
    except DecodeError:
        raise Undecodable("the body is not a valid metrics export request") from None
