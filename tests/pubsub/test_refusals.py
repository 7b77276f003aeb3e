from collections.abc import Callable

import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    BadRequest,
    GoogleAPICallError,
    InvalidArgument,
    MethodNotImplemented,
    NotFound,
)
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import PubsubMessage, Subscription

from pubsub.bus import PROJECT, Bus

Call = Callable[[Bus], object]

ABSENT_TOPIC = f"{PROJECT}/topics/absent"
ABSENT = f"{PROJECT}/subscriptions/absent"


def publish(bus: Bus, *messages: PubsubMessage) -> object:
    return bus.publisher.publish(topic=bus.topic(), messages=list(messages), retry=None)


def subscribe(bus: Bus, **settings: object) -> object:
    return bus.subscription(bus.topic(), **settings)


BOTH: dict[str, tuple[type[GoogleAPICallError], Call]] = {
    "publish to no topic": (NotFound, lambda bus: bus.publish(ABSENT_TOPIC, b"x")),
    "subscribe to no topic": (NotFound, lambda bus: bus.subscription(ABSENT_TOPIC)),
    "get no topic": (NotFound, lambda bus: bus.publisher.get_topic(topic=ABSENT_TOPIC)),
    "delete no topic": (NotFound, lambda bus: bus.publisher.delete_topic(topic=ABSENT_TOPIC)),
    "pull from no subscription": (NotFound, lambda bus: bus.pull(ABSENT)),
    "get no subscription": (NotFound, lambda bus: bus.subscriber.get_subscription(subscription=ABSENT)),
    "delete no subscription": (NotFound, lambda bus: bus.subscriber.delete_subscription(subscription=ABSENT)),
    "a topic twice": (AlreadyExists, lambda bus: bus.publisher.create_topic(name=bus.topic())),
    "a subscription twice": (
        AlreadyExists,
        lambda bus: bus.subscriber.create_subscription(name=bus.subscription(topic := bus.topic()), topic=topic),
    ),
    "a topic's name of another form": (InvalidArgument, lambda bus: bus.publisher.create_topic(name="events")),
    "a topic's name too short": (InvalidArgument, lambda bus: bus.publisher.create_topic(name=f"{PROJECT}/topics/a")),
    "a subscription named like a topic": (
        InvalidArgument,
        lambda bus: bus.subscriber.create_subscription(name=f"{PROJECT}/topics/events", topic=bus.topic()),
    ),
    "an empty message": (InvalidArgument, lambda bus: publish(bus, PubsubMessage())),
    "no message": (InvalidArgument, publish),
    "1001 messages": (InvalidArgument, lambda bus: publish(bus, *[PubsubMessage(data=b"x")] * 1001)),
    "four dead-letter attempts": (
        BadRequest,
        lambda bus: subscribe(bus, dead_letter_policy={"dead_letter_topic": bus.topic(), "max_delivery_attempts": 4}),
    ),
    "a deadline over 600 s": (InvalidArgument, lambda bus: subscribe(bus, ack_deadline_seconds=601)),
    "a backoff over 600 s": (
        InvalidArgument,
        lambda bus: subscribe(bus, retry_policy={"maximum_backoff": Duration(seconds=601)}),
    ),
    "an endpoint that is no URL": (
        InvalidArgument,
        lambda bus: subscribe(bus, push_config={"push_endpoint": "store:8080/x"}),
    ),
    "an update of nothing": (
        InvalidArgument,
        lambda bus: bus.subscriber.update_subscription(
            subscription=Subscription(name=subscribe(bus)), update_mask=FieldMask()
        ),
    ),
    "an update of the topic": (
        InvalidArgument,
        lambda bus: bus.subscriber.update_subscription(
            subscription=Subscription(name=subscribe(bus)), update_mask=FieldMask(paths=["topic"])
        ),
    ),
    "a pull of no message": (InvalidArgument, lambda bus: bus.pull(subscribe(bus), 0)),
}

OURS: dict[str, tuple[type[GoogleAPICallError], Call]] = {
    "an attribute's key of 257 bytes": (
        InvalidArgument,
        lambda bus: publish(bus, PubsubMessage(attributes={"k" * 257: ""})),
    ),
    "an attribute's value of 1025 bytes": (
        InvalidArgument,
        lambda bus: publish(bus, PubsubMessage(attributes={"k": "v" * 1025})),
    ),
    "101 attributes": (
        InvalidArgument,
        lambda bus: publish(bus, PubsubMessage(attributes={str(number): "" for number in range(101)})),
    ),
    "over ten million bytes": (InvalidArgument, lambda bus: publish(bus, PubsubMessage(data=bytes(10_500_000)))),
    "a made-up acknowledgement id": (
        InvalidArgument,
        lambda bus: bus.subscriber.acknowledge(subscription=subscribe(bus), ack_ids=["made up"]),
    ),
    "a filter": (MethodNotImplemented, lambda bus: subscribe(bus, filter='attributes.a = "b"')),
    "a method it lacks": (
        MethodNotImplemented,
        lambda bus: bus.subscriber.create_snapshot(name=f"{PROJECT}/snapshots/abc", subscription=subscribe(bus)),
    ),
}


@pytest.mark.parametrize("case", BOTH)
def test_a_wrong_request_gets_its_status(bus: Bus, case: str) -> None:
    """A request that Pub/Sub refuses is refused with the same gRPC status, at once."""
    status, call = BOTH[case]
    with pytest.raises(status):
        call(bus)


@pytest.mark.parametrize("case", OURS)
def test_what_the_emulator_lets_pass(local_bus: Bus, case: str) -> None:
    """What the cloud refuses and Google's emulator doesn't, and what this broker lacks, is refused as well."""
    status, call = OURS[case]
    with pytest.raises(status):
        call(local_bus)
