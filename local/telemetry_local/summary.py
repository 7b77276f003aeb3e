"""What a user is told once the stack runs: where everything is, and how to see a first event arrive."""

import shlex
import sys
from pathlib import Path

from telemetry_local import bigquery
from telemetry_local.home import Home
from telemetry_local.stack import Stack

_SUMMARY = """\

Rhesis Telemetry runs here until Ctrl-C.

  dashboard   {dashboard_url}
  OTLP/HTTP   {otlp_url}/v1/traces, /v1/logs{grpc}
  Postgres    {telemetry} psql{bigquery}
  logs        {logs}
  addresses   {stack}

Send a first event:

  curl {otlp_url}/v1/logs -H 'Content-Type: application/json' -d '{{"resourceLogs": [{{"scopeLogs": [{{"logRecords": [{{
    "timeUnixNano": "'$(date +%s)'000000000", "eventName": "user_activity", "attributes": [
    {{"key": "event.type", "value": {{"stringValue": "login"}}}},
    {{"key": "user.id", "value": {{"stringValue": "alice"}}}}]}}]}}]}}]}}'

or, as apps do, by the OpenTelemetry SDK (in {python}):

{snippet}
See it arrive, pseudonymised:

  {telemetry} psql -c 'select timestamp, event_type, user_id from analytics_user_activity order by 1 desc limit 5'
  {telemetry} tail
"""

_SNIPPET = """\
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter("{otlp_url}/v1/traces")))
with provider.get_tracer("first").start_as_current_span("feature.test_run") as span:
    span.set_attributes({{"feature.name": "test_run", "feature.action": "created", "user.id": "alice"}})
"""


def of(stack: Stack, home: Home) -> str:
    """The text for a stack that has started."""
    return _SUMMARY.format(
        otlp_url=stack.otlp_url,
        dashboard_url=stack.dashboard_url,
        grpc=f"\n  OTLP/gRPC   {stack.grpc_url}" if stack.grpc_url else "",
        bigquery=f"\n  BigQuery    {stack.bigquery_url}, dataset {bigquery.DATASET}" if stack.bigquery_url else "",
        telemetry=shlex.quote(str(_from_here(Path(sys.executable).with_name("telemetry")))),
        python=_from_here(Path(sys.executable)),
        logs=_from_here(home.logs),
        stack=_from_here(home.stack),
        snippet=_SNIPPET.format(otlp_url=stack.otlp_url),
    )


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
