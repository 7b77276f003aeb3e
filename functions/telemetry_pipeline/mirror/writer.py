"""Rows into BigQuery's tables, by the default stream of each: at least once, and there to be read once answered."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any

from google.api_core.exceptions import ClientError, MethodNotImplemented
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient
from google.cloud.bigquery_storage_v1.types import AppendRowsRequest, AppendRowsResponse, ProtoSchema
from google.rpc import code_pb2

from telemetry_pipeline import contract
from telemetry_pipeline.mirror.protobuf import descriptor
from telemetry_pipeline.mirror.stream import BrokenStreamError, Stream

_REQUEST_BYTES = 8 << 20
"""Largest size of the rows of one request: BigQuery takes 10 MB (cloud.google.com/bigquery/quotas), less a margin."""

_ANSWER_SECONDS = 20.0
_LOOK_SECONDS = 2.0


class Unavailable(Exception):
    """Not all rows are written, and they should be written again later; the text is the name of gRPC's status."""


class Writer:
    """Writes to the tables of one dataset, from any number of threads."""

    def __init__(self, client: BigQueryWriteClient, dataset: str) -> None:
        """Connect to nothing yet.

        Args:
            client: The client of the Storage Write API.
            dataset: PROJECT.DATASET.
        """
        self._client = client
        self._tables = {event.table: _Table(client, dataset, event) for event in contract.EVENTS}
        self._any = _default_stream(dataset, contract.EVENTS[0])

    def write(self, rows: Mapping[str, list[bytes]]) -> int:
        """Write rows, by table, each as `ProtobufForm` makes it.

        Returns:
            How many rows BigQuery refused for what they hold; all others are written.

        Raises:
            Unavailable: Some may be written, which does no harm.
        """
        appends = [_Append(self._tables[name], some) for name, ready in rows.items() for some in _requests_of(ready)]
        return sum(append.finish() for append in appends)

    def look(self) -> None:
        """Return if BigQuery answers.

        Raises:
            GoogleAPICallError: It does not.
        """
        # Whatever it says of a table is an answer; what does not come is none.
        with suppress(ClientError, MethodNotImplemented):
            self._client.get_write_stream(name=self._any, retry=None, timeout=_LOOK_SECONDS)

    def close(self) -> None:
        """Let go of the streams."""
        for table in self._tables.values():
            table.close()


def _default_stream(dataset: str, event: contract.Event) -> str:
    project, _, name = dataset.rpartition(".")
    return f"projects/{project}/datasets/{name}/tables/{event.table}/streams/_default"


def _requests_of(rows: list[bytes]) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    size = 0
    for row in rows:
        if size + len(row) > _REQUEST_BYTES and some:
            yield some
            some, size = [], 0
        some.append(row)
        size += len(row)
    if some:
        yield some


class _Table:
    """A table's default stream, opened at first use and again when it has broken."""

    def __init__(self, client: BigQueryWriteClient, dataset: str, event: contract.Event) -> None:
        # The stub itself: around it the client would retry for a day and wait for the first answer before it returns.
        self._append_rows: Any = client.transport.append_rows
        self._name = _default_stream(dataset, event)
        self._schema = ProtoSchema(proto_descriptor=descriptor(event))
        self._stream: Stream | None = None
        self._lock = Lock()

    def stream(self) -> Stream:
        """The stream that is open."""
        with self._lock:
            if self._stream is None or not self._stream.is_open:
                self._stream = Stream(self._open, self._name, self._schema)
            return self._stream

    def close(self) -> None:
        """Close the stream, if one is open."""
        if self._stream:
            self._stream.close()

    def _open(self, requests: Iterator[AppendRowsRequest]) -> object:
        # BigQuery routes the call to the table's region by this header.
        return self._append_rows(requests, metadata=[("x-goog-request-params", f"write_stream={self._name}")])


class _Append:
    """Rows on their way; made for all tables first and finished then, so that they travel together."""

    def __init__(self, table: _Table, rows: list[bytes]) -> None:
        self._table = table
        self._rows = rows
        self._send()

    def finish(self) -> int:
        """Wait until the rows are written, and return how many were refused."""
        response = self._answer_or_send_again()
        refused = {error.index for error in response.row_errors}
        if refused:
            # BigQuery takes nothing of a request with a bad row.
            self._rows = [row for index, row in enumerate(self._rows) if index not in refused]
            if self._rows:
                self._send()
                response = self._answer_or_send_again()
        if response.error.code and (self._rows or not refused):
            raise Unavailable(code_pb2.Code.Name(response.error.code))
        return len(refused)

    def _send(self) -> None:
        self._stream = self._table.stream()
        try:
            self._answer = self._stream.send(self._rows)
        except BrokenStreamError as error:
            raise Unavailable(str(error)) from None

    def _answer_or_send_again(self) -> AppendRowsResponse:
        try:
            return self._wait()
        except BrokenStreamError:
            # BigQuery ends a call that was idle for ten minutes, and a throttled instance learns of it only now.
            self._send()
        try:
            return self._wait()
        except BrokenStreamError as error:
            raise Unavailable(str(error)) from None

    def _wait(self) -> AppendRowsResponse:
        try:
            return self._answer.result(_ANSWER_SECONDS)
        except TimeoutError:
            self._stream.close()
            raise Unavailable("DEADLINE_EXCEEDED") from None
