"""The forms in which a message is pushed to us: Pub/Sub's own, wrapped or unwrapped, and Eventarc's CloudEvent.

Wrapped (cloud.google.com/pubsub/docs/push): JSON, {"message": {"data": base64, "attributes": {…}, "messageId": …},
"subscription": …}. Unwrapped (cloud.google.com/pubsub/docs/payload-unwrapping): the data is the body, and nothing else
can be relied on, for attributes become headers and gunicorn drops those with an underscore. A CloudEvent
(cloudevents.io, HTTP binding) holds the wrapped form: in binary mode as the body, in structured mode as its `data`.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import flask

_MESSAGE_ID = "x-goog-pubsub-message-id"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it was pushed; attributes and id are empty where the push did not tell them."""

    data: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)
    message_id: str = ""


def delivery_of(request: flask.Request) -> Delivery:
    """Read the message out of a push request; what is in no other form is taken for an unwrapped push."""
    body = request.get_data(cache=False)
    # No data of ours begins with a brace: in a protobuf message it would open a group of field 15.
    if body.startswith(b"{"):
        try:
            return _wrapped(json.loads(body))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
    return Delivery(body, message_id=request.headers.get(_MESSAGE_ID, ""))


def _wrapped(document: Any) -> Delivery:  # noqa: ANN401 - whatever JSON holds
    if "specversion" in document:
        document = _cloud_event_data(document)
    message = document["message"]
    attributes = message.get("attributes") or {}
    return Delivery(
        b64decode(message.get("data") or "", validate=True),
        {str(name): str(value) for name, value in attributes.items()},
        str(message.get("messageId") or message.get("message_id") or ""),
    )


def _cloud_event_data(event: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
    if "data_base64" in event:
        return json.loads(b64decode(event["data_base64"], validate=True))
    return event["data"]
