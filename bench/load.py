"""A load of HTTP requests that costs the machine little itself: prepared bytes over connections that stay open."""

import math
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread


@dataclass(frozen=True, slots=True)
class Answered:
    """What a load saw: the seconds that each answer took, and the seconds that all took together."""

    latencies: list[float]
    wall_seconds: float

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.wall_seconds

    def percentile(self, share: float) -> float:
        """The latency that `share` of the requests don't exceed, in seconds."""
        return sorted(self.latencies)[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def prepared(path: str, bodies: Iterable[bytes]) -> list[bytes]:
    """Bodies as whole requests."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-protobuf\r\nContent-Length: "
    return [head.encode() + str(len(body)).encode() + b"\r\n\r\n" + body for body in bodies]


def send(port: int, requests: Sequence[bytes], connections: int, per_second: float = math.inf) -> Answered:
    """Send each request once over this many connections, as fast as they are answered or at a rate.

    Raises:
        RuntimeError: A request was not answered with a 2xx.
    """
    return send_at(port, ((number / per_second, request) for number, request in enumerate(requests)), connections)


def send_at(port: int, schedule: Iterable[tuple[float, bytes]], connections: int, *, waited: bool = False) -> Answered:
    """Send each request once, so many seconds after the begin as it is scheduled, or once a connection is free.

    Args:
        port: Where to.
        schedule: When each request is due, in ascending order, and the request.
        connections: How many are open at once.
        waited: Whether a latency counts from when its request was due: what waited for a connection waited for us.

    Raises:
        RuntimeError: A request was not answered with a 2xx.
    """
    waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
    begun = time.perf_counter()
    for due, request in schedule:
        waiting.put((begun + due, request))
    latencies: list[float] = []
    failures: list[str] = []
    arguments = (port, waiting, latencies, failures, waited)
    threads = [Thread(target=_work, args=arguments) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{len(failures)} connections failed, the first with {failures[0]}")
    return Answered(latencies, time.perf_counter() - begun)


def _work(
    port: int, waiting: SimpleQueue[tuple[float, bytes]], latencies: list[float], failures: list[str], waited: bool
) -> None:
    connection = _connected(port)
    try:
        while True:
            try:
                due, request = waiting.get_nowait()
            except Empty:
                return
            time.sleep(max(due - time.perf_counter(), 0))
            begun = due if waited else time.perf_counter()
            try:
                connection.sendall(request)
                got = answer(connection)
            except ConnectionError:
                # The server closes a connection that was idle; what is sent again is stored once.
                connection.close()
                connection = _connected(port)
                connection.sendall(request)
                got = answer(connection)
            latencies.append(time.perf_counter() - begun)
            if not got.startswith(b"HTTP/1.1 2"):
                failures.append(got.splitlines()[0].decode())
                return
    finally:
        connection.close()


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answer(connection: socket.socket) -> bytes:
    """Read one answer, head and body.

    Raises:
        ConnectionError: The connection ended before it.
    """
    got = b""
    while True:
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionError("the connection ended before the answer")
        got += piece
        head, end, body = got.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            return got


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
