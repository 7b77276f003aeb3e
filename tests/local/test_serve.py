"""Whoever sends slowly, nothing, or too much of a request's head keeps nobody else waiting."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from edge import MAIN, PROTOBUF, Topic
from exports import LOGIN, span, traces
from postgres import free_port
from servers import serving

THREADS = 2
HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"

SLOW = {
    "silent": b"",
    "in the middle of its first line": b"POST /v1/tr",
    "in the middle of its headers": HEAD,
    "before its body": HEAD + b"Content-Length: 100\r\n\r\n",
    "in the middle of its body": HEAD + b"Content-Length: 100\r\n\r\n" + b"\n" * 10,
    "in the middle of a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n50\r\n" + b"\n" * 10,
}


@pytest.fixture(scope="module")
def url(bus_host: str, log: Path) -> Iterator[str]:
    """An `ingest` as `make run` serves it, whose requests may take a second."""
    topic = Topic(bus_host, "served")
    port = free_port()
    options = [f"--source={MAIN}", "--target=ingest", "--host=127.0.0.1", f"--port={port}"]
    impatient = "from telemetry_local import serve; serve.HEAD_SECONDS = serve.BODY_SECONDS = 1; serve.main()"
    environment = {**os.environ, **topic.environment(), "THREADS": str(THREADS)}
    url = f"http://127.0.0.1:{port}"
    with serving([sys.executable, "-c", impatient, *options], f"{url}/health", log, env=environment):
        yield url
    topic.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What that `ingest` says."""
    return tmp_path_factory.mktemp("serve") / "log"


def opened(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((str(address.hostname), address.port or 0), timeout=30)


def is_answered(url: str) -> bool:
    """Whether an honest sender is."""
    body = traces(span(LOGIN)).SerializeToString()
    return requests.post(f"{url}/v1/traces", data=body, headers={"Content-Type": PROTOBUF}, timeout=60).ok


def test_slow_senders_hold_nobody_up(url: str) -> None:
    """Several times as many as there are threads, each stopping somewhere in its request: others are answered."""
    with ExitStack() as stack:
        slow = [stack.enter_context(opened(url)) for _ in SLOW]
        for connection, sent in zip(slow, SLOW.values(), strict=True):
            connection.sendall(sent)

        assert is_answered(url)
        # And theirs are ended: as a request that broke off, or without an answer.
        ends = [connection.recv(12) for connection in slow]
        assert dict(zip(SLOW, ends, strict=True)) == {
            name: b"HTTP/1.1 400" if "body" in name or "chunk" in name else b"" for name in SLOW
        }


FLOODS = {
    "a header of a mebibyte": b"X-Long: " + b"x" * (1 << 20) + b"\r\n",
    "ten thousand headers": b"".join(b"X-%d: x\r\n" % number for number in range(10_000)),
    "the same header again and again": b"Content-Type: application/json\r\n" * 10_000,
}


@pytest.mark.parametrize("headers", FLOODS.values(), ids=FLOODS)
def test_a_flood_of_headers_is_refused(url: str, headers: bytes) -> None:
    """By its server, before the function sees anything of it."""
    assert refusal(url, HEAD + headers + b"Content-Length: 0\r\n\r\n") in {b"400", b"431"}
    assert is_answered(url)


def test_an_endless_first_line_is_refused(url: str) -> None:
    """Or it would be held in memory to its end."""
    assert refusal(url, b"POST /" + b"x" * (1 << 20)) in {b"400", b"414"}
    assert is_answered(url)


def refusal(url: str, request: bytes) -> bytes:
    """The status of the answer; a connection that is reset while we still send is a refusal as well."""
    with opened(url) as connection:
        try:
            connection.sendall(request)
            return connection.recv(4096)[9:12]
        except (BrokenPipeError, ConnectionResetError):
            return b"400"


def test_the_log_tells_nothing_of_it(url: str, log: Path) -> None:
    """What was sent is not in it."""
    refusal(url, HEAD + b"X-Secret: " + b"kanarienvogel" * 1000 + b"\r\n\r\n")
    refusal(url, b"kanarienvogel / HTTP/9.9\r\n\r\n")

    assert "kanarienvogel" not in log.read_text().lower()
