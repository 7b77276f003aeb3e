"""Fixtures: the function `ingest`, in this process and as one of its own, on a real Pub/Sub that can be read."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import functions_framework
import grpc
import pytest
from flask.testing import FlaskClient
from google.protobuf.message import Message
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span
from werkzeug.test import TestResponse

from brokers import local_broker
from postgres import free_port
from servers import serving
from telemetry_pipeline import bus

MAIN = Path(__file__).parents[1] / "functions" / "main.py"
KEY = "6b" * 32
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


class Topic:
    """A topic and a subscription to it that is read by hand."""

    def __init__(self, host: str, name: str) -> None:
        self.host = host
        self.name = f"projects/tests/topics/{name}"
        self._channel = grpc.insecure_channel(host)
        PublisherClient(transport=PublisherGrpcTransport(channel=self._channel)).create_topic(name=self.name)
        self._subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channel))
        self._subscription = f"projects/tests/subscriptions/{name}"
        self._subscriber.create_subscription(name=self._subscription, topic=self.name)

    def take(self) -> list[PubsubMessage]:
        """The messages that were published since the last call."""
        with warnings.catch_warnings():
            # Deprecated, but the only call that does not wait where there is nothing.
            warnings.simplefilter("ignore", DeprecationWarning)
            pulled = self._subscriber.pull(
                subscription=self._subscription, max_messages=100, return_immediately=True, timeout=10
            )
        if pulled.received_messages:
            ids = [received.ack_id for received in pulled.received_messages]
            self._subscriber.acknowledge(subscription=self._subscription, ack_ids=ids)
        return [received.message for received in pulled.received_messages]

    def take_resources(self) -> list[ResourceSpans]:
        """What is in those messages."""
        exports = [ExportTraceServiceRequest.FromString(bus.unpack(message.data)) for message in self.take()]
        return [resource for export in exports for resource in export.resource_spans]

    def take_spans(self) -> list[Span]:
        """The spans in those messages."""
        return [span for resource in self.take_resources() for scope in resource.scope_spans for span in scope.spans]

    def environment(self) -> dict[str, str]:
        """The settings of an `ingest` that publishes here."""
        return {
            "PUBSUB_EMULATOR_HOST": self.host,
            "FUNCTION_TARGET": "ingest",
            "RHESIS_EVENTS_TOPIC": self.name,
            "RHESIS_PSEUDONYM_KEY": KEY,
            "RHESIS_MAX_AGE_DAYS": "3650",
        }

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()


@dataclass(frozen=True, slots=True)
class Edge:
    """An `ingest` in this process, and the topic that it publishes to."""

    client: FlaskClient
    topic: Topic

    def post(self, message: Message, path: str = "/v1/traces", **headers: str) -> TestResponse:
        """Post a request in protobuf."""
        return self.client.post(path, data=message.SerializeToString(), content_type=PROTOBUF, headers=headers)


@pytest.fixture(scope="session")
def bus_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The session's Pub/Sub."""
    with local_broker(tmp_path_factory.mktemp("bus")) as host:
        yield host


@pytest.fixture(scope="session")
def _session_edge(bus_host: str) -> Iterator[Edge]:
    # One for the session, as an instance makes its clients once.
    topic = Topic(bus_host, "in-process")
    with pytest.MonkeyPatch.context() as patch:
        for name, setting in topic.environment().items():
            patch.setenv(name, setting)
        client = functions_framework.create_app("ingest", str(MAIN)).test_client()
        assert client.post("/v1/traces", json={}).status_code == 200
    yield Edge(client, topic)
    topic.close()


@pytest.fixture
def edge(_session_edge: Edge) -> Edge:
    """An `ingest` whose topic is empty."""
    _session_edge.topic.take()
    return _session_edge


@contextmanager
def serve(target: str, environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run a function in a process of its own, as it is deployed; yields its URL."""
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", f"--source={MAIN}", "--host=127.0.0.1", f"--port={port}"]
    url = f"http://127.0.0.1:{port}"
    with serving(command, f"{url}/health", log, env={**os.environ, "FUNCTION_TARGET": target, **environment}):
        yield url


@pytest.fixture
def serve_edge(bus_host: str, tmp_path: Path) -> Iterator[Callable[..., tuple[str, Topic]]]:
    """Starts an `ingest` of the test's own, with further settings; returns its URL and its topic."""
    with ExitStack() as stack:

        def start(**settings: str) -> tuple[str, Topic]:
            topic = Topic(bus_host, tmp_path.name)
            stack.callback(topic.close)
            environment = topic.environment() | settings
            return stack.enter_context(serve("ingest", environment, tmp_path / "ingest.log")), topic

        yield start
