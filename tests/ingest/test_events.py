"""What becomes of one event: which it is, what of it passes, why it is rejected."""

import time
from collections.abc import Mapping

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from edge import Edge
from exports import ENDPOINT, FEATURE, LOGIN, content_of, span, traces, value
from telemetry_pipeline import contract

DAY = 86_400 * 10**9


def send(edge: Edge, *spans: Span, resource: Mapping[str, object] | None = None) -> str:
    """Send spans; returns why some were rejected."""
    response = edge.post(traces(*spans, resource=resource))
    assert response.status_code == 200, response.data
    return ExportTraceServiceResponse.FromString(response.data).partial_success.error_message


def passed(edge: Edge, content: Mapping[str, object], **fields: object) -> dict[str, object]:
    """The attributes that pass of a span with these."""
    assert send(edge, span(content, **fields)) == ""
    (one,) = edge.topic.take_spans()
    return content_of(one.attributes)


def nested(levels: int) -> list[object]:
    content: list[object] = []
    for _ in range(levels - 1):
        content = [content]
    return content


REJECTED: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "not_an_event": ({"event.name": "login", "enduser.id": "alice"}, {}),
    "unknown_value event.category": ({"event.category": "purchase"}, {}),
    "missing event.type": ({"event.category": "user_activity"}, {}),
    "missing http.route": ({**ENDPOINT, "http.route": " "}, {}),
    "missing feature.name": ({**FEATURE, "feature.name": ""}, {}),
    "wrong_type feature.name": ({**FEATURE, "feature.name": ["a"]}, {}),
    "wrong_type user.id": ({**LOGIN, "user.id": 1.5}, {}),
    "wrong_type duration_ms": ({**ENDPOINT, "duration_ms": "soon"}, {}),
    "out_of_range duration_ms": ({**ENDPOINT, "duration_ms": -1.0}, {}),
    "out_of_range http.response.status_code": ({**ENDPOINT, "http.status_code": 1000}, {}),
    "wrong_type http.response.status_code": ({**ENDPOINT, "http.status_code": 200.5}, {}),
    "not_a_number duration_ms": ({**ENDPOINT, "duration_ms": float("nan")}, {}),
    "not_a_number metadata": ({**FEATURE, "metadata.ratio": float("inf")}, {}),
    "text_too_long feature.name": ({**FEATURE, "feature.name": "a" * 129}, {}),
    "text_too_long metadata": ({**FEATURE, "metadata.plan": "a" * 16_385}, {}),
    "nul_character event.type": ({**LOGIN, "event.type": "log\0in"}, {}),
    "nul_character metadata": ({**LOGIN, "metadata.plan": "\0"}, {}),
    "too_deep metadata": ({**FEATURE, "metadata.tree": nested(9)}, {}),
    "too_many_attributes": ({**FEATURE, **{f"other.{number}": 1 for number in range(128)}}, {}),
    "time_out_of_range": (FEATURE, {"start_time_unix_nano": 0}),
    "time_out_of_range in the future": (FEATURE, {"start_time_unix_nano": time.time_ns() + 2 * DAY}),
    "time_out_of_range at the end of time": (FEATURE, {"start_time_unix_nano": 2**64 - 1}),
    "time_out_of_range in the past": (FEATURE, {"start_time_unix_nano": time.time_ns() - 4000 * DAY}),
    "invalid_id of the trace": (FEATURE, {"trace_id": b"short"}),
    "invalid_id of zeros": (FEATURE, {"trace_id": bytes(16)}),
    "invalid_id of the span": (FEATURE, {"span_id": b""}),
    "invalid_id of the span's zeros": (FEATURE, {"span_id": bytes(8)}),
    "opted_out": ({**FEATURE, "_rhesis.telemetry_enabled": False}, {}),
    "opted_out in words": ({**FEATURE, "_rhesis.telemetry_enabled": "false"}, {}),
}


