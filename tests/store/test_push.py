"""The forms in which a message may be pushed."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from messages import logins
from store_under_test import StoreUnderTest
from telemetry_pipeline import bus

Form = Callable[[bus.Message], dict[str, Any]]

_EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "//pubsub.googleapis.com/projects/tests/topics/events",
    "type": "google.cloud.pubsub.topic.v1.messagePublished",
}


def _wrapped(message: bus.Message) -> dict[str, Any]:
    inner = {"data": base64.b64encode(message.data).decode(), "attributes": dict(message.attributes), "messageId": "7"}
    return {"message": inner, "subscription": "projects/tests/subscriptions/store"}


def _emulated(message: bus.Message) -> dict[str, Any]:
    document = _wrapped(message)
    document["message"]["message_id"] = document["message"].pop("messageId")
    return document


FORMS: dict[str, Form] = {
    "wrapped": lambda message: {"json": _wrapped(message)},
    "wrapped, with snake_case": lambda message: {"json": _emulated(message)},
    "unwrapped": lambda message: {"data": message.data, "content_type": "application/octet-stream"},
    "unwrapped, without a content type": lambda message: {"data": message.data},
    "unwrapped, with metadata": lambda message: {
        "data": message.data,
        "content_type": "application/protobuf",
        "headers": {"content-encoding": "gzip", "x-goog-pubsub-message-id": "7"},
    },
    "CloudEvent in binary mode": lambda message: {
        "json": _wrapped(message),
        "headers": {f"ce-{name}": value for name, value in _EVENT.items()},
    },
    "CloudEvent in structured mode": lambda message: {
        "data": json.dumps(_EVENT | {"datacontenttype": "application/json", "data": _wrapped(message)}),
        "content_type": "application/cloudevents+json",
    },
    "CloudEvent in structured mode, in base64": lambda message: {
        "data": json.dumps(_EVENT | {"data_base64": base64.b64encode(json.dumps(_wrapped(message)).encode()).decode()}),
        "content_type": "application/cloudevents+json",
    },
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_message_is_stored_in_whatever_form_it_is_pushed(store: StoreUnderTest, form: Form) -> None:
    """Each form of push is understood."""
    response = store.request(method="POST", **form(logins(3)))

    assert (response.status_code, response.data) == (204, b"")
    assert store.count("analytics_user_activity") == 3


def test_a_message_that_comes_in_every_form_is_stored_once(store: StoreUnderTest) -> None:
    """All forms of one message are the same events."""
    message = logins(3)

    statuses = {store.request(method="POST", **form(message)).status_code for form in FORMS.values()}

    assert {204} == statuses
    assert store.count("analytics_user_activity") == 3
    assert store.count("analytics_parked_messages") == 0


def test_it_says_that_it_is_there(store: StoreUnderTest) -> None:
    """The function says its name and its version."""
    response = store.request(path="/", method="GET")

    assert response.status_code == 200
    assert {"function", "status", "version"} == response.get_json().keys()


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/other", 404), ("PUT", "/", 405), ("DELETE", "/", 405)]
)
def test_what_is_no_push(store: StoreUnderTest, method: str, path: str, status: int) -> None:
    """Only POST stores."""
    assert store.request(method=method, path=path).status_code == status
