"""Whatever arrives: an answer of the protocol, and nothing on the bus that is not in the contract."""

import json
import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from edge import JSON, PROTOBUF, Edge
from exports import content_of, span, traces
from telemetry_pipeline import contract

MARKER = "m4rk3r"

ACCEPTED = [name for attribute in contract.ATTRIBUTES for name in attribute.accepted]
STORED = {attribute.name for attribute in contract.ATTRIBUTES}

texts = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=80),
    st.sampled_from(
        ["", " ", "login", "GET", "/a/b", "user_activity", "endpoint_usage", "feature_usage", "\0", "true"]
    ),
)
scalars = st.one_of(texts, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.binary(max_size=8))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
keys = st.one_of(st.sampled_from(ACCEPTED), texts, texts.map(lambda text: f"metadata.{text}"), st.just("metadata.plan"))
contents = st.dictionaries(keys, values, max_size=12)
times = st.one_of(st.just(None), st.integers(0, 2**64 - 1))

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quick
@given(st.lists(contents, max_size=4), contents, times, st.binary(max_size=20), st.binary(max_size=10))
def test_nothing_outside_the_contract_survives(
    edge: Edge,
    spans: list[dict[str, object]],
    resource: dict[str, object],
    start: int | None,
    trace_id: bytes,
    span_id: bytes,
) -> None:
    """Every attribute that passes is of the contract, of its type, within its limits; every other field is empty."""
    odd = {"trace_id": trace_id, "span_id": span_id} | ({} if start is None else {"start_time_unix_nano": start})
    sent = [span(one, trace_state=MARKER, status=Status(message=MARKER)) for one in spans]
    sent.append(span(spans[0] if spans else {}, **odd))

    response = edge.post(traces(*sent, resource=resource))

    assert response.status_code == 200, response.data
    for group in edge.topic.take_resources():
        assert MARKER not in str(group)
        for scope in group.scope_spans:
            for one in scope.spans:
                assert one.name in {event.name for event in contract.EVENTS}
                for pair in one.attributes:
                    check(pair.key, pair.value)


def check(key: str, value: AnyValue) -> None:
    kind = value.WhichOneof("value")
    assert kind in {"string_value", "int_value", "double_value", "bool_value"}
    content = getattr(value, kind)
    if isinstance(content, str):
        assert "\0" not in content
    if isinstance(content, float):
        assert math.isfinite(content)
    if key.startswith("metadata."):
        assert not isinstance(content, str) or len(content) <= contract.METADATA_CHARACTERS
    else:
        assert key in STORED


@quick
@given(
    st.binary(max_size=300),
    st.sampled_from([PROTOBUF, JSON]),
    st.sampled_from(["/v1/traces", "/v1/logs", "/v1/metrics"]),
    st.sampled_from(["", "gzip", "deflate", "zstd"]),
)
def test_any_bytes_are_answered(edge: Edge, body: bytes, media: str, path: str, encoding: str) -> None:
    """No body, in whatever encoding it claims to be, is a crash."""
    response = edge.client.post(path, data=body, content_type=media, headers={"Content-Encoding": encoding})

    assert response.status_code in {200, 400, 413}
    edge.topic.take()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceSpans",
                    "resource",
                    "scopeSpans",
                    "spans",
                    "attributes",
                    "key",
                    "value",
                    "stringValue",
                    "intValue",
                    "traceId",
                    "spanId",
                    "startTimeUnixNano",
                    "arrayValue",
                    "values",
                    "kvlistValue",
                    "resourceLogs",
                    "scopeLogs",
                    "logRecords",
                    "eventName",
                    "timeUnixNano",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@quick
@given(json_values, st.sampled_from(["/v1/traces", "/v1/logs", "/v1/metrics"]))
def test_any_json_is_answered(edge: Edge, body: object, path: str) -> None:
    """No JSON, however it is put together of OTLP's names, is a crash."""
    response = edge.client.post(path, data=json.dumps(body), content_type=JSON)

    assert response.status_code in {200, 400}
    edge.topic.take()


@quick
@given(st.dictionaries(keys, scalars, max_size=12))
def test_what_passed_once_passes_again_unchanged(edge: Edge, content: dict[str, object]) -> None:
    """Scrubbed events are a fixed point, but for their pseudonyms: a Collector may send them round again."""
    edge.post(traces(span(content)))
    for first in edge.topic.take_spans():
        assert edge.post(traces(first)).status_code == 200
        (second,) = edge.topic.take_spans()
        pseudonyms = {attribute.name for attribute in contract.ATTRIBUTES if attribute.treatment == "pseudonym"}
        kept = {key: one for key, one in content_of(first.attributes).items() if key not in pseudonyms}
        assert kept == {key: one for key, one in content_of(second.attributes).items() if key not in pseudonyms}
