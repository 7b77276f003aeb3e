"""A push endpoint whose answers a test decides."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One push."""

    path: str
    headers: Message
    body: bytes

    @property
    def envelope(self) -> Any:
        """The JSON of a wrapped push."""
        return json.loads(self.body)


class PushEndpoint:
    """What has been pushed to it, and how it answers the next."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/push?of=test"
        self.requests: list[Request] = []
        self.answer: Callable[[Request], int] = lambda _: 204
        self.under_way = 0
        self.peak = 0
        self._lock = threading.Lock()

    def take(self, request: Request) -> int:
        """Note a push and choose its status."""
        with self._lock:
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            self.requests.append(request)
        status = self.answer(request)
        with self._lock:
            self.under_way -= 1
        return status


@contextmanager
def push_endpoint() -> Iterator[PushEndpoint]:
    """A server in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = endpoint.take(Request(self.path, self.headers, body))
            if status == HTTPStatus.PROCESSING:  # an interim status: the final one, a failure here, follows it
                self.send_response_only(status)
                self.end_headers()
                status = HTTPStatus.INTERNAL_SERVER_ERROR
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A broker that was killed has not hung up politely."""

    with Server(("127.0.0.1", 0), Handler) as server:
        endpoint = PushEndpoint(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield endpoint
        server.shutdown()
        thread.join()
