"""A server of the Storage Write API whose answers a test chooses, for what the emulator never does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.cloud.bigquery_storage_v1.types import AppendRowsRequest, AppendRowsResponse

from postgres import free_port
from telemetry_pipeline import warehouse
from telemetry_pipeline.mirror.writer import Writer
from telemetry_pipeline.settings import WarehouseSettings

_METHOD = "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows"

Calls = Callable[[Iterator[AppendRowsRequest], grpc.ServicerContext], Iterator[AppendRowsResponse]]
"""What the server does with a call."""


class _Service(grpc.GenericRpcHandler):
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        assert handler_call_details.method == _METHOD
        return grpc.stream_stream_rpc_method_handler(
            self._calls, AppendRowsRequest.deserialize, AppendRowsResponse.serialize
        )


@contextmanager
def writing_to(calls: Calls) -> Iterator[Writer]:
    """A writer whose BigQuery answers calls as `calls` does."""
    server = grpc.server(ThreadPoolExecutor(8), handlers=[_Service(calls)])
    port = server.add_insecure_port(f"127.0.0.1:{free_port()}")
    server.start()
    settings = WarehouseSettings(bigquery_dataset="project.dataset", bigquery_grpc=f"127.0.0.1:{port}")
    writer = Writer(warehouse.write_client(settings), settings.bigquery_dataset)
    try:
        yield writer
    finally:
        writer.close()
        server.stop(None).wait()


def rows_in(request: AppendRowsRequest) -> list[bytes]:
    """The rows of a request."""
    return list(request.proto_rows.rows.serialized_rows)