@pytest.mark.parametrize("case", REJECTED)
def test_an_event_that_breaks_the_contract_is_rejected_alone(edge: Edge, case: str) -> None:
    """It is counted with its reason, and its neighbours pass."""
    content, fields = REJECTED[case]
    reason = case.partition(" in ")[0].partition(" at ")[0].partition(" of ")[0]

    message = send(edge, span(LOGIN), span(content, **fields), span(LOGIN))

    assert f"not stored: {reason} (1)" == message
    assert len(edge.topic.take_spans()) == 2


def test_an_attribute_that_is_there_twice_rejects_its_event(edge: Edge) -> None:
    """Which of the two was meant can't be known."""
    one = span(LOGIN)
    one.attributes.append(KeyValue(key="user.id", value=value("bob")))

    assert send(edge, one) == "not stored: duplicate_attribute user.id (1)"


KINDS: dict[str, dict[str, object]] = {
    "user_activity": {"event.type": "login"},
    "user_activity by another type": {"event.type": "session_start"},
    "endpoint_usage": {"http.method": "POST", "http.route": "/a"},
    "endpoint_usage by today's names": {"http.request.method": "POST", "url.path": "/a"},
    "feature_usage": {"feature.name": "chat"},
    "feature_usage with a type": {"feature.name": "chat", "event.type": "clicked"},
    "user_activity with a feature": {"feature.name": "chat", "event.type": "logout"},
    "feature_usage by its category": {"event.category": "feature_usage", "feature.name": "a", "event.type": "login"},
}


@pytest.mark.parametrize("case", KINDS)
def test_an_event_without_a_category_is_known_by_what_it_carries(edge: Edge, case: str) -> None:
    """As upstream's collector did: the type, the method with the route, or the feature's name."""
    attributes = passed(edge, KINDS[case])

    assert case.partition(" ")[0] == attributes["event.category"]


def test_only_the_contracts_attributes_pass_under_its_names(edge: Edge) -> None:
    """Older names become today's, and nothing that is not listed for the event goes on."""
    content = {
        **ENDPOINT,
        "http.url": "https://h/tests?email=a@b.c",
        "http.status_code": 404,
        "duration_ms": 3,
        "deployment.type": "self-hosted",
        "session.id": "not of this event",
        "client.address": "10.0.0.1",
        "user_agent.original": "curl",
    }

    attributes = passed(edge, content)

    assert attributes == {
        "event.category": "endpoint_usage",
        "http.request.method": "GET",
        "http.route": "/tests",
        "http.response.status_code": 404,
        "duration_ms": 3.0,
        "deployment.type": "self_hosted",
    }


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ({"http.route": "/r", "url.path": "/p"}, "http.route", "/r"),
        ({"http.request.method": "PUT", "http.method": "GET"}, "http.request.method", "PUT"),
        ({"http.method": "BREW", "http.request.method": "brew"}, "http.request.method", "_OTHER"),
        ({"deployment.type": "on my desk"}, "deployment.type", "unknown"),
        ({"http.route": "/a/6f1c7f5e-0b1e-4f6a-9a39-1b0a3f1c2d3e/b?email=x"}, "http.route", "/a/{id}/b"),
        ({"http.status_code": "204"}, "http.response.status_code", 204),
    ],
)
def test_values_take_the_contracts_form(edge: Edge, content: dict[str, object], name: str, expected: object) -> None:
    """The stronger name wins, closed sets stay closed, paths become templates, numbers are numbers."""
    assert expected == passed(edge, {**ENDPOINT, **content})[name]


def test_metadata_is_scrubbed_and_bounded(edge: Edge) -> None:
    """Unsafe and telling keys go, lists go, texts are scrubbed and cut; the event passes all the same."""
    content = {
        **FEATURE,
        "metadata.plan": "pro",
        "metadata.count": 3,
        "metadata.beta": True,
        "metadata.ratio": 0.5,
        "metadata.note_": "write to bob@example.com",
        "metadata.email": "bob",
        "metadata.user_name": "bob",
        "metadata.bad key": "x",
        "metadata.list": ["x"],
        "metadata.blob": b"x",
        "metadata.long": "word " * 1000,
        "metadata.card": 4111111111111111,
        "metadata.": "x",
    }

    metadata = {
        name.removeprefix("metadata."): one
        for name, one in passed(edge, content).items()
        if name.startswith("metadata.")
    }

    assert {"plan": "pro", "count": 3, "beta": True, "ratio": 0.5}.items() <= metadata.items()
    assert not metadata.keys() & {"email", "user_name", "bad key", "list", "blob", ""}
    assert "bob" not in str(metadata)
    assert "4111111111111111" not in str(metadata)
    assert len(str(metadata["long"])) == 256


