"""A request that is over a limit costs no more than the limit, and its sender reads why."""

import gzip
import json
import resource
import socket
import sys
import zlib
from collections.abc import Callable

import pytest
import requests
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from edge import PROTOBUF, Edge, Topic
from exports import LOGIN, span, traces

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Serve = Callable[..., tuple[str, Topic]]

MEBIBYTE = 1 << 20


def explained(response: requests.Response) -> str:
    return Status.FromString(response.content).message


def test_limits_are_settings(serve_edge: Serve) -> None:
    """Each limit of a request is answered with 413 and a message that says how large it may be."""
    url, topic = serve_edge(RHESIS_MAX_BODY_BYTES="2000", RHESIS_MAX_DECOMPRESSED_BYTES="4000", RHESIS_MAX_SPANS="5")
    headers = {"Content-Type": PROTOBUF}
    bodies = {
        "larger than 2000 bytes;": (b"x" * 2001, {}),
        "larger than 4000 bytes after decompression": (gzip.compress(b"x" * 4001), {"Content-Encoding": "gzip"}),
        "more than 5 items": (traces(*[span({})] * 6).SerializeToString(), {}),
        "more than 5 resources": (
            ExportTraceServiceRequest(resource_spans=[ResourceSpans()] * 6).SerializeToString(),
            {},
        ),
        "more than 5 scopes": (
            ExportTraceServiceRequest(
                resource_spans=[ResourceSpans(scope_spans=[ScopeSpans()] * 6)]
            ).SerializeToString(),
            {},
        ),
    }

    for message, (body, further) in bodies.items():
        response = requests.post(f"{url}/v1/traces", data=body, headers=headers | further, timeout=10)
        assert response.status_code == 413
        assert message in explained(response)
    ok = requests.post(
        f"{url}/v1/traces", data=traces(*[span(LOGIN)] * 5).SerializeToString(), headers=headers, timeout=10
    )
    assert (ok.status_code, len(topic.take_spans())) == (200, 5)


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in chunks"])
def test_a_client_that_sends_too_much_reads_the_answer(serve_edge: Serve, chunked: bool) -> None:
    """The rest of the body is taken from the wire, so that the answer isn't lost to a broken connection."""
    url, _ = serve_edge()
    body = b"\0" * (20 * MEBIBYTE)
    data = iter([body]) if chunked else body

    response = requests.post(f"{url}/v1/traces", data=data, headers={"Content-Type": PROTOBUF}, timeout=30)

    assert response.status_code == 413
    assert "8388608 bytes" in explained(response)


BOMBS: dict[str, Callable[[int], bytes]] = {
    "gzip": lambda size: gzip.compress(bytes(size), 9),
    "deflate": lambda size: zlib.compress(bytes(size), 9),
    "zstd": lambda size: zstd.compress(bytes(size)),
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_bomb_costs_no_more_memory_than_the_limit(edge: Edge, encoding: str) -> None:
    """A small body that unpacks to 256 MiB is refused when the limit is reached."""
    bomb = BOMBS[encoding](256 * MEBIBYTE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    response = edge.client.post("/v1/traces", data=bomb, content_type=PROTOBUF, headers={"Content-Encoding": encoding})

    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert response.status_code == 413
    assert grown < 100 * MEBIBYTE


def test_many_small_gzip_members_are_refused(edge: Edge) -> None:
    """Members cost a copy of the rest each, so their number is bounded."""
    response = edge.client.post(
        "/v1/traces",
        data=gzip.compress(b"") * 1000,
        content_type=PROTOBUF,
        headers={"Content-Encoding": "gzip"},
    )

    assert response.status_code == 413


def test_hostile_nesting_is_an_answer(edge: Edge) -> None:
    """A value that is nested thousands of times is refused, in either media type."""
    inner = b""
    for _ in range(3000):
        inner = _nested(5, _nested(1, inner))  # AnyValue.array_value, ArrayValue.values
    pair = _nested(1, b"k") + _nested(2, inner)
    one = span(LOGIN).SerializeToString() + _nested(9, pair)
    deep = '{"arrayValue":{"values":[' * 5000 + "{}" + "]}}" * 5000
    body = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{{"key":"k","value":{deep}}}]}}]}}]}}]}}'

    in_protobuf = edge.client.post("/v1/traces", data=_nested(1, _nested(2, _nested(2, one))), content_type=PROTOBUF)
    in_json = edge.client.post("/v1/traces", data=body, content_type="application/json")

    assert (in_protobuf.status_code, in_json.status_code) == (400, 400)


def _nested(field: int, content: bytes) -> bytes:
    """A field of protobuf that holds another message, or bytes."""
    length = bytearray()
    number = len(content)
    while number > 0x7F:
        length.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([field << 3 | 2, *length, number]) + content


def test_a_request_of_tens_of_thousands_of_spans_passes(edge: Edge) -> None:
    """As long as its size allows; and what is larger than a message goes out as several."""
    note = "word " * 30
    spans = [span({**LOGIN, "metadata.plan": note}) for _ in range(40_000)]

    body = gzip.compress(traces(*spans).SerializeToString(), 1)
    response = edge.client.post("/v1/traces", data=body, content_type=PROTOBUF, headers={"Content-Encoding": "gzip"})

    assert (response.status_code, response.data) == (200, b"")
    messages = edge.topic.take()
    assert len(messages) > 1
    assert sum(int(message.attributes["spans"]) for message in messages) == 40_000


def test_a_body_that_breaks_off_is_no_fault_of_ours(serve_edge: Serve) -> None:
    """A chunk with a malformed length is answered with 400."""
    url, _ = serve_edge()
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
        )
        status_line = connection.makefile("rb").readline()

    assert status_line[:12] == b"HTTP/1.1 400"


def test_the_beginning_of_a_request_is_not_taken_for_all_of_it(serve_edge: Serve) -> None:
    """A body that is shorter than was announced is answered with 400, though a request may end there."""
    url, topic = serve_edge()
    host, port = url.removeprefix("http://").split(":")
    body = traces(span(LOGIN)).SerializeToString()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
            b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (2 * len(body), body)
        )
        connection.shutdown(socket.SHUT_WR)
        status_line = connection.makefile("rb").readline()

    assert status_line[:12] == b"HTTP/1.1 400"
    assert topic.take() == []


def test_attributes_that_cannot_be_decoded_refuse_the_request(edge: Edge) -> None:
    """Invalid UTF-8 in an attribute is a 400: protobuf's strings have none."""
    one = span(LOGIN)
    one.attributes.append(KeyValue(key="metadata.plan", value=AnyValue(string_value="PLACEHOLDER")))
    body = traces(one).SerializeToString().replace(b"PLACEHOLDER", b"\xff" * 11)

    response = edge.client.post("/v1/traces", data=body, content_type=PROTOBUF)

    assert response.status_code == 400
    assert edge.topic.take() == []


def test_a_lone_surrogate_rejects_its_event_alone(edge: Edge) -> None:
    """JSON can hold half a character, in values and in names; neither is a 500 and neighbours pass."""
    now = span({}).start_time_unix_nano
    contents = [{"feature.name": "chat"}, {"feature.name": "\ud800"}, {"feature.name": "chat", "\udfff": "x"}]
    spans = [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "startTimeUnixNano": now,
            "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in content.items()],
        }
        for number, content in enumerate(contents, 1)
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}], "\ud800": 1})

    response = edge.client.post("/v1/traces", data=body, content_type="application/json")

    assert response.get_json()["partialSuccess"]["errorMessage"] == "not stored: nul_character feature.name (1)"
    assert len(edge.topic.take_spans()) == 2
