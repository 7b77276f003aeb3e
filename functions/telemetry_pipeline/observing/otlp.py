"""What was measured, in the form of OpenTelemetry's SDK, sent by its OTLP exporters."""

import logging
import time
from collections.abc import Iterator, Mapping

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Histogram as HistogramData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

from telemetry_pipeline import __version__
from telemetry_pipeline.observing.instruments import Instrument
from telemetry_pipeline.observing.metrics import COUNTERS, HISTOGRAMS
from telemetry_pipeline.observing.traces import TRACES, Span, Trace

_SCOPE = "telemetry_pipeline"


class Sender:
    """Sends all that was measured since the instance's start, and the traces since the last time.

    Args:
        url: The receiver's root.
        session: Who calls.
        resource: What an instance says of itself.
        begun: When it began to measure, in nanoseconds since 1970.
        timeout_seconds: How long the receiver may take.
    """

    def __init__(
        self, url: str, session: requests.Session, resource: Mapping[str, str], begun: int, timeout_seconds: float
    ) -> None:
        # They would write the receiver's own words to the log, and more than a line for each time.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._resource = Resource(dict(resource))
        self._begun = begun
        self._metrics = OTLPMetricExporter(
            f"{url}/v1/metrics", timeout=timeout_seconds, compression=Compression.Gzip, session=session
        )
        self._spans = OTLPSpanExporter(
            f"{url}/v1/traces", timeout=timeout_seconds, compression=Compression.Gzip, session=session
        )
        self._ended = InMemorySpanExporter()
        provider = TracerProvider(ALWAYS_ON, self._resource)
        provider.add_span_processor(SimpleSpanProcessor(self._ended))
        self._tracer = provider.get_tracer(_SCOPE, __version__)
        self._sent: list[tuple[str, object]] = []

    def send(self) -> bool:
        """Send what there is, if anything has changed; whether the receiver took it."""
        return self._send_metrics() & self._send_traces()

    def _send_metrics(self) -> bool:
        state = [(one.name, list(one.series())) for one in (*COUNTERS, *HISTOGRAMS)]
        if state == self._sent:
            return True
        taken = self._metrics.export(self._data(time.time_ns())) is MetricExportResult.SUCCESS
        if taken:
            self._sent = list(state)
        return taken

    def _send_traces(self) -> bool:
        traces = TRACES.take()
        if not traces:
            return True
        self._ended.clear()
        for trace in traces:
            _replay(trace, self._tracer)
        taken = self._spans.export(self._ended.get_finished_spans()) is SpanExportResult.SUCCESS
        if not taken:
            TRACES.put_back(traces)
        return taken

    def _data(self, now: int) -> MetricsData:
        metrics = [*self._counters(now), *self._histograms(now)]
        scope = ScopeMetrics(InstrumentationScope(_SCOPE, __version__), metrics, "")
        return MetricsData([ResourceMetrics(self._resource, [scope], "")])

    def _counters(self, now: int) -> Iterator[Metric]:
        for one in COUNTERS:
            points = [NumberDataPoint(one.named(key), self._begun, now, amount) for key, amount in one.series()]
            if points:
                yield _metric(one, Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=True))

    def _histograms(self, now: int) -> Iterator[Metric]:
        for one in HISTOGRAMS:
            points = [
                HistogramDataPoint(
                    one.named(key),
                    self._begun,
                    now,
                    seen.count,
                    seen.total,
                    seen.counts,
                    one.boundaries,
                    seen.least,
                    seen.most,
                )
                for key, seen in one.series()
            ]
            if points:
                yield _metric(one, HistogramData(points, AggregationTemporality.CUMULATIVE))


def _metric(instrument: Instrument, data: Sum | HistogramData) -> Metric:
    return Metric(instrument.name, instrument.description, instrument.unit, data)


def _replay(trace: Trace, tracer: Tracer) -> None:
    """Have the SDK make the spans of a trace, with the times that they had."""
    if trace.request is None:
        return
    parent = None
    if trace.trace_id:
        context = SpanContext(
            trace.trace_id, trace.parent_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
        )
        parent = set_span_in_context(NonRecordingSpan(context))
    request = trace.request
    root = tracer.start_span(
        request.name, parent, SpanKind[request.kind], dict(request.attributes), start_time=request.begun
    )
    within = set_span_in_context(root)
    for one in trace.spans:
        span = tracer.start_span(one.name, within, SpanKind[one.kind], dict(one.attributes), start_time=one.begun)
        _end(span, one)
    _end(root, request)


def _end(span: SdkSpan, one: Span) -> None:
    if one.error:
        span.set_status(Status(StatusCode.ERROR))
    span.end(one.ended)
