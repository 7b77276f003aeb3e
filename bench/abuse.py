"""Bombs, floods and ten thousand connections against one `ingest`, as `make run` serves it, and a polite sender beside.

Each abuse goes on while the polite sender posts a request of 36 events again and again on connections of its own; the
table has its answers, and how much memory `ingest` held at most (VmHWM, which is set back before each). Run as
`python -m bench.abuse`. Linux.
"""

import gzip
import http.client
import os
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import grpc
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from bench import captured, report
from bench.servers import MAIN, free_port
from telemetry_pipeline.settings import IngestSettings

SECONDS = 5
THREADS = 16
CONNECTIONS = 10_000
MEBIBYTE = 1 << 20
BOUND_MEBIBYTES = 1024
BODY = captured.request(36).SerializeToString()
PROTOBUF = "application/x-protobuf"
HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"

Abuse = Callable[[int, threading.Event], None]


def bombs(port: int, ended: threading.Event) -> None:
    """A gzip of 256 MiB of nothing, on as many connections as there are threads."""
    _together(THREADS, _posting(port, gzip.compress(bytes(256 * MEBIBYTE)), "gzip"), ended)


def nested(port: int, ended: threading.Event) -> None:
    """JSON of the largest size, nested as deep as it goes."""
    _together(THREADS, _posting(port, b'{"resourceSpans":' * (8 * MEBIBYTE // 17), "", "application/json"), ended)


def small_parts(port: int, ended: threading.Event) -> None:
    """The largest request of the smallest spans, each of which is rejected."""
    spans = b"\x12\x00" * 99_000
    scope = b"\x12" + _length(len(spans)) + spans
    _together(THREADS, _posting(port, b"\x0a" + _length(len(scope)) + scope), ended)


def headers(port: int, ended: threading.Event) -> None:
    """A mebibyte of headers in each request."""
    flood = HEAD + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(1000)) + b"\r\n"
    _together(THREADS, lambda: _send(port, flood), ended)


def slow_heads(port: int, ended: threading.Event) -> None:
    """Thrice as many as there are threads, who stop within their headers, and come again."""
    _stalled(port, 3 * THREADS, HEAD, ended)


def connections(port: int, ended: threading.Event) -> None:
    """Ten thousand connections that send nothing, each opened again when it is closed."""
    _stalled(port, CONNECTIONS, b"", ended)


ABUSES: tuple[Abuse, ...] = (bombs, nested, small_parts, headers, slow_heads, connections)


def main() -> None:
    """Measure, and write the table down."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, CONNECTIONS + 1000)), hard))
    with _ingest() as (port, process):
        rows = [["nothing", *_beside(port, process, None)]]
        rows += [[(abuse.__doc__ or "").strip(" ."), *_beside(port, process, abuse)] for abuse in ABUSES]
        rows.append(["nothing, afterwards", *_beside(port, process, None)])
    columns = (
        f"beside, for {SECONDS} s",
        "polite requests",
        "answered 200",
        "slowest ms",
        "most memory MiB",
        "left MiB",
    )
    limits = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=b"k" * 32)
    figures = report.table(columns, rows)
    bound = (
        f"{THREADS} threads; a body of at most {limits.max_body_bytes // MEBIBYTE} MiB, decompressed at most"
        f" {limits.max_decompressed_bytes // MEBIBYTE} MiB. The bound that must hold is {BOUND_MEBIBYTES} MiB."
    )
    report.write("abuse", __doc__, f"{figures}\n\n{bound}")
    most = max(float(row[4]) for row in rows)
    if most > BOUND_MEBIBYTES or any(row[1] != row[2] for row in rows):
        sys.exit("the bound does not hold, or a polite sender was refused")


@contextmanager
def _ingest() -> Iterator[tuple[int, int]]:
    """An `ingest` and the bus that it publishes to; its port, and the id of the process that serves."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="rhesis-abuse-"))
        bus, port = free_port(), free_port()
        environment = {
            **os.environ,
            "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{bus}",
            "RHESIS_EVENTS_TOPIC": "projects/bench/topics/abuse",
            "RHESIS_PSEUDONYM_KEY": "6b" * 32,
            "RHESIS_MAX_AGE_DAYS": "3650",
            "FUNCTION_TARGET": "ingest",
            "THREADS": str(THREADS),
        }
        _process(stack, ["telemetry_local.pubsub", f"--port={bus}", f"--database={directory}/bus.db"], environment)
        _make_topic(bus, environment["RHESIS_EVENTS_TOPIC"])
        options = [f"--source={MAIN}", "--target=ingest", "--host=127.0.0.1", f"--port={port}"]
        served = _process(stack, ["telemetry_local.serve", *options], environment)
        _await(lambda: _post(port, 5.0) == 200)
        children = Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text().split()
        yield port, int(children[0])


def _process(stack: ExitStack, module: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", *module]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return process


def _make_topic(bus: int, name: str) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{bus}") as channel:
        grpc.channel_ready_future(channel).result(30)
        PublisherClient(transport=PublisherGrpcTransport(channel=channel)).create_topic(name=name)


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("ingest did not start")
        time.sleep(0.1)


def _beside(port: int, process: int, abuse: Abuse | None) -> list[object]:
    """The polite sender's requests, those that were answered 200, the slowest answer; ingest's memory."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    ended = threading.Event()
    abusing = threading.Thread(target=abuse, args=(port, ended)) if abuse else None
    if abusing:
        abusing.start()
        time.sleep(1)
    answers: list[int] = []
    slowest, until = 0.0, time.monotonic() + SECONDS
    while time.monotonic() < until:
        begun = time.monotonic()
        answers.append(_post(port, 120.0))
        slowest = max(slowest, time.monotonic() - begun)
        time.sleep(0.05)
    ended.set()
    if abusing:
        abusing.join()
    most, left = (_memory(process, name) for name in ("VmHWM", "VmRSS"))
    return [len(answers), answers.count(200), f"{slowest * 1000:,.0f}", most, left]


def _memory(process: int, name: str) -> int:
    """A figure of proc_pid_status(5), in MiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) // 1024


def _post(port: int, seconds: float, body: bytes = BODY, encoding: str = "", kind: str = PROTOBUF) -> int:
    """The status of the answer; 0 for none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
        connection.request("POST", "/v1/traces", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _posting(port: int, body: bytes, encoding: str = "", kind: str = PROTOBUF) -> Callable[[], object]:
    return lambda: _post(port, 60.0, body, encoding, kind)


def _together(count: int, do: Callable[[], object], ended: threading.Event) -> None:
    """Do it again and again in so many threads."""

    def again() -> None:
        while not ended.is_set():
            do()

    threads = [threading.Thread(target=again) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def _send(port: int, data: bytes) -> None:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        connection.recv(100)


def _stalled(port: int, count: int, sent: bytes, ended: threading.Event) -> None:
    """Keep so many connections open that have sent this and no more."""
    with selectors.DefaultSelector() as waiting:
        while not ended.is_set():
            for _ in range(min(count - len(waiting.get_map()), 500)):
                with suppress(OSError):
                    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
                    connection.sendall(sent)
                    waiting.register(connection, selectors.EVENT_READ)
            for key, _ in waiting.select(0.01):
                waiting.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
        for key in list(waiting.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]


def _length(number: int) -> bytes:
    """A varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


if __name__ == "__main__":
    main()
