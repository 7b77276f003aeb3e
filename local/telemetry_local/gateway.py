"""OTLP/gRPC: a stock collector that passes on to `ingest` what it receives."""

from importlib.util import find_spec
from pathlib import Path


class GatewayMissingError(Exception):
    """The collector is not installed; the message says how it is."""


def command(grpc_address: str, otlp_url: str) -> list[str]:
    """The collector's command line: listen on `grpc_address` (HOST:PORT), send to `otlp_url`.

    Raises:
        GatewayMissingError: The wheel is missing.
    """
    found = find_spec("rotel")
    if found is None or not found.submodule_search_locations:
        raise GatewayMissingError(
            "OTLP/gRPC needs the collector rotel: pip install --requirement local/requirements-grpc.txt"
        )
    return [
        str(Path(found.submodule_search_locations[0]) / "rotel-agent"),
        "start",
        f"--otlp-grpc-endpoint={grpc_address}",
        "--otlp-http-endpoint=127.0.0.1:0",
        "--otlp-receiver-metrics-disabled",
        # A batch would be lost with the collector; without one each request goes on as it came.
        "--disable-batching",
        "--exporter=otlp",
        f"--otlp-exporter-endpoint={otlp_url}",
        "--otlp-exporter-protocol=http",
    ]
