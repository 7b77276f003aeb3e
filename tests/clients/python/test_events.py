"""What an event looks like when it arrives."""

import hashlib
import json
from enum import Enum
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder import Recorder, attributes
from rhesis_telemetry import (
    contract,
    events,
    flush_telemetry,
    set_telemetry_enabled,
    telemetry_counts,
    track_feature_usage,
    track_user_activity,
)
from rhesis_telemetry.consent import Person, hashed

SCHEMAS = Path(__file__).parents[3] / "schemas" / "json"
SOMEBODY = Person("0" * 16, "1" * 16, contract.VERSION)


def test_ids_are_hashed_as_before(telemetry: Recorder) -> None:
    """The first 16 hexadecimal digits of the SHA-256 of the id's text, so that histories continue."""
    set_telemetry_enabled(True, 42, "an-organization")
    track_user_activity("login", "a-session", plan="pro")

    assert flush_telemetry()
    assert telemetry.events == [
        {
            "event.category": "user_activity",
            "event.type": "login",
            "session.id": "a-session",
            "user.id": hashlib.sha256(b"42").hexdigest()[:16],
            "organization.id": hashlib.sha256(b"an-organization").hexdigest()[:16],
            "telemetry.consent.version": contract.VERSION,
            "metadata.plan": "pro",
        }
    ]


def test_spans_have_the_names_of_the_former_client(telemetry: Recorder) -> None:
    """And nothing of the app's tracing: no parent, no links, no status."""
    set_telemetry_enabled(True, "u", None)
    track_user_activity("login")
    track_feature_usage("test_run", "created")
    assert flush_telemetry()

    assert [span.name for span in telemetry.spans] == ["user.activity", "feature.test_run"]
    assert {span.parent_span_id for span in telemetry.spans} == {b""}
    assert len({span.trace_id for span in telemetry.spans}) == 2


def test_the_resource_says_nothing_about_the_machine(telemetry: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where OpenTelemetry's environment has the app's own tracing say it."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "host.name=h,service.instance.id=i")
    monkeypatch.setenv("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "process,host")
    set_telemetry_enabled(True, "u")
    track_user_activity("login")
    assert flush_telemetry()

    (resource,) = telemetry.requests[0].export.resource_spans
    found = attributes(resource.resource)
    assert found.keys() == {
        "deployment.type",
        "rhesis.installation.id",
        "service.name",
        "service.namespace",
        "telemetry.sdk.language",
        "telemetry.sdk.name",
        "telemetry.sdk.version",
    }
    assert found["service.namespace"] == "rhesis"


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (events.user_activity(SOMEBODY, "login", "s", {"plan": "pro"}), "user_activity"),
        (events.feature_usage(SOMEBODY, "test_run", "created", {"count": 5}), "feature_usage"),
        (events.endpoint_usage(SOMEBODY, "GET", "/test_runs/{id}", 200, 1.5), "endpoint_usage"),
        (events.erasure_request("0" * 16), "erasure_request"),
    ],
)
def test_events_are_what_the_contract_says(event: events.Event, name: str) -> None:
    """Each matches its JSON Schema; consent's version is the sender's word, and no part of it."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    sent = {key: value for key, value in event.attributes.items() if key != "telemetry.consent.version"}

    jsonschema.validate(sent, schema)
    assert sent["event.category"] == name
    assert set(contract.EVENTS[name].required) <= sent.keys()


@pytest.mark.parametrize(
    "key",
    ["email", "user_email", "userEmail", "xApiKey", "auth.token", "API_KEY", "emails", "prompt", "user_name", "input2"],
)
def test_keys_that_name_a_person_a_credential_or_content_stay_here(key: str) -> None:
    """In any case, nested in any way."""
    assert events.sanitised({key: "harmless", "plan": "pro"}) == {"plan": "pro"}


@pytest.mark.parametrize(
    "value",
    [
        "alice@example.com",
        "postgres://u:p@db/x",
        "see https://example.com/?q=1",
        "Bearer abcdefgh12345",
        "password=hunter2",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "sk-abcdefghijklmnop1234",
        "10.1.2.3",
        "2001:db8::8a2e:370:7334",
        "+49 30 1234567 89",
        "4111 1111 1111 1111",
        "-----BEGIN PRIVATE KEY-----",
        "alice@example.com\0",
        float("nan"),
        2**63,
        b"bytes",
        ["list"],
        {"a": 1},
        None,
    ],
)
def test_values_that_identify_or_are_no_scalars_stay_here(value: object) -> None:
    """The whole value is left out, not only what was found in it."""
    assert events.sanitised({"note": value, "plan": "pro"}) == {"plan": "pro"}


@pytest.mark.parametrize("value", ["pro", "2026-11-25", "v1.2.3", "a/b", True, 0, -1.5, ""])
def test_plain_values_pass(value: object) -> None:
    """As they are."""
    assert events.sanitised({"plan": value}) == {"plan": value}


class Kind(Enum):
    LOGIN = "login"


def test_members_of_enumerations_are_their_values() -> None:
    """As event type, and in metadata."""
    event = events.user_activity(SOMEBODY, Kind.LOGIN, None, {"kind": Kind.LOGIN})

    assert (event.attributes["event.type"], event.attributes["metadata.kind"]) == ("login", "login")


def test_metadata_is_limited() -> None:
    """To the contract's number of keys and characters."""
    kept = events.sanitised({f"k{number}": "ä" * 1000 for number in range(100)})

    assert len(kept) == contract.METADATA_KEYS
    assert {len(str(value)) for value in kept.values()} == {contract.METADATA_CHARACTERS}


@pytest.mark.parametrize("nothing", [None, "", "\0"])
def test_an_event_without_a_type_is_no_event(telemetry: Recorder, nothing: Any) -> None:
    """Nothing is sent, nothing is raised, and it is counted."""
    set_telemetry_enabled(True, "u")

    track_user_activity(nothing)

    assert telemetry_counts().faults == 1
    assert flush_telemetry()
    assert telemetry.requests == []


@pytest.mark.parametrize("identifier", [None, ""])
def test_nobody_has_no_id(identifier: object) -> None:
    """And not the hash of nothing, which would be one person."""
    assert hashed(identifier) == ""
    assert "user.id" not in events.user_activity(Person("", "", 2), "login").attributes


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(kind=anything, session=anything, metadata=st.dictionaries(st.text(st.characters()), anything))
def test_whatever_is_tracked_can_be_encoded(kind: object, session: object, metadata: dict[str, object]) -> None:
    """One event can't spoil the batch that it is in: no half characters, no NUL, no number that does not fit."""
    try:
        event = events.user_activity(SOMEBODY, kind, session, metadata)
    except ValueError:
        return

    for value in event.attributes.values():
        if isinstance(value, str):
            assert "\0" not in value.encode().decode()
            assert len(value) <= 256
        elif isinstance(value, int):
            assert -(2**63) <= value < 2**63
