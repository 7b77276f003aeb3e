"""`telemetry dead-letters`: what could not be delivered, and what is to become of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from telemetry_pipeline import contract
from telemetry_pipeline.cli import queue

if TYPE_CHECKING:
    from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

Command = TypeVar("Command", bound=Callable[..., Any])


def _names(command: Command) -> Command:
    for option in (
        click.option("--topic", help="The events topic; RHESIS_EVENTS_TOPIC unless it is given."),
        click.option("--subscription", help="What keeps the dead letters; the topic's name with -dead-letter."),
    ):
        command = option(command)
    return command


_ALL = click.option("--all", "every", is_flag=True, help="All that there are.")


@click.group("dead-letters")
def dead_letters() -> None:
    """List, show, replay and discard what could not be delivered."""


@dead_letters.command("list")
@_names
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Most that are shown.")
@click.pass_obj
def list_letters(obj: dict[str, str], topic: str | None, subscription: str | None, limit: int) -> None:
    """List dead letters; they stay where they are."""
    with queue.bus(obj, topic, subscription) as bus:
        held: list[str] = []
        lines: list[str] = []
        try:
            for received in bus.waiting():
                held += [one.ack_id for one in received]
                lines += [_line(one.message) for one in received]
                if len(held) >= limit:
                    break
        finally:
            bus.give_back(held)
    click.echo(f"{'message':<20} {'dead since':<20} {'received':<20} {'events':>7}  of")
    for line in lines[:limit]:
        click.echo(line)
    more = ", and there may be more" if len(held) >= limit else ""
    click.echo(f"{min(len(held), limit):,} dead letters{more}")


@dead_letters.command()
@_names
@click.argument("message_id")
@click.pass_obj
def show(obj: dict[str, str], topic: str | None, subscription: str | None, message_id: str) -> None:
    """Show what a dead letter holds: times, counts, and why it may have failed; never an event."""
    with queue.bus(obj, topic, subscription) as bus, _found(bus, {message_id}) as found:
        for one in found:
            for name, words in _story(one.message):
                click.echo(f"{name:<16} {words}")


@dead_letters.command()
@_names
@click.argument("message_ids", nargs=-1)
@_ALL
@click.pass_obj
def replay(
    obj: dict[str, str], topic: str | None, subscription: str | None, message_ids: tuple[str, ...], *, every: bool
) -> None:
    """Publish dead letters again, and forget those that Pub/Sub has taken; what is stored already is not doubled."""
    _check_choice(message_ids, every=every)
    counts: Counter[str] = Counter()

    def publish(bus: queue.Bus, received: list["ReceivedMessage"]) -> None:
        moment = queue.now()
        for one in received:
            if not queue.may_return(one.message.attributes, moment):
                counts["left"] += 1
                continue
            bus.publish_again([one.message])
            bus.acknowledge(bus.dead_letters, [one])
            counts.update(messages=1, events=queue.spans_of(one.message.attributes))
        click.echo(f"{counts['messages']:,} messages with {counts['events']:,} events so far", err=True)

    with queue.bus(obj, topic, subscription) as bus:
        _each(bus, message_ids, publish, every=every)
    click.echo(f"replayed {counts['messages']:,} messages with {counts['events']:,} events")
    if counts["left"]:
        click.echo(
            f"left {counts['left']:,}: they arrived more than {queue.REPLAYED_WITHIN_DAYS} days ago, so that events of "
            "people who were erased since could come back, or don't say when; discard them"
        )


@dead_letters.command()
@_names
@click.argument("message_ids", nargs=-1)
@_ALL
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_obj
def discard(
    obj: dict[str, str],
    topic: str | None,
    subscription: str | None,
    message_ids: tuple[str, ...],
    *,
    every: bool,
    yes: bool,
) -> None:
    """Delete dead letters for good."""
    _check_choice(message_ids, every=every)
    what = "all dead letters" if every else f"{len(message_ids)} dead letters"
    if not yes:
        click.confirm(f"Delete {what}? Their events are lost", abort=True)
    discarded = 0

    def delete(bus: queue.Bus, received: list["ReceivedMessage"]) -> None:
        nonlocal discarded
        bus.acknowledge(bus.dead_letters, received)
        discarded += len(received)

    with queue.bus(obj, topic, subscription) as bus:
        _each(bus, message_ids, delete, every=every)
    click.echo(f"discarded {discarded:,} messages")


def _check_choice(message_ids: tuple[str, ...], *, every: bool) -> None:
    if every == bool(message_ids):
        raise click.UsageError("name messages, as `telemetry dead-letters list` shows them, or give --all")


def _each(
    bus: queue.Bus,
    message_ids: tuple[str, ...],
    do: Callable[[queue.Bus, list["ReceivedMessage"]], None],
    *,
    every: bool,
) -> None:
    """Do it to the letters that are named, or to all that were dead when this began; what is left is given back."""
    if not every:
        with _found(bus, set(message_ids)) as found:
            do(bus, found)
        return
    begun = queue.now()
    held: list[str] = []
    try:
        for received in bus.waiting():
            held += [one.ack_id for one in received]
            do(bus, [one for one in received if queue.published_at(one.message) <= begun])
    finally:
        bus.give_back(held)


@contextmanager
def _found(bus: queue.Bus, message_ids: set[str]) -> Iterator[list["ReceivedMessage"]]:
    """The letters of these ids; all others, and these at the end, are given back, which does nothing to what is gone.

    Raises:
        click.ClickException: One is not there.
    """
    held: list[str] = []
    found: dict[str, ReceivedMessage] = {}
    try:
        for received in bus.waiting():
            held += [one.ack_id for one in received]
            found |= {one.message.message_id: one for one in received if one.message.message_id in message_ids}
            if message_ids <= found.keys():
                break
        if missing := message_ids - found.keys():
            raise click.ClickException(
                f"there is no dead letter {', '.join(sorted(missing))}; somebody else may be reading them: try again"
            )
        yield [found[one] for one in message_ids]
    finally:
        bus.give_back(held)


def _line(message: "PubsubMessage") -> str:
    attributes = message.attributes
    dead, received = queue.published_at(message), queue.received_at(attributes)
    source = attributes.get(f"{queue.DEAD_LETTER}Subscription", "unknown")
    return (
        f"{message.message_id:<20} {dead:%Y-%m-%d %H:%M:%S}  "
        f"{f'{received:%Y-%m-%d %H:%M:%S}' if received else 'unknown':<20} "
        f"{queue.spans_of(attributes):>7,}  {source}"
    )


def _story(message: "PubsubMessage") -> Iterator[tuple[str, str]]:
    attributes = message.attributes
    received = queue.received_at(attributes)
    yield "message", message.message_id
    yield "dead since", f"{queue.published_at(message):%Y-%m-%d %H:%M:%S} UTC"
    yield "received", f"{received:%Y-%m-%d %H:%M:%S} UTC" if received else "unknown"
    yield "subscription", attributes.get(f"{queue.DEAD_LETTER}Subscription", "unknown")
    yield "deliveries", attributes.get(f"{queue.DEAD_LETTER}DeliveryCount", "unknown")
    yield "bytes", f"{len(message.data):,}"
    yield "contract", attributes.get("contract_version", "unknown")
    yield "key epoch", attributes.get("key_epoch", "unknown")
    yield from _content(message.data)


def _content(data: bytes) -> Iterator[tuple[str, str]]:
    from telemetry_pipeline.ingest.preview import JsonForm
    from telemetry_pipeline.rows.message import NewerContract, Reader, Unreadable

    try:
        content = Reader(JsonForm()).read(data, contract.RETENTION_MONTHS * 30 + 7)
    except Unreadable as error:
        yield "why", f"it can't be read ({error.reason}), and never will be: discard it"
        return
    except NewerContract:
        yield "why", "it was written by a newer version: update the reader, then replay it"
        return
    for table, rows in sorted(content.rows.items()):
        yield "holds", f"{len(rows):,} of {table}"
    for reason, count in Counter(one.reason for one in content.rejections).most_common():
        yield "breaks", f"the contract {count:,} times: {reason}"
    yield "why", "it can be read, so the reader or its database was away: see its log, then replay it"
