"""The HTTP request in which a push subscription delivers a message, wrapped in JSON or not."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from telemetry_local.pubsub.deliveries import Delivery
from telemetry_local.pubsub.wire import Subscription

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_OURS = frozenset({"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"})


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What is posted."""

    body: bytes
    headers: Mapping[str, str]


def form_of(subscription: Subscription) -> Callable[[Delivery], PushRequest]:
    """How this subscription wants its messages."""
    name = subscription.name
    if subscription.push_config.HasField("no_wrapper"):
        if subscription.push_config.no_wrapper.write_metadata:
            return lambda delivery: PushRequest(delivery.message.data, _metadata(name, delivery))
        return lambda delivery: PushRequest(delivery.message.data, {})
    counted = subscription.HasField("dead_letter_policy")
    return lambda delivery: _wrap(name, delivery, counted=counted)


def _wrap(subscription: str, delivery: Delivery, *, counted: bool) -> PushRequest:
    """The JSON form (docs: cloud.google.com/pubsub/docs/push#properties_of_a_push_request)."""
    message = delivery.message
    published = message.publish_time.ToJsonString()
    wrapped = {
        "attributes": dict(message.attributes),
        "data": base64.b64encode(message.data).decode(),
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": published,
        "publish_time": published,
    }
    if message.ordering_key:
        wrapped["orderingKey"] = message.ordering_key
    envelope: dict[str, object] = {"message": wrapped, "subscription": subscription}
    if counted:
        envelope["deliveryAttempt"] = delivery.attempt
    return PushRequest(json.dumps(envelope).encode(), {"Content-Type": "application/json"})


def _metadata(subscription: str, delivery: Delivery) -> dict[str, str]:
    """Pub/Sub's metadata and the message's attributes as headers.

    Names and form: docs: cloud.google.com/pubsub/docs/payload-unwrapping. Attributes that can't be headers, or that
    would break the request's framing, are left out.
    """
    message = delivery.message
    headers = {
        "x-goog-pubsub-subscription-name": subscription,
        "x-goog-pubsub-message-id": message.message_id,
        "x-goog-pubsub-publish-time": message.publish_time.ToJsonString(),
    }
    if message.ordering_key:
        headers["x-goog-pubsub-ordering-key"] = message.ordering_key
    return {name: value for name, value in message.attributes.items() if _fits(name, value)} | headers


def _fits(name: str, value: str) -> bool:
    return bool(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value) and name.lower() not in _OURS)
