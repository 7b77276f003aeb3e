"""OpenTelemetry's OTLP/HTTP exporter over our transport: what it makes of spans is what is shown and what is sent."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import ReadableSpan
from requests.adapters import BaseAdapter

from rhesis_telemetry.sending.transport import TIMEOUT_SECONDS, Outcome, Refused, Transport, UndeliveredError
from rhesis_telemetry.settings import Settings

THREAD = "rhesis-telemetry"
"""The name of the thread that sends."""


class Exporter:
    """Sends spans once, and says what came of it."""

    def __init__(self, settings: Settings, adapter: BaseAdapter | None = None) -> None:
        """Use the network, or an adapter in its place."""
        logging.getLogger(OTLPSpanExporter.__module__).addFilter(_is_not_ours)
        self._transport = Transport(adapter)
        self._exporter = OTLPSpanExporter(
            endpoint=f"{settings.endpoint}/v1/traces",
            headers={"x-api-key": settings.api_key} if settings.api_key else None,
            timeout=TIMEOUT_SECONDS,
            compression=Compression.NoCompression,
            session=self._transport,
            meter_provider=NoOpMeterProvider(),
        )

    def send(self, spans: Sequence[ReadableSpan]) -> Outcome:
        """Send spans in one request."""
        # What the exporter can't encode never gets as far as the transport.
        self._transport.outcome = Refused("the exporter can't encode them")
        with suppress(UndeliveredError):
            self._exporter.export(spans)
        return self._transport.outcome

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


class Recording(BaseAdapter):
    """Stands for the network: hands each body over instead of sending it."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        super().__init__()
        self._take = take

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:  # noqa: ANN401 - as in requests
        """Take a request's body, and answer as the server would."""
        body = request.body or b""
        self._take(body.encode() if isinstance(body, str) else body)
        response = requests.Response()
        response.status_code = requests.codes.ok
        response.headers["Content-Type"] = "application/x-protobuf"
        response.raw = BytesIO()
        return response

    def close(self) -> None:
        """Nothing is open."""


def _is_not_ours(_: logging.LogRecord) -> bool:
    """Whether the exporter that logs is the app's; ours has its own words, once an outage."""
    return threading.current_thread().name != THREAD
