"""OTLP/HTTP as the specification has it: encodings, paths, methods, answers."""

import gzip
import json
import sys
import zlib
from collections.abc import Callable

import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)

from edge import JSON, PROTOBUF, Edge
from exports import FEATURE, LOGIN, logs, record, span, traces

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def two_members(data: bytes) -> bytes:
    return gzip.compress(data[:5]) + gzip.compress(data[5:])


def as_json(request: ExportTraceServiceRequest) -> bytes:
    """The request in OTLP/JSON, where ids are hexadecimal."""
    content = MessageToDict(request, use_integers_for_enums=True)
    for resource, source in zip(content["resourceSpans"], request.resource_spans, strict=True):
        for scope, source_scope in zip(resource["scopeSpans"], source.scope_spans, strict=True):
            for one, source_span in zip(scope["spans"], source_scope.spans, strict=True):
                one |= {"traceId": source_span.trace_id.hex(), "spanId": source_span.span_id.hex()}
    return json.dumps(content).encode()


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "none": ("", bytes),
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "gzip in capitals": ("GZIP", gzip.compress),
    "gzip of two members": ("gzip", two_members),
    "deflate": ("deflate", zlib.compress),
    "deflate without a header": ("deflate", raw_deflate),
    "zstd": ("zstd", zstd.compress),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("media", [PROTOBUF, JSON, "application/json; charset=utf-8", "Application/X-Protobuf"])
def test_every_encoding_is_read(edge: Edge, media: str, encoding: str) -> None:
    """A request arrives in either media type and in each content encoding."""
    request = traces(span(FEATURE))
    name, encode = ENCODINGS[encoding]
    body = as_json(request) if "json" in media else request.SerializeToString()

    response = edge.client.post(
        "/v1/traces", data=encode(body), content_type=media, headers={"Content-Encoding": name} if name else {}
    )

    assert (200, media.lower().partition(";")[0]) == (response.status_code, response.mimetype)
    assert [one.name for one in edge.topic.take_spans()] == ["feature_usage"]


@pytest.mark.parametrize("media", [PROTOBUF, JSON])
@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
def test_an_empty_request_is_a_success(edge: Edge, path: str, media: str) -> None:
    """Full success has no partial_success, and nothing is published for nothing."""
    response = edge.client.post(path, data=b"" if media == PROTOBUF else b"{}", content_type=media)

    assert (200, b"" if media == PROTOBUF else b"{}") == (response.status_code, response.data)
    assert edge.topic.take() == []


def test_spans_that_are_not_ours_are_counted(edge: Edge) -> None:
    """Other instrumentation's spans are rejected with a message, and ours beside them pass."""
    request = traces(span({"db.system": "postgresql"}), span(LOGIN), span({}))

    response = edge.post(request)

    success = ExportTraceServiceResponse.FromString(response.data).partial_success
    assert (success.rejected_spans, success.error_message) == (2, "not stored: not_an_event (2)")
    assert len(edge.topic.take_spans()) == 1


def test_partial_success_is_written_in_json_too(edge: Edge) -> None:
    """In JSON the count is a string, as 64-bit integers are."""
    response = edge.client.post("/v1/traces", data=as_json(traces(span({}))), content_type=JSON)

    assert response.get_json() == {
        "partialSuccess": {"rejectedSpans": "1", "errorMessage": "not stored: not_an_event (1)"}
    }


def test_log_records_are_events_too(edge: Edge) -> None:
    """A record with an event name, or with the attributes of a span, becomes a span on the bus."""
    records = [
        record({"event.type": "login"}, event_name="user_activity"),
        record({"feature.name": "chat"}, event_name="rhesis.feature_usage"),
        record(LOGIN),
        record({"http.request.method": "GET"}, event_name="something else"),
    ]

    response = edge.post(logs(*records), "/v1/logs")

    success = ExportLogsServiceResponse.FromString(response.data).partial_success
    assert success.rejected_log_records == 1
    passed = edge.topic.take_spans()
    assert [one.name for one in passed] == ["user_activity", "feature_usage", "user_activity"]
    assert [one.time_unix_nano for one in records[:3]] == [one.start_time_unix_nano for one in passed]


