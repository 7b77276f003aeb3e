"""One open AppendRows call: requests go in from any thread, and each gets its own answer.

The client library's AppendRowsStream is not used: its futures are polled with sleeps of up to a second, and when two
threads send at once, each may get the other's answer.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

import grpc
from google.cloud.bigquery_storage_v1.types import AppendRowsRequest, AppendRowsResponse, ProtoRows, ProtoSchema

Call = Callable[[Iterator[AppendRowsRequest]], Any]
"""Opens the call; gRPC's own is an iterator of responses that can be cancelled."""


class BrokenStreamError(Exception):
    """The call has ended, and what was not answered may or may not be written; the text is gRPC's name of the cause."""


class Stream:
    """An AppendRows call to one write stream. BigQuery answers in the order of the requests."""

    def __init__(self, open_call: Call, name: str, schema: ProtoSchema) -> None:
        self._name = name
        self._schema: ProtoSchema | None = schema
        self._requests: SimpleQueue[AppendRowsRequest | None] = SimpleQueue()
        self._waiting: deque[Future[AppendRowsResponse]] = deque()
        self._lock = Lock()
        self._fault = ""
        self._call = open_call(iter(self._requests.get, None))
        Thread(target=self._read, name="AppendRows", daemon=True).start()

    @property
    def is_open(self) -> bool:
        """Whether it still takes requests, as far as is known."""
        return not self._fault

    def send(self, rows: list[bytes]) -> "Future[AppendRowsResponse]":
        """Send rows, each serialised after the schema; together they fit one request.

        Raises:
            BrokenStreamError: The call has ended; the returned future raises it too.
        """
        answer: Future[AppendRowsResponse] = Future()
        data = AppendRowsRequest.ProtoData(rows=ProtoRows(serialized_rows=rows))
        request = AppendRowsRequest(write_stream=self._name, proto_rows=data)
        with self._lock:
            if self._fault:
                raise BrokenStreamError(self._fault)
            # The first request of a call tells the schema.
            if self._schema:
                request.proto_rows.writer_schema, self._schema = self._schema, None
            self._waiting.append(answer)
            self._requests.put(request)
        return answer

    def close(self) -> None:
        """End the call; what is not answered yet fails."""
        self._requests.put(None)
        self._call.cancel()

    def _read(self) -> None:
        fault = "CLOSED"
        try:
            for response in self._call:
                self._waiting.popleft().set_result(response)
        except grpc.RpcError as error:
            fault = error.code().name
        finally:
            self._end(fault)

    def _end(self, fault: str) -> None:
        with self._lock:
            self._fault = fault
        self._requests.put(None)
        while self._waiting:
            self._waiting.popleft().set_exception(BrokenStreamError(fault))
