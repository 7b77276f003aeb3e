"""The topics and subscriptions of a local stack, as Terraform makes them in the cloud.

Run as a program, since gRPC's threads have no place in the supervisor, which forks.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import grpc
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError, NotFound
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, RetryPolicy, Subscription, Topic

PROJECT = "projects/rhesis-local"
EVENTS = f"{PROJECT}/topics/events"
DEAD_LETTERS = f"{PROJECT}/topics/events-dead-letter"
STORE = f"{PROJECT}/subscriptions/events-store"
MIRROR = f"{PROJECT}/subscriptions/events-mirror"
DEAD_LETTERS_KEPT = f"{PROJECT}/subscriptions/events-dead-letter"

_ACK_DEADLINE_SECONDS = 60
_DELIVERY_ATTEMPTS = 20
_RETENTION = Duration(seconds=7 * 24 * 3600)
_WAIT_SECONDS = 30.0
_RETRY_POLICY = RetryPolicy(minimum_backoff=Duration(seconds=1), maximum_backoff=Duration(seconds=60))


def create(bus_host: str, store_url: str, mirror_url: str | None = None, *, emulator: bool) -> None:
    """Make what is missing, and point the push subscriptions to where `store` and `mirror` are now.

    Without a mirror its subscription goes: nobody would take its messages, and `telemetry backfill` fills the gap.

    Google's emulator, unlike Pub/Sub, delivers nothing more to a subscription with a retry policy once some pushes have
    failed; for it there is none.

    Raises:
        GoogleAPICallError: The bus did not answer, or refused.
    """
    with grpc.insecure_channel(bus_host) as channel:
        grpc.channel_ready_future(channel).result(_WAIT_SECONDS)
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        # Retained as long as in the cloud, so that `telemetry replay` works here too.
        events = Topic(name=EVENTS, message_retention_duration=_RETENTION)
        for topic in (events, Topic(name=DEAD_LETTERS)):
            _unless_it_exists(partial(publisher.create_topic, topic))
        if not emulator:
            publisher.update_topic(topic=events, update_mask=FieldMask(paths=["message_retention_duration"]))
        # Nobody reads the dead letters here; the subscription keeps them for who wants to know.
        dead_letters = Subscription(name=DEAD_LETTERS_KEPT, topic=DEAD_LETTERS)
        _unless_it_exists(partial(subscriber.create_subscription, dead_letters))
        retry_policy = None if emulator else _RETRY_POLICY
        _push(subscriber, _subscription(STORE, store_url, retry_policy))
        if mirror_url:
            _push(subscriber, _subscription(MIRROR, mirror_url, retry_policy))
        else:
            with suppress(NotFound):
                subscriber.delete_subscription(subscription=MIRROR)


def _push(subscriber: SubscriberClient, subscription: Subscription) -> None:
    _unless_it_exists(partial(subscriber.create_subscription, subscription))
    subscriber.update_subscription(subscription=subscription, update_mask=FieldMask(paths=["push_config"]))


def _subscription(name: str, url: str, retry_policy: RetryPolicy | None) -> Subscription:
    return Subscription(
        name=name,
        topic=EVENTS,
        push_config=PushConfig(push_endpoint=url),
        ack_deadline_seconds=_ACK_DEADLINE_SECONDS,
        retry_policy=retry_policy,
        dead_letter_policy=DeadLetterPolicy(dead_letter_topic=DEAD_LETTERS, max_delivery_attempts=_DELIVERY_ATTEMPTS),
    )


def _unless_it_exists(make: Callable[[], object]) -> None:
    with suppress(AlreadyExists):
        make()


def main() -> int:
    """Run `create` with the program's arguments."""
    parser = argparse.ArgumentParser(description="Make the topics and subscriptions of a local stack.")
    parser.add_argument("bus", help="where Pub/Sub is, as HOST:PORT")
    parser.add_argument("store_url", help="where events are pushed to")
    parser.add_argument("--mirror-url", help="where they are pushed to as well")
    parser.add_argument("--emulator", action="store_true", help="the bus is Google's emulator")
    arguments = parser.parse_args()
    try:
        create(arguments.bus, arguments.store_url, arguments.mirror_url, emulator=arguments.emulator)
    except (GoogleAPICallError, grpc.FutureTimeoutError) as error:
        sys.stderr.write(f"topics and subscriptions could not be made: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
