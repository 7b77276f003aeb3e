"""The queue as an operator handles it: messages are pulled, published again, and only then acknowledged."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from telemetry_pipeline.maintain.erasure import ARRIVES_WITHIN_DAYS

if TYPE_CHECKING:
    from google.pubsub_v1 import PublisherClient, SubscriberClient
    from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

REPLAYED = "replayed"
"""The attribute of a message that was published again: its original is what is replayed, not this."""

REPLAYED_WITHIN_DAYS = ARRIVES_WITHIN_DAYS - 7
"""How long after its arrival a message may be published again.

It may then wait for seven days more, and whoever asked to be erased is remembered for as long as that; later, their
events would come back.
"""

DEAD_LETTER = "CloudPubSubDeadLetterSource"
"""What the attributes begin with that Pub/Sub adds to a dead letter."""

_SECONDS = 60.0
_PULL_SECONDS = 10.0
_LOCAL_PULL_SECONDS = 2.0
_MESSAGES = 500
_BYTES = 9_000_000
_TOPIC = re.compile(r"(projects/[^/]+)/topics/([^/]+)")


@dataclass(frozen=True, slots=True)
class Bus:
    """The clients, the events topic, and the subscription that keeps the dead letters."""

    publisher: "PublisherClient"
    subscriber: "SubscriberClient"
    topic: str
    dead_letters: str

    def pull(self, subscription: str) -> list["ReceivedMessage"]:
        """Some messages; none if there were none for a few seconds."""
        from google.api_core.exceptions import DeadlineExceeded

        try:
            pulled = self.subscriber.pull(
                subscription=subscription,
                max_messages=_MESSAGES,
                retry=None,
                timeout=_LOCAL_PULL_SECONDS if is_local() else _PULL_SECONDS,
            )
        except DeadlineExceeded:
            return []
        return list(pulled.received_messages)

    def waiting(self) -> Iterator[list["ReceivedMessage"]]:
        """The dead letters, each once, until none is left that was not seen."""
        seen: set[str] = set()
        while received := self.pull(self.dead_letters):
            new = [one for one in received if one.message.message_id not in seen]
            if not new:
                return
            seen.update(one.message.message_id for one in new)
            yield new

    def publish_again(self, messages: Iterable["PubsubMessage"]) -> None:
        """Publish messages on the events topic, and wait until Pub/Sub has them."""
        from google.pubsub_v1.types import PubsubMessage

        for batch in _batches(messages):
            copies = [PubsubMessage(data=one.data, attributes=_attributes(one.attributes)) for one in batch]
            self.publisher.publish(topic=self.topic, messages=copies, timeout=_SECONDS)

    def acknowledge(self, subscription: str, received: Iterable["ReceivedMessage"]) -> None:
        """Be done with messages."""
        ids = [one.ack_id for one in received]
        if ids:
            self.subscriber.acknowledge(subscription=subscription, ack_ids=ids, timeout=_SECONDS)

    def give_back(self, ack_ids: list[str]) -> None:
        """Let others have dead letters at once; for those that were acknowledged it does nothing."""
        for begin in range(0, len(ack_ids), _MESSAGES):
            self.subscriber.modify_ack_deadline(
                subscription=self.dead_letters,
                ack_ids=ack_ids[begin : begin + _MESSAGES],
                ack_deadline_seconds=0,
                timeout=_SECONDS,
            )


@contextmanager
def bus(environment: Mapping[str, str], topic: str | None, dead_letters: str | None = None) -> Iterator[Bus]:
    """Reach the queue; names that are not given are those of the settings.

    Raises:
        click.ClickException: It can't be reached, or refuses; or nobody says what the topic is.
    """
    # Imported here: they take longer than all else that `telemetry` does at its start.
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.pubsub_v1 import PublisherClient, SubscriberClient

    topic = topic or environment.get("RHESIS_EVENTS_TOPIC", "")
    named = _TOPIC.fullmatch(topic)
    if not named:
        raise click.ClickException("set RHESIS_EVENTS_TOPIC, or give --topic, as projects/PROJECT/topics/TOPIC")
    # As Terraform and the local stack name it.
    usual = f"{named[1]}/subscriptions/{named[2]}-dead-letter"
    dead_letters = dead_letters or environment.get("RHESIS_DEAD_LETTERS_SUBSCRIPTION") or usual
    try:
        publisher, subscriber = PublisherClient(), SubscriberClient()
        try:
            yield Bus(publisher, subscriber, topic, dead_letters)
        finally:
            publisher.transport.close()  # type: ignore[no-untyped-call]
            subscriber.transport.close()  # type: ignore[no-untyped-call]
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        raise click.ClickException(f"Pub/Sub refused: {error}") from None


def is_local() -> bool:
    """Whether the queue is on this machine."""
    return bool(os.environ.get("PUBSUB_EMULATOR_HOST"))


def published_at(message: "PubsubMessage") -> datetime:
    """When Pub/Sub took a message."""
    time: datetime = message.publish_time  # type: ignore[assignment]  # what proto-plus makes of a Timestamp
    return time


def received_at(attributes: Mapping[str, str]) -> datetime | None:
    """When `ingest` received a message's events; None if it doesn't say."""
    try:
        time = datetime.fromisoformat(attributes.get("received_at", ""))
    except ValueError:
        return None
    return time if time.tzinfo else None


def may_return(attributes: Mapping[str, str], now: datetime) -> bool:
    """Whether a message is ours, and young enough to be published again."""
    time = received_at(attributes)
    return time is not None and now - time < timedelta(days=REPLAYED_WITHIN_DAYS)


def spans_of(attributes: Mapping[str, str]) -> int:
    """How many events a message says that it has."""
    spans = attributes.get("spans", "")
    return int(spans) if re.fullmatch("[0-9]{1,9}", spans) else 0


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def _attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in attributes.items() if not name.startswith((DEAD_LETTER, "goog"))}
    return kept | {REPLAYED: "true"}


def _batches(messages: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    size = 0
    for one in messages:
        if batch and size + len(one.data) > _BYTES:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one.data) + 1000
    if batch:
        yield batch
