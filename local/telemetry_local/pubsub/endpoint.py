"""A push endpoint: HTTP POST over connections that are kept open."""

import contextlib
import http.client
import queue
import socket
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
"""The statuses that acknowledge a message (docs: cloud.google.com/pubsub/docs/push#receive_push)."""

_RESPONSE_BYTES = 64 * 1024


class Endpoint:
    """One URL, asked by several threads."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        parts = urlsplit(url)
        self._connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host = parts.netloc.rpartition("@")[2]
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout_seconds = timeout_seconds
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self._open: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._closed = False

    def accepts(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Post a message; whether it was acknowledged in time."""
        began = time.monotonic()
        try:
            status = self._post(body, headers)
        except (OSError, http.client.HTTPException):
            return False
        return status in ACKNOWLEDGING and time.monotonic() - began <= self._timeout_seconds

    def close(self) -> None:
        """Hang up, also on what is under way."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                _hang_up(connection)
        with contextlib.suppress(queue.Empty):
            while True:
                self._drop(self._idle.get_nowait())

    def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            return self._ask(self._fresh(), body, headers)
        try:
            return self._ask(connection, body, headers)
        except (ConnectionError, http.client.BadStatusLine):
            # The endpoint closed a connection that lay idle, as any server does: no verdict on the message.
            return self._ask(self._fresh(), body, headers)

    def _fresh(self) -> http.client.HTTPConnection:
        connection = self._connect(self._host, timeout=self._timeout_seconds)
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError("hung up")
            self._open.add(connection)
        return connection

    def _ask(self, connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            connection.request("POST", self._target, body, headers)
            response = connection.getresponse()
            response.read(_RESPONSE_BYTES)
        except BaseException:
            self._drop(connection)
            raise
        # After 102 another status would follow on the same connection, to be taken for the next message's.
        if response.isclosed() and response.status >= HTTPStatus.OK and not self._closed:
            self._idle.put(connection)
        else:
            self._drop(connection)
        return response.status

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        with self._lock:
            self._open.discard(connection)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    # A thread may be waiting in recv(): only a shutdown wakes it, a close doesn't.
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
