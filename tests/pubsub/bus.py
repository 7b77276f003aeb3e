"""A broker as its users see it: Google's own clients, pointed at it by PUBSUB_EMULATOR_HOST."""

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import google.pubsub_v1
import pytest
from google.cloud import pubsub_v1
from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

from waiting import until

PROJECT = "projects/demo"

_names = itertools.count()


class Bus:
    """The clients, and names that no other test uses."""

    def __init__(self) -> None:
        self.publisher = google.pubsub_v1.PublisherClient()
        self.subscriber = google.pubsub_v1.SubscriberClient()

    def topic(self) -> str:
        """A new topic's name."""
        name = f"{PROJECT}/topics/topic-{next(_names)}"
        self.publisher.create_topic(name=name)
        return name

    def subscription(self, topic: str, **settings: Any) -> str:
        """A new subscription's name."""
        name = f"{PROJECT}/subscriptions/subscription-{next(_names)}"
        self.subscriber.create_subscription(request={"name": name, "topic": topic, **settings})
        return name

    def publish(self, topic: str, *payloads: bytes, **attributes: str) -> list[str]:
        """Publish in one request; the messages' ids."""
        messages = [PubsubMessage(data=payload, attributes=attributes) for payload in payloads]
        return list(self.publisher.publish(topic=topic, messages=messages).message_ids)

    def take(self, subscription: str, limit: int = 10) -> list[ReceivedMessage]:
        """What there is now."""
        request = {"subscription": subscription, "max_messages": limit, "return_immediately": True}
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            return list(self.subscriber.pull(request=request).received_messages)

    def pull(self, subscription: str, limit: int = 10, seconds: float = 20) -> list[ReceivedMessage]:
        """What there is now, or the first that comes within `seconds`.

        Asked again and again, since Google's emulator does not wake a waiting pull for what comes back.
        """
        return until(lambda: self.take(subscription, limit), seconds)

    def nack(self, subscription: str, *received: ReceivedMessage) -> None:
        """Give messages back."""
        self.modify_deadline(subscription, 0, *received)

    def acknowledge(self, subscription: str, *received: ReceivedMessage) -> None:
        """Be done with messages."""
        self.subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id for each in received])

    def modify_deadline(self, subscription: str, seconds: int, *received: ReceivedMessage) -> None:
        """Keep messages for `seconds` more."""
        self.subscriber.modify_ack_deadline(
            subscription=subscription, ack_ids=[each.ack_id for each in received], ack_deadline_seconds=seconds
        )


@contextmanager
def bus_at(host: str) -> Iterator[Bus]:
    """The clients of the broker at `host:port`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBSUB_EMULATOR_HOST", host)
        bus = Bus()
        try:
            yield bus
        finally:
            bus.publisher.transport.close()
            bus.subscriber.transport.close()


@contextmanager
def high_level_publisher() -> Iterator[pubsub_v1.PublisherClient]:
    """Google's batching publisher."""
    publisher = pubsub_v1.PublisherClient()
    try:
        yield publisher
    finally:
        publisher.stop()
        publisher.transport.close()
