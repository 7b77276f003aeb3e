"""What sends, put together; and the same with the network replaced, to see what would be sent."""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from rhesis_telemetry.delivery import Delivery
from rhesis_telemetry.events import Event
from rhesis_telemetry.sending.background import Background
from rhesis_telemetry.sending.buffer import Waiting
from rhesis_telemetry.sending.exporter import Exporter, Recording
from rhesis_telemetry.sending.spans import Spans
from rhesis_telemetry.sending.transport import Delivered, Refused
from rhesis_telemetry.settings import Settings

_NOWHERE = "http://nowhere.invalid"
"""What is shown does not depend on where it would go."""

_logger = logging.getLogger("rhesis_telemetry")


class Sending:
    """What waits, the thread behind it, and the exporter behind that."""

    def __init__(self, settings: Settings, withdrawn: Callable[[], Mapping[str, int] | None]) -> None:
        """Make all of it; the thread and its socket come with the first event."""
        exporter = Exporter(settings, Recording(_log) if settings.debug else None)
        self.background = Background(settings, exporter, withdrawn)

    def record(self, event: Event, installation_id: str, start: int, end: int) -> None:
        """Let an event wait to be sent."""
        self.background.add(Waiting(event, installation_id, start, end, time.monotonic()))

    def deliver(self, event: Event, installation_id: str, at_nanoseconds: int, seconds: float) -> Delivery:
        """Send a request at once, and wait this long to learn whether it has arrived."""
        waiting = Waiting(event, installation_id, at_nanoseconds, at_nanoseconds, time.monotonic())
        self.background.add(waiting)
        self.background.flush(seconds)
        outcome = waiting.outcome
        if isinstance(outcome, Delivered):
            return Delivery.IMPOSSIBLE if outcome.rejected else Delivery.DELIVERED
        return Delivery.IMPOSSIBLE if isinstance(outcome, Refused) else Delivery.WAITING


def preview(settings: Settings, installation_id: str, events: Iterable[Event], at_nanoseconds: int) -> bytes:
    """The body of the request that these events would be sent in: the exporter's own, with the network replaced."""
    spans = Spans(settings, installation_id)
    made = [spans.make(event, at_nanoseconds, at_nanoseconds) for event in events]
    bodies: list[bytes] = []
    exporter = Exporter(replace(settings, endpoint=_NOWHERE), Recording(bodies.append))
    exporter.send(made)
    exporter.close()
    return b"".join(bodies)


def readable(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """A request's body in protobuf's JSON form, in which ids are base64."""
    return MessageToDict(ExportTraceServiceRequest.FromString(body))


def _log(body: bytes) -> None:
    _logger.warning("telemetry would be sent: %s", json.dumps(readable(body)))
