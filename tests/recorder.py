"""A telemetry server that records each request, and answers as well or as badly as it is told to."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Answer = Callable[[socket.socket], None]

PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def export(self) -> ExportTraceServiceRequest:
        """Its body, decoded."""
        return ExportTraceServiceRequest.FromString(self.body)


@dataclass(slots=True)
class Recorder:
    """The requests so far; `answer` may be changed at any time, `connections` counts also those that sent nothing."""

    url: str
    answer: Answer
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def spans(self) -> list[Span]:
        """All spans of all requests."""
        return [
            span
            for request in list(self.requests)
            for resource in request.export.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def events(self) -> list[dict[str, object]]:
        """The attributes of all those spans."""
        return [attributes(span) for span in self.spans]


def attributes(message: object) -> dict[str, object]:
    """The attributes of a span or a resource."""
    pairs: list[KeyValue] = message.attributes  # type: ignore[attr-defined]
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in pairs}


def answering(
    status: int = 200, body: bytes = b"", content_type: str = PROTOBUF, headers: str = "", length: int | None = None
) -> Answer:
    """An answer of HTTP, with the length that it has or another."""
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n{headers}\r\n"
    )
    return lambda connection: connection.sendall(head.encode() + body)


def rejecting(count: int) -> Answer:
    """A partial success."""
    partial = ExportTracePartialSuccess(rejected_spans=count, error_message="missing: 1")
    return answering(body=ExportTraceServiceResponse(partial_success=partial).SerializeToString())


def endless(connection: socket.socket) -> None:
    """An answer that goes on for as long as anybody listens."""
    connection.sendall(f"HTTP/1.1 200 X\r\nContent-Type: {PROTOBUF}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


@contextmanager
def refusing_connections() -> Iterator[str]:
    """A URL at which nobody listens, and nobody begins to: its port is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def recording() -> Iterator[Recorder]:
    """Run a server until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        recorder = Recorder(f"http://127.0.0.1:{listener.getsockname()[1]}", answering())
        threading.Thread(target=_accept, args=(listener, recorder), name="recorder", daemon=True).start()
        try:
            yield recorder
        finally:
            recorder.released.set()
            listener.shutdown(socket.SHUT_RDWR)


def silent(recorder: Recorder) -> Answer:
    """No answer until the server ends, however long that takes."""

    def answer(_: socket.socket) -> None:
        recorder.released.wait()
        raise OSError

    return answer


def _accept(listener: socket.socket, recorder: Recorder) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            recorder.connections += 1
            threading.Thread(target=_serve, args=(connection, recorder), name="recorder", daemon=True).start()


def _serve(connection: socket.socket, recorder: Recorder) -> None:
    with connection, connection.makefile("rb") as stream, suppress(OSError):
        while first := stream.readline():
            headers = dict(_header(line) for line in iter(stream.readline, b"\r\n") if line)
            body = stream.read(int(headers.get("content-length", "0")))
            recorder.requests.append(Request(first.split()[1].decode(), headers, body))
            recorder.answer(connection)


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode().partition(":")
    return name.lower(), value.strip()
