"""Export requests of any size, made of the spans that a real backend sent."""

import os
import time
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry_pipeline import contract

_CAPTURE = Path(__file__).parents[1] / "tests" / "fixtures" / "wire" / "backend-current-cloud.binpb"
_REQUEST = ExportTraceServiceRequest.FromString(_CAPTURE.read_bytes())
_SPANS = [span for scope_spans in _REQUEST.resource_spans[0].scope_spans for span in scope_spans.spans]
_STEP_NANOSECONDS = 10_000_000


def request(spans: int) -> ExportTraceServiceRequest:
    """A request of `spans` new spans of the last minutes, each with a duration of its own."""
    made = ExportTraceServiceRequest()
    resource_spans = made.resource_spans.add(resource=_REQUEST.resource_spans[0].resource)
    added = resource_spans.scope_spans.add()
    now = time.time_ns()
    for number in range(spans):
        span = added.spans.add()
        span.CopyFrom(_SPANS[number % len(_SPANS)])
        span.trace_id, span.span_id = os.urandom(16), os.urandom(8)
        span.start_time_unix_nano = span.end_time_unix_nano = now - number * _STEP_NANOSECONDS
        for attribute in span.attributes:
            if attribute.key == contract.DURATION_MS.name:
                attribute.value.double_value = int.from_bytes(os.urandom(2)) / 100
    return made


def of_installation(spans: int, installation: str) -> ExportTraceServiceRequest:
    """Such a request of an installation."""
    made = request(spans)
    named = made.resource_spans[0].resource.attributes.add(key=contract.RHESIS_INSTALLATION_ID.name)
    named.value.string_value = installation
    return made


def bodies(spans: int, count: int) -> list[bytes]:
    """The bodies of `count` such requests, in protobuf."""
    return [request(spans).SerializeToString() for _ in range(count)]