def test_a_log_record_that_is_sent_again_has_the_same_identity(edge: Edge) -> None:
    """A retry of a record is the same event; a record that differs in anything is another."""
    first = record(LOGIN)
    other = record({**LOGIN, "event.type": "logout"}, time_unix_nano=first.time_unix_nano)

    edge.post(logs(first), "/v1/logs")
    edge.post(logs(first, other), "/v1/logs")

    one, again, another = [(one.trace_id, one.span_id) for one in edge.topic.take_spans()]
    assert one == again != another


def test_every_data_point_is_rejected_with_a_reason(edge: Edge) -> None:
    """Metrics are answered, and say that they are not stored."""
    metrics = [
        Metric(name="a", gauge=Gauge(data_points=[NumberDataPoint(), NumberDataPoint()])),
        Metric(name="b", histogram=Histogram(data_points=[HistogramDataPoint()])),
    ]
    request = ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=metrics)])]
    )

    in_protobuf = edge.post(request, "/v1/metrics")
    in_json = edge.client.post("/v1/metrics", data=json.dumps(MessageToDict(request)), content_type=JSON)

    success = ExportMetricsServiceResponse.FromString(in_protobuf.data).partial_success
    assert (
        success.rejected_data_points,
        success.error_message,
    ) == (3, "metrics are not stored; send spans or log records")
    assert in_json.get_json()["partialSuccess"]["rejectedDataPoints"] == "3"
    assert edge.topic.take() == []


REFUSED = {
    "get": (405, "GET", "/v1/traces", PROTOBUF, b"", {}),
    "put": (405, "PUT", "/v1/logs", PROTOBUF, b"", {}),
    "post to the root": (405, "POST", "/", PROTOBUF, b"", {}),
    "unknown path": (404, "POST", "/v1/profiles", PROTOBUF, b"", {}),
    "no media type": (415, "POST", "/v1/traces", None, b"{}", {}),
    "other media type": (415, "POST", "/v1/traces", "text/plain", b"{}", {}),
    "other encoding": (415, "POST", "/v1/traces", PROTOBUF, b"x", {"Content-Encoding": "br"}),
    "two encodings": (415, "POST", "/v1/traces", PROTOBUF, b"x", {"Content-Encoding": "gzip, gzip"}),
    "not protobuf": (400, "POST", "/v1/traces", PROTOBUF, b"\xff\xff", {}),
    "protobuf cut off": (400, "POST", "/v1/traces", PROTOBUF, traces(span(LOGIN)).SerializeToString()[:-3], {}),
    "not gzip": (400, "POST", "/v1/traces", PROTOBUF, b"plain", {"Content-Encoding": "gzip"}),
    "gzip cut off": (400, "POST", "/v1/traces", PROTOBUF, gzip.compress(b"x" * 99)[:-9], {"Content-Encoding": "gzip"}),
    "not zstd": (400, "POST", "/v1/traces", PROTOBUF, b"plain", {"Content-Encoding": "zstd"}),
    "not JSON": (400, "POST", "/v1/traces", JSON, b"{", {}),
    "not UTF-8": (400, "POST", "/v1/traces", JSON, b'{"a": "\xff"}', {}),
    "JSON of another kind": (400, "POST", "/v1/traces", JSON, b"[]", {}),
    "nested too deep": (400, "POST", "/v1/traces", JSON, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, {}),
    "list of the wrong things": (400, "POST", "/v1/traces", JSON, b'{"resourceSpans": [1]}', {}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_a_status_in_the_encoding_of_the_request(edge: Edge, case: str) -> None:
    """Every error's body is a google.rpc.Status whose message says what is accepted."""
    status, method, path, media, body, headers = REFUSED[case]

    response = edge.client.open(path, method=method, data=body, content_type=media, headers=headers)

    assert status == response.status_code
    if (media == PROTOBUF and status in {400, 413}) or "encoding" in case:
        told = Status.FromString(response.data)
        assert response.mimetype == PROTOBUF
    else:
        told = Status(**response.get_json())
    assert told.code
    assert told.message
    assert ("Allow" in response.headers) == (status == 405)
    assert edge.topic.take() == []


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("traceId", "zz" * 16),
        ("traceId", "abc"),
        ("spanId", 7),
        ("startTimeUnixNano", "soon"),
        ("startTimeUnixNano", "-1"),
        ("startTimeUnixNano", str(2**64)),
        ("startTimeUnixNano", 1.5),
        ("attributes", {"key": "x"}),
        ("attributes", [{"key": "x", "value": {"intValue": "1e400"}}]),
        ("attributes", [{"key": "x", "value": {"intValue": str(2**63)}}]),
        ("attributes", [{"key": "x", "value": {"boolValue": "yes"}}]),
        ("attributes", [{"key": "x", "value": {"bytesValue": "a"}}]),
        ("attributes", [{"key": "x", "value": {"doubleValue": []}}]),
    ],
)
def test_json_that_is_not_otlp_is_refused(edge: Edge, field: str, content: object) -> None:
    """A field of the wrong form can't be decoded, and is a 400 without its value."""
    one = {"traceId": "0a" * 16, "spanId": "0b" * 8, "name": "x", "startTimeUnixNano": "1", field: content}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}

    response = edge.client.post("/v1/traces", json=body)

    assert response.status_code == 400, response.data
    assert str(content) not in response.get_json()["message"]


