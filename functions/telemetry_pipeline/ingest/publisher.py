"""Publishing: a request is answered only after Pub/Sub has acknowledged its messages."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError, PermissionDenied, RetryError
from google.api_core.retry import Retry, if_transient_error
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PublishRequest

from telemetry_pipeline import bus
from telemetry_pipeline.logs import log
from telemetry_pipeline.observing import Operation, metrics
from telemetry_pipeline.otlp.errors import Unavailable

_RETRY = Retry(predicate=if_transient_error, initial=0.1, maximum=1.0, multiplier=2.0)
_RETRY_AFTER_SECONDS = 2
_RECONNECT_MILLISECONDS = 1000
_LOOK_SECONDS = 2.0


class Publisher:
    """Publishes by the synchronous call: real back-pressure, and no batch left behind on a throttled CPU.

    To be made after gunicorn's fork: gRPC's threads don't survive one.
    """

    def __init__(self, topic: str, timeout_seconds: float) -> None:
        self._topic = topic
        self._timeout_seconds = timeout_seconds
        emulated = bool(os.environ.get("PUBSUB_EMULATOR_HOST"))
        credentials = AnonymousCredentials() if emulated else None  # type: ignore[no-untyped-call]
        self._client = PublisherClient(transport=PublisherGrpcTransport(channel=_open_channel, credentials=credentials))

    def publish(self, messages: Iterable[bus.Message]) -> None:
        """Publish messages one after the other and wait for the acknowledgement of each, all before one deadline.

        Raises:
            Unavailable: Pub/Sub did not acknowledge them in time. It may still have taken some, which does no harm: the
                client's retry yields the same ids.
        """
        deadline = time.monotonic() + self._timeout_seconds
        for message in messages:
            self._publish(message, max(deadline - time.monotonic(), 0.0))

    def look(self) -> None:
        """Return if Pub/Sub answers and has the topic.

        Raises:
            GoogleAPICallError: It has not, or does not answer.
        """
        # To look at a topic takes a right that `ingest` has no other use for: a refusal is an answer too.
        with suppress(PermissionDenied):
            self._client.get_topic(topic=self._topic, retry=None, timeout=_LOOK_SECONDS)

    def _publish(self, message: bus.Message, timeout_seconds: float) -> None:
        request = PublishRequest.pb()(topic=self._topic)
        request.messages.add(data=message.data, attributes=message.attributes)
        retry = _RETRY.with_timeout(timeout_seconds)
        try:
            with Operation(metrics.MESSAGING, "publish", "gcp_pubsub", "publish", "send"):
                self._client.publish(PublishRequest.wrap(request), retry=retry, timeout=timeout_seconds)
        except (GoogleAPICallError, RetryError) as error:
            log("ERROR", "publish failed", error=type(error).__name__)
            raise Unavailable(
                "the events could not be queued; send them again", {"Retry-After": str(_RETRY_AFTER_SECONDS)}
            ) from None


def _open_channel(host: str, *, options: Iterable[tuple[str, object]], **arguments: Any) -> grpc.Channel:  # noqa: ANN401 - passed on
    """The client's own channel, but one that looks for a Pub/Sub that was away every second, not every two minutes."""
    options = [*options, ("grpc.max_reconnect_backoff_ms", _RECONNECT_MILLISECONDS)]
    emulator = os.environ.get("PUBSUB_EMULATOR_HOST")
    if emulator:
        return grpc.insecure_channel(emulator, options)
    return PublisherGrpcTransport.create_channel(host, options=options, **arguments)
