"""`telemetry replay`: publish again what was published in a period and is still retained."""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import click

from telemetry_pipeline.cli import queue

_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
_ACK_SECONDS = 60
_SEEK_SECONDS = 90.0
"""A seek may take a minute to be in effect everywhere (cloud.google.com/pubsub/docs/replay-overview)."""
_LOCAL_SECONDS = 2.0
_PROGRESS_SECONDS = 1.0


@dataclass(slots=True)
class Progress:
    """What was replayed so far."""

    messages: int = 0
    events: int = 0

    def __str__(self) -> str:
        return f"{self.messages:,} messages with {self.events:,} events"


@click.command()
@click.option("--from", "first", type=_TIME, required=True, help="Begin here, in UTC: 2026-11-24T10:00.")
@click.option("--to", "last", type=_TIME, help="End here; now unless it is given.")
@click.option("--topic", help="The events topic; RHESIS_EVENTS_TOPIC unless it is given.")
@click.option("--idle", type=click.FloatRange(1, 600), help="End after so many seconds without any. [default: 90]")
@click.pass_obj
def replay(
    obj: Mapping[str, str], first: datetime, last: datetime | None, topic: str | None, idle: float | None
) -> None:
    """Publish again what was received in a period; what is stored already stays as it is, so it is safe to repeat."""
    begun = queue.now()
    start, end = first.replace(tzinfo=UTC), min(last.replace(tzinfo=UTC) if last else begun, begun)
    if start >= end:
        raise click.BadParameter(f"{start:%Y-%m-%dT%H:%M:%S} is not before the end", param_hint="--from")
    if idle is None:
        idle = _LOCAL_SECONDS if queue.is_local() else _SEEK_SECONDS
    progress = Progress()
    with queue.bus(obj, topic) as bus:
        _check_retained(bus, start, begun)
        with _subscription(bus, start) as subscription:
            _replay(bus, subscription, (start, end), idle, progress)
    click.echo(f"replayed {progress}")


def _check_retained(bus: queue.Bus, start: datetime, now: datetime) -> None:
    retention = _retention(bus)
    if not retention:
        raise click.ClickException("the topic retains nothing: set its message retention (Terraform does)")
    kept = min(retention, timedelta(days=queue.REPLAYED_WITHIN_DAYS))
    if now - start > kept:
        raise click.BadParameter(
            f"what is older than {now - kept:%Y-%m-%dT%H:%M} is not replayed any more", param_hint="--from"
        )


def _retention(bus: queue.Bus) -> timedelta:
    topic = bus.publisher.get_topic(topic=bus.topic)
    retention: timedelta | None = topic.message_retention_duration  # type: ignore[assignment]  # as proto-plus has it
    return retention or timedelta()


@contextmanager
def _subscription(bus: queue.Bus, start: datetime) -> Iterator[str]:
    """A subscription of our own that has all that the topic retains from a time on; gone at the end.

    The readers' own subscriptions are left alone: on those a seek has no end, and a backlog would delay what is new.
    """
    project, _, topic = bus.topic.partition("/topics/")
    retention = _retention(bus)
    name = f"{project}/subscriptions/{topic}-replay-{secrets.token_hex(4)}"
    bus.subscriber.create_subscription(
        request={
            "name": name,
            "topic": bus.topic,
            "ack_deadline_seconds": _ACK_SECONDS,
            "message_retention_duration": retention,
            # Should this end without its end: a subscription costs what it retains.
            "expiration_policy": {"ttl": retention + timedelta(days=1)},
        }
    )
    try:
        bus.subscriber.seek(request={"subscription": name, "time": start})
        yield name
    finally:
        bus.subscriber.delete_subscription(subscription=name)


def _replay(
    bus: queue.Bus, subscription: str, period: tuple[datetime, datetime], idle: float, progress: Progress
) -> None:
    """Publish each message of the period again. Copies are passed over: their originals are here, or too old."""
    start, end = period
    found_at = told_at = time.monotonic()
    while time.monotonic() - found_at < idle:
        received = bus.pull(subscription)
        messages = [
            one.message
            for one in received
            if start <= queue.published_at(one.message) < end and queue.REPLAYED not in one.message.attributes
        ]
        bus.publish_again(messages)
        bus.acknowledge(subscription, received)
        progress.messages += len(messages)
        progress.events += sum(queue.spans_of(one.attributes) for one in messages)
        if messages:
            found_at = time.monotonic()
        if messages and found_at - told_at >= _PROGRESS_SECONDS:
            told_at = found_at
            click.echo(f"{progress} so far", err=True)
