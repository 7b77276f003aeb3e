"""What a person consented to, and what they ask of us: `ingest` holds to both."""

import uuid
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from edge import Edge
from exports import FEATURE, LOGIN, content_of, span, traces
from telemetry_pipeline import contract

EVENTS = yaml.safe_load((Path(__file__).parents[2] / "schemas" / "events.yaml").read_text())
NEVER: list[str] = next(
    attribute["annotations"]["never"].split()
    for group in EVENTS["groups"]
    for attribute in group["attributes"]
    if attribute.get("id") == "metadata"
)

HASHED = sha256(b"alice").hexdigest()[:16]
ERASURE = {"event.category": "erasure_request", "user.id": HASHED}
INSTALLATION = {"rhesis.installation.id": str(uuid.uuid4())}


def rejected(response: bytes) -> str:
    """Why the request's one span was not passed on."""
    answer = ExportTraceServiceResponse.FromString(response).partial_success
    assert answer.rejected_spans == 1
    return answer.error_message


@pytest.mark.parametrize(("version", "kept"), [(None, True), (1, False), (2, True), (3, True)])
def test_what_came_after_the_consent_is_dropped(edge: Edge, version: int | None, kept: bool) -> None:
    """The installation's id came with version 2: whoever agreed to version 1 does not have it stored, and no more."""
    consent = {} if version is None else {"telemetry.consent.version": version}

    edge.post(traces(span(LOGIN | consent), resource=INSTALLATION))

    (found,) = edge.topic.take_resources()
    ((event,),) = (scope.spans for scope in found.scope_spans)
    assert ("rhesis.installation.id" in content_of(found.resource.attributes)) is kept
    assert content_of(event.attributes)["event.type"] == "login"
    assert "telemetry.consent.version" not in content_of(event.attributes)


def test_the_least_consent_of_a_resource_decides_over_it(edge: Edge) -> None:
    """A resource is shared by its events, so its newer attributes need everybody's consent."""
    spans = [span(LOGIN | {"telemetry.consent.version": version}) for version in (2, 1)]

    edge.post(traces(*spans, resource=INSTALLATION))

    (found,) = edge.topic.take_resources()
    assert "rhesis.installation.id" not in content_of(found.resource.attributes)


@pytest.mark.parametrize("version", ["two", 0, -1, 1.5, True])
def test_a_consent_that_cannot_be_read_is_none(edge: Edge, version: object) -> None:
    """In doubt the event is not kept."""
    response = edge.post(traces(span(LOGIN | {"telemetry.consent.version": version})))

    assert "telemetry.consent.version" in rejected(response.data)
    assert edge.topic.take_spans() == []


@pytest.mark.parametrize("identifier", [HASHED, HASHED.upper(), str(uuid.UUID(int=7, version=4)), f"  {HASHED} "])
def test_a_request_for_erasure_passes_with_a_pseudonym(edge: Edge, identifier: str) -> None:
    """It says who, and nothing else."""
    response = edge.post(traces(span(ERASURE | {"user.id": identifier, "metadata.reason": "because"})))

    assert response.data == b""
    (request,) = edge.topic.take_spans()
    content = content_of(request.attributes)
    assert request.name == "erasure_request"
    assert content.keys() == {"event.category", "user.id"}
    assert identifier.strip().lower() not in str(content)


def test_an_event_and_a_request_have_the_same_pseudonym(edge: Edge) -> None:
    """Or the request would find nothing."""
    edge.post(traces(span(LOGIN | {"user.id": "alice"}), span(ERASURE)))

    one, other = (content_of(span.attributes)["user.id"] for span in edge.topic.take_spans())
    assert one == other


@pytest.mark.parametrize("identifier", ["42", "alice", "1a2b3c4d", "a" * 15, "a" * 17, "alice@example.com"])
def test_nobody_can_have_others_erased_by_guessing(edge: Edge, identifier: str) -> None:
    """An id that could be found by trying is not obeyed."""
    response = edge.post(traces(span(ERASURE | {"user.id": identifier})))

    assert rejected(response.data) == "not stored: guessable_id user.id (1)"
    assert edge.topic.take_spans() == []


def test_a_request_needs_somebody(edge: Edge) -> None:
    """Without an id there is nothing to erase."""
    assert "missing user.id" in rejected(edge.post(traces(span({"event.category": "erasure_request"}))).data)


@pytest.mark.parametrize("objection", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_who_objects_to_everything_may_still_ask_for_erasure(edge: Edge, objection: dict[str, str]) -> None:
    """Global Privacy Control and Do Not Track keep events out, and not what a person asks of us."""
    response = edge.post(traces(span(LOGIN), span(ERASURE), span(FEATURE)), **objection)

    assert response.data == b""
    assert [span.name for span in edge.topic.take_spans()] == ["erasure_request"]


@pytest.mark.parametrize("said", [{"_rhesis.telemetry_enabled": False}, {"telemetry.consent.version": 1}])
def test_a_request_needs_no_consent(edge: Edge, said: dict[str, object]) -> None:
    """Whoever has just said no can still be forgotten."""
    edge.post(traces(span(ERASURE | said)))

    assert [span.name for span in edge.topic.take_spans()] == ["erasure_request"]


def test_what_the_clients_drop_ingest_drops_too(edge: Edge) -> None:
    """The words that no key may contain are a part of what `ingest` looks for."""
    words = (contract.METADATA_PREFIX + word for word in NEVER)

    edge.post(traces(*(span(LOGIN | {word: "x"}) for word in words)))

    spans = edge.topic.take_spans()
    assert len(spans) == len(NEVER) > 20
    assert not any(name.startswith("metadata.") for one in spans for name in content_of(one.attributes))
