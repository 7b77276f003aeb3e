"""A function under functions-framework, served so that whoever sends slowly, or nothing, keeps nobody else waiting.

In the cloud Google's front end stands before the functions and bounds how long and how large a request's head and body
are. On one machine nothing does, and gunicorn gives each connection a thread before it has sent anything. Here a
connection gets one with its first byte, and loses it when its request is not there in time.
"""

import argparse
import resource
import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any

import functions_framework
from functions_framework._http import create_server
from gunicorn.workers.gthread import TConn, ThreadWorker

BODY_SECONDS = 20.0
"""How long a request's body may take, from the end of its head on. The answer may take longer."""

HEAD_SECONDS = 3.0
"""How long its head may take: an honest one comes in one piece."""

_CONNECTIONS = 16_384
_OTHER_FILES = 256
_REQUEST_LINE_BYTES = 8190
_HEADERS = 100
_HEADER_BYTES = 8190


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker of threads, with a bound on how long a connection may hold one."""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*arguments)
        self._due: dict[TConn, float] = {}

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a connection to a thread, if it has sent something; else wait for that without one."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: TConn) -> Any:  # noqa: ANN401 - gunicorn's own
        """Read and answer a request, in a thread."""
        self._due[conn] = time.monotonic() + HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._due.pop(conn, None)

    def handle_request(self, req: object, conn: TConn) -> Any:  # noqa: ANN401 - gunicorn's own
        """Answer a request whose head is there."""
        self._due[conn] = time.monotonic() + BODY_SECONDS
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Close what has sent nothing, and what is sent too slowly; called about every second."""
        super().murder_pending()
        now = time.monotonic()
        for conn, due in list(self._due.items()):
            if due < now:
                with suppress(OSError):
                    # Its thread reads the end of the stream, as if the sender had hung up.
                    conn.sock.shutdown(socket.SHUT_RD)


def main() -> None:
    """Serve a function until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m telemetry_local.serve")
    parser.add_argument("--source", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    app = functions_framework.create_app(arguments.target, arguments.source)  # type: ignore[no-untyped-call]
    options = {
        "worker_class": "telemetry_local.serve.Worker",
        "worker_connections": _connections(),
        "limit_request_line": _REQUEST_LINE_BYTES,
        "limit_request_fields": _HEADERS,
        "limit_request_field_size": _HEADER_BYTES,
    }
    create_server(app, debug=False, **options).run(arguments.host, arguments.port)  # type: ignore[no-untyped-call]


def _connections() -> int:
    """As many as there may be files open, less what else is."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(min(_CONNECTIONS, most - _OTHER_FILES), _OTHER_FILES)


if __name__ == "__main__":
    main()
