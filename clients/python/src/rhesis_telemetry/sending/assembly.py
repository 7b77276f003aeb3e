"""What sends, put together; and the same with the network replaced, to see what would be sent."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from rhesis_telemetry.delivery import Delivery
from rhesis_telemetry.events import Event
from rhesis_telemetry.sending.background import Background
from rhesis_telemetry.sending.exporter import Exporter, Recording
from rhesis_telemetry.sending.spans import Spans
from rhesis_telemetry.sending.transport import Delivered, Refused
from rhesis_telemetry.settings import Settings

_NOWHERE = "http://nowhere.invalid"
"""What is shown does not depend on where it would go."""

_logger = logging.getLogger("rhesis_telemetry")


class Sending:
    """The spans' provider, the processor that they end in, and the exporter behind it."""

    def __init__(self, settings: Settings, may_send: Callable[[], bool]) -> None:
        """Make all of it; the thread and its socket come with the first span."""
        exporter = Exporter(settings, Recording(_log) if settings.debug else None)
        self.background = Background(exporter, may_send)
        self._settings = settings
        self._spans: Spans | None = None

    def start(self, event: Event, installation_id: str, at_nanoseconds: int) -> Span:
        """Begin an event's span, of an installation that may have changed since the last."""
        spans = self._spans
        if spans is None or spans.installation_id != installation_id:
            spans = self._spans = Spans(self._settings, installation_id, self.background)
        return spans.start(event, at_nanoseconds)

    def deliver(self, span: Span, end_nanoseconds: int, seconds: float) -> Delivery:
        """End a request's span and wait this long to learn whether it has arrived."""
        outcome = self.background.deliver(span, end_nanoseconds, seconds)
        if isinstance(outcome, Delivered):
            return Delivery.IMPOSSIBLE if outcome.rejected else Delivery.DELIVERED
        return Delivery.IMPOSSIBLE if isinstance(outcome, Refused) else Delivery.WAITING


class _Kept(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


def preview(settings: Settings, installation_id: str, events: Iterable[Event], at_nanoseconds: int) -> bytes:
    """The body of the request that these events would be sent in: the exporter's own, with the network replaced."""
    kept = _Kept()
    spans = Spans(settings, installation_id, kept)
    for event in events:
        spans.start(event, at_nanoseconds).end(at_nanoseconds)
    bodies: list[bytes] = []
    exporter = Exporter(replace(settings, endpoint=_NOWHERE), Recording(bodies.append))
    exporter.send(kept.spans)
    exporter.close()
    return b"".join(bodies)


def readable(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """A request's body as OTLP/JSON."""
    return MessageToDict(ExportTraceServiceRequest.FromString(body))


def _log(body: bytes) -> None:
    _logger.warning("telemetry would be sent: %s", json.dumps(readable(body)))