def test_no_more_than_32_metadata_keys_pass(edge: Edge) -> None:
    """The rest is dropped, the event is not."""
    attributes = passed(
        edge, {**FEATURE, **{f"metadata.flag.x{'abcdefgh'[n // 8]}{'abcdefgh'[n % 8]}": n for n in range(40)}}
    )

    assert sum(name.startswith("metadata.") for name in attributes) == 32


def test_the_resource_says_which_app_it_was_and_no_more(edge: Edge) -> None:
    """Four attributes of the resource pass, the installation as a pseudonym; the stamp stands before them."""
    resource = {
        "service.name": "rhesis-backend",
        "service.version": "0.4.0",
        "deployment.type": "cloud",
        "rhesis.installation.id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "service.instance.id": "6f1c7f5e",
        "host.name": "alices-laptop",
        "rhesis.key.epoch": 99,
        "rhesis.contract.version": "forged",
    }
    assert send(edge, span(LOGIN), resource=resource) == ""
    (found,) = edge.topic.take_resources()

    attributes = content_of(found.resource.attributes)

    assert attributes["rhesis.contract.version"] == contract.VERSION
    assert attributes["rhesis.key.epoch"] == 1
    assert abs(attributes["rhesis.received_at_unix_nano"] - time.time_ns()) < 60 * 10**9  # type: ignore[operator]
    assert len(str(attributes["rhesis.installation.id"])) == 32
    assert {
        "service.name": "rhesis-backend",
        "service.version": "0.4.0",
        "deployment.type": "cloud",
    }.items() <= attributes.items()
    assert len(found.resource.attributes) == 7


def test_a_raw_id_and_its_hash_are_the_same_person(edge: Edge) -> None:
    """Clients send a UUID, or the first 16 digits of its SHA-256; organizations never share a pseudonym with people."""
    raw, hashed = "6f1c7f5e-0b1e-4f6a-9a39-1b0a3f1c2d3e", "33fc6dcbd9ddb8e1"
    import hashlib

    hashed = hashlib.sha256(raw.encode()).hexdigest()[:16]
    spans = [span({**LOGIN, "user.id": one, "organization.id": one}) for one in (raw, raw.upper(), hashed)]
    assert send(edge, *spans) == ""

    found = [content_of(one.attributes) for one in edge.topic.take_spans()]

    assert 1 == len({one["user.id"] for one in found}) == len({one["organization.id"] for one in found})
    assert found[0]["user.id"] != found[0]["organization.id"]
    assert not any(raw in str(one) or hashed in str(one) for one in found)


def test_an_empty_id_is_none(edge: Edge) -> None:
    """An anonymous page view has no user."""
    assert "user.id" not in passed(edge, {**FEATURE, "user.id": " "})


def test_templates_are_bounded_whatever_arrives(edge: Edge) -> None:
    """Beyond the cap, a service's new endpoints share one name."""
    words = [f"{a}{b}{c}" for a in "abcdefghijklmno" for b in "abcdefghijkl" for c in "abcdefghijkl"]
    spans = [span({**ENDPOINT, "http.route": f"/{word}"}) for word in words]
    resource = {"service.name": "a-service-with-many-endpoints"}

    for start in range(0, len(spans), 500):
        assert send(edge, *spans[start : start + 500], resource=resource) == ""

    routes = {content_of(one.attributes)["http.route"] for one in edge.topic.take_spans()}
    assert len(words) > 2000
    assert len(routes) == 2001
