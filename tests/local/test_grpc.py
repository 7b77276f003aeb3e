"""`telemetry up --grpc`: the OpenTelemetry SDK's gRPC exporter, by a stock collector in front of ingest."""

import shutil
from importlib.util import find_spec

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from exports import FEATURE
from postgres import server_directory
from stack import running
from waiting import until

COUNT = 20


@pytest.mark.skipif(find_spec("rotel") is None, reason="the collector is not installed: make run ARGS=--grpc does")
def test_grpc_exporters_are_understood() -> None:
    """Spans that are sent by gRPC arrive as rows."""
    directory = server_directory()
    with running(directory, "--port=0", "--grpc") as pipeline:
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(pipeline.about["grpc_url"], insecure=True)))
        tracer = provider.get_tracer("tests")
        for _ in range(COUNT):
            with tracer.start_as_current_span("feature.test_run", attributes=FEATURE):
                pass
        provider.shutdown()

        until(lambda: pipeline.query("select count(*) from analytics_feature_usage") == [(COUNT,)], 30)
    shutil.rmtree(directory)
