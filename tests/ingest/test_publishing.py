"""An answer of 200 means that the events are on the bus; what is there can be read by a stock Collector."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import requests
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from brokers import LocalBroker
from edge import MAIN, PROTOBUF, Edge, Topic, serve
from exports import LOGIN, logs, record, span, traces
from telemetry_pipeline import contract

Serve = Callable[..., tuple[str, Topic]]


def test_a_message_is_as_the_collector_writes_and_reads_it(edge: Edge) -> None:
    """Its attributes are those of the googlecloudpubsub exporter, and ours beside them."""
    edge.post(traces(*[span(LOGIN) for _ in range(10)], resource={"service.name": "app"}))

    (message,) = edge.topic.take()

    assert {
        "ce-specversion": "1.0",
        "ce-source": "/rhesis/telemetry/ingest",
        "ce-type": "org.opentelemetry.otlp.traces.v1",
        "content-type": "application/protobuf",
        "content-encoding": "gzip",
        "spans": "10",
        "contract_version": str(contract.VERSION),
        "key_epoch": "1",
    }.items() <= dict(message.attributes).items()
    assert {"ce-id", "ce-time", "received_at"} <= set(message.attributes)
    export = ExportTraceServiceRequest.FromString(gzip.decompress(message.data))
    assert len(export.resource_spans[0].scope_spans[0].spans) == 10


def test_a_small_message_is_not_compressed(edge: Edge) -> None:
    """Where compression doesn't pay there is none."""
    edge.post(traces(span(LOGIN)))

    (message,) = edge.topic.take()

    assert "content-encoding" not in message.attributes
    assert len(ExportTraceServiceRequest.FromString(message.data).resource_spans) == 1


def test_without_a_bus_the_client_keeps_its_batch(tmp_path: Path) -> None:
    """What could not be published is 503 with Retry-After; when the bus is back, the same request passes."""
    broker = LocalBroker(tmp_path)
    topic = Topic(broker.host, "events")
    topic.close()
    environment = topic.environment() | {"RHESIS_PUBLISH_TIMEOUT_SECONDS": "0.5"}
    body = traces(span(LOGIN)).SerializeToString()
    broker.kill()
    with serve("ingest", environment, tmp_path / "ingest.log") as url:
        away = requests.post(f"{url}/v1/traces", data=body, headers={"Content-Type": PROTOBUF}, timeout=5)
        broker.start()
        back = _retry(f"{url}/v1/traces", body)
    broker.stop()

    assert away.status_code == 503
    assert 0 < int(away.headers["Retry-After"]) <= 30
    assert Status.FromString(away.content).code == code_pb2.UNAVAILABLE
    assert back.status_code == 200


def _retry(url: str, body: bytes) -> requests.Response:
    for _ in range(20):
        response = requests.post(url, data=body, headers={"Content-Type": PROTOBUF}, timeout=5)
        if response.status_code != 503:
            break
    return response


def test_a_missing_topic_is_our_fault(bus_host: str, tmp_path: Path) -> None:
    """A topic that is not there is a 503: the client must not drop its events for our mistake."""
    topic = Topic(bus_host, "some-topic")
    environment = topic.environment() | {"RHESIS_EVENTS_TOPIC": "projects/tests/topics/missing"}
    topic.close()
    with serve("ingest", environment, tmp_path / "ingest.log") as url:
        response = requests.post(
            f"{url}/v1/traces",
            data=traces(span(LOGIN)).SerializeToString(),
            headers={"Content-Type": PROTOBUF},
            timeout=10,
        )

    assert response.status_code == 503


def test_real_exporters_are_understood(serve_edge: Serve) -> None:
    """The OpenTelemetry SDK's own exporters deliver spans and log records."""
    url, topic = serve_edge()
    resource = Resource.create({"service.name": "app"})
    tracing = TracerProvider(resource=resource)
    for compression in Compression:
        exporter = OTLPSpanExporter(f"{url}/v1/traces", compression=compression)
        tracing.add_span_processor(BatchSpanProcessor(exporter))
    logging = LoggerProvider(resource=resource)
    logging.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{url}/v1/logs")))

    with tracing.get_tracer("tests").start_as_current_span("user.activity", attributes=LOGIN):
        pass
    logging.get_logger("tests").emit(
        event_name="user_activity", attributes={"event.type": "logout"}, timestamp=span({}).start_time_unix_nano
    )
    tracing.shutdown()
    logging.shutdown()

    found = topic.take_spans()
    assert len(Compression) + 1 == len(found)
    assert len({one.trace_id for one in found}) == 2


def test_logs_hold_counts_and_nothing_from_a_request(serve_edge: Serve, tmp_path: Path) -> None:
    """Each request is one structured line; a marker planted in every kind of request is in none."""
    marker = "m4rk3r"
    url, _ = serve_edge()
    headers = {"Content-Type": PROTOBUF, "User-Agent": marker, "X-Forwarded-For": marker, "Cookie": marker}
    good = traces(
        span({**LOGIN, "user.id": marker}), span({**LOGIN, "event.type": f"\0{marker}"}), span({marker: marker})
    )
    for body in (good.SerializeToString(), marker.encode(), b""):
        requests.post(f"{url}/v1/traces?{marker}", data=body, headers=headers, timeout=10)
    requests.post(
        f"{url}/v1/logs", data=logs(record(LOGIN, event_name=marker)).SerializeToString(), headers=headers, timeout=10
    )
    requests.post(f"{url}/{marker}", data=marker, timeout=10)

    text = (tmp_path / "ingest.log").read_text()

    assert marker not in text
    lines = [json.loads(line) for line in text.splitlines()]
    first = lines[0]
    assert {
        "severity": "INFO",
        "message": "export",
        "signal": "traces",
        "accepted": 1,
        "messages": 1,
    }.items() <= first.items()
    assert first["rejected"] == {"nul_character event.type": 1, "not_an_event": 1}
    assert len(lines) == 5


def test_a_cold_start_loads_the_edge_alone() -> None:
    """Neither the database's libraries nor BigQuery's nor another function's room are imported."""
    code = "import main, sys; print('\\n'.join(sys.modules))"
    environment = {
        **os.environ,
        "FUNCTION_TARGET": "ingest",
        "RHESIS_EVENTS_TOPIC": "projects/p/topics/t",
        "RHESIS_PSEUDONYM_KEY": "ab" * 32,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=MAIN.parent, env=environment, check=True, capture_output=True, text=True
    )

    loaded = set(done.stdout.split())

    assert "telemetry_pipeline.ingest.function" in loaded
    unwanted = {"sqlalchemy", "pg8000", "alembic", "google.cloud.bigquery", "click.testing", "hypothesis"}
    assert set() == loaded & unwanted
    assert set() == {name for name in loaded if name.startswith("telemetry_pipeline.store")}


def test_a_function_with_bad_settings_does_not_start() -> None:
    """All faults are listed before the first request, and the key's text is not among them."""
    environment = {
        **os.environ,
        "FUNCTION_TARGET": "ingest",
        "RHESIS_PSEUDONYM_KEY": "too-short-a-secret",
        "RHESIS_MAX_SPANS": "many",
    }
    done = subprocess.run(
        [sys.executable, "-m", "functions_framework", f"--source={MAIN}", "--port=0"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    for word in ("RHESIS_EVENTS_TOPIC: missing", "RHESIS_MAX_SPANS: expected a whole number", "openssl rand -hex 32"):
        assert word in done.stderr
    assert "too-short-a-secret" not in done.stderr
    assert "Traceback" not in done.stderr
