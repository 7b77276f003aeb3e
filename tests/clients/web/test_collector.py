"""The client's bytes are OTLP to others than our own server: protobuf's definition, and a stock collector."""

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import requests
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from postgres import free_port
from stack import Pipeline
from telemetry_local import gateway
from waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def body(client: Path) -> str:
    """A request with one event of each kind."""
    script = 'import("@rhesis/telemetry").then((client) => process.stdout.write(client.samplePayload()))'
    command = ["node", "--input-type=module", "--eval", script]
    return subprocess.run(command, cwd=client, capture_output=True, check=True, text=True).stdout


def test_every_field_is_one_of_the_definition(body: str) -> None:
    """Nothing in it is unknown to OTLP, and nothing has another type."""
    content: Any = json.loads(body)
    for resource_spans in content["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                # In hexadecimal in OTLP, in base64 in protobuf's JSON.
                for field in ("traceId", "spanId"):
                    span[field] = base64.b64encode(bytes.fromhex(span[field])).decode()

    export = json_format.ParseDict(content, ExportTraceServiceRequest())

    (scope,) = export.resource_spans[0].scope_spans
    assert [span.name for span in scope.spans] == ["user.login", "page.view", "feature.test_run", "button_click"]


@pytest.mark.skipif(find_spec("rotel") is None, reason="the collector is not installed: make run ARGS=--grpc does")
def test_a_stock_collector_passes_it_on(body: str, receiver: Pipeline) -> None:
    """It takes the JSON, and what it sends on is stored as if the client had sent it to us."""
    with _collector(receiver.otlp_url) as url:
        answer = requests.post(url, data=body, headers={"content-type": "application/json"}, timeout=20)
        assert answer.status_code == 200
        query = "select metadata from analytics_feature_usage where feature_name = 'button_click'"
        assert until(lambda: receiver.query(query), 30) == [({"button": "create_test"},)]


@contextmanager
def _collector(otlp_url: str) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command = [
        *(one for one in gateway.command("127.0.0.1:0", otlp_url) if not one.startswith("--otlp-http-endpoint")),
        f"--otlp-http-endpoint={address}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(address), 20)
        yield f"http://{address}/v1/traces"
    finally:
        process.terminate()
        process.wait(20)


def _listens(address: str) -> bool:
    try:
        requests.get(f"http://{address}", timeout=5)
    except requests.ConnectionError:
        return False
    return True