def test_json_takes_numbers_as_strings_or_numbers_and_ignores_what_it_does_not_know(edge: Edge) -> None:
    """64-bit integers come in both forms, enums as integers, and unknown fields are no fault."""
    request = json.loads(as_json(traces(span({**FEATURE, "metadata.count": 7}))))
    one = request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    one |= {"startTimeUnixNano": int(one["startTimeUnixNano"]), "kind": 3, "future": {"a": [None]}, "status": None}
    one["attributes"].append({"key": "metadata.more", "value": {"intValue": 8}, "future": 1})

    response = edge.client.post("/v1/traces", json=request)

    assert (response.status_code, response.get_json()) == (200, {})
    (passed,) = edge.topic.take_spans()
    metadata = {pair.key: pair.value.int_value for pair in passed.attributes if pair.key.startswith("metadata.")}
    assert metadata == {"metadata.count": 7, "metadata.more": 8}


@pytest.mark.parametrize("path", ["/", "/health"])
def test_it_says_that_it_is_there(edge: Edge, path: str) -> None:
    """The root and /health answer, to HEAD too."""
    assert edge.client.get(path).get_json()["function"] == "ingest"
    assert edge.client.head(path).status_code == 200


def test_a_page_of_any_origin_may_send(edge: Edge) -> None:
    """A preflight request is answered, and answers carry the origin, as sendBeacon needs."""
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-more",
    }

    preflight = edge.client.options("/v1/traces", headers=headers)
    sent = edge.client.post("/v1/traces", json={}, headers={"Origin": "https://app.example"})
    refused = edge.client.post("/v1/traces", data="x", headers={"Origin": "https://app.example"})

    assert (
        preflight.status_code,
        preflight.headers["Access-Control-Allow-Methods"],
        preflight.headers["Access-Control-Allow-Headers"],
    ) == (204, "POST", "content-type,x-more")
    for response in (preflight, sent, refused):
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_asks_not_to_be_counted_is_not(edge: Edge, header: str) -> None:
    """Global Privacy Control and Do Not Track are answered with success, and nothing is kept."""
    response = edge.client.post(
        "/v1/traces", data=traces(span(LOGIN)).SerializeToString(), content_type=PROTOBUF, headers={header: "1"}
    )
    counted = edge.client.post(
        "/v1/traces", data=traces(span(LOGIN)).SerializeToString(), content_type=PROTOBUF, headers={header: "0"}
    )

    assert (response.status_code, response.data, counted.status_code) == (200, b"", 200)
    assert len(edge.topic.take_spans()) == 1
