"""A receiver of OTLP, and what a function exported to it of itself."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from recorder import Recorder, Request, attributes
from waiting import until

SECONDS = 30

Series = frozenset[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Receiver:
    """What arrived at it."""

    recorder: Recorder

    def environment(self, interval: float = 0.1) -> dict[str, str]:
        """The settings of a function that exports here."""
        return {"RHESIS_OBSERVE_URL": self.recorder.url, "RHESIS_OBSERVE_INTERVAL_SECONDS": str(interval)}

    def await_metric(self, name: str) -> dict[Series, float]:
        """Wait until a metric has arrived: its last value, or the number of its values, by its attributes."""
        return until(lambda: self.metrics().get(name), SECONDS)

    def await_spans(self) -> list[Span]:
        """Wait until spans have arrived."""
        return until(self.spans, SECONDS)

    def metrics(self) -> dict[str, dict[Series, float]]:
        """The last values of all metrics."""
        return {metric.name: _values(metric) for export in self.exports() for metric in _metrics(export)}

    def units(self) -> dict[str, str]:
        """The units of all metrics."""
        return {metric.name: metric.unit for export in self.exports() for metric in _metrics(export)}

    def exports(self) -> list[ExportMetricsServiceRequest]:
        """All exports of metrics."""
        return [ExportMetricsServiceRequest.FromString(body) for body in self._bodies("/v1/metrics")]

    def resources(self) -> list[dict[str, object]]:
        """What their senders say of themselves."""
        return [attributes(one.resource) for export in self.exports() for one in export.resource_metrics]

    def spans(self) -> list[Span]:
        """All spans."""
        exports = map(ExportTraceServiceRequest.FromString, self._bodies("/v1/traces"))
        return [
            span
            for export in exports
            for resource in export.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def everything(self) -> bytes:
        """All that arrived, unpacked."""
        return b"".join(map(_unpacked, list(self.recorder.requests)))

    def _bodies(self, path: str) -> list[bytes]:
        return [_unpacked(request) for request in list(self.recorder.requests) if request.path == path]


def _unpacked(request: Request) -> bytes:
    return gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body


def _metrics(export: ExportMetricsServiceRequest) -> Iterator[Metric]:
    for resource in export.resource_metrics:
        for scope in resource.scope_metrics:
            yield from scope.metrics


def _values(metric: Metric) -> dict[Series, float]:
    if metric.HasField("sum"):
        return {frozenset(attributes(point).items()): point.as_int for point in metric.sum.data_points}
    return {frozenset(attributes(point).items()): point.count for point in metric.histogram.data_points}
