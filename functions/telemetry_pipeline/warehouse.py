"""BigQuery: how every function that uses it connects."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from google.auth.credentials import AnonymousCredentials

from telemetry_pipeline.settings import WarehouseSettings

if TYPE_CHECKING:
    import grpc
    from google.cloud import bigquery
    from google.cloud.bigquery_storage_v1 import BigQueryWriteClient

PATIENCE_SECONDS = 5.0
"""How long a BigQuery that is away is asked again and again, where others wait for the answer."""

_RECONNECT_MILLISECONDS = 1000


def write_client(settings: WarehouseSettings) -> "BigQueryWriteClient":
    """Make the client of the Storage Write API; it connects at first use, and must be made after gunicorn's fork."""
    # Imported here: `maintain` never writes by it and needs 30 % less CPU time to start.
    import grpc
    from google.cloud.bigquery_storage_v1 import BigQueryWriteClient
    from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

    def open_channel(host: str, *, options: Iterable[tuple[str, object]] = (), **arguments: Any) -> "grpc.Channel":  # noqa: ANN401 - passed on
        # Look for a BigQuery that was away every second, not every two minutes.
        options = [*options, ("grpc.max_reconnect_backoff_ms", _RECONNECT_MILLISECONDS)]
        if settings.bigquery_grpc:
            return grpc.insecure_channel(settings.bigquery_grpc, options)
        return BigQueryWriteGrpcTransport.create_channel(host, options=options, **arguments)

    credentials = AnonymousCredentials() if settings.bigquery_grpc else None  # type: ignore[no-untyped-call]
    transport = BigQueryWriteGrpcTransport(channel=open_channel, credentials=credentials)
    return BigQueryWriteClient(transport=transport)  # type: ignore[no-untyped-call]


def client(settings: WarehouseSettings) -> "bigquery.Client":
    """Make the client for definitions and queries."""
    # Imported here: `mirror` writes without it and starts twice as fast.
    from google.api_core.client_options import ClientOptions
    from google.cloud import bigquery

    project, _, _ = settings.bigquery_dataset.rpartition(".")
    if not settings.bigquery_rest:
        return bigquery.Client(project)
    options = ClientOptions(api_endpoint=settings.bigquery_rest)
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return bigquery.Client(project, credentials=credentials, client_options=options)
