"""Deliveries: a subscription's copies of messages, handed out until they are acknowledged.

A delivery that is handed out stays where it is and falls due again after its acknowledgement deadline and the backoff.
So an acknowledgement that never comes needs no watchman, and a broker that was killed has nothing to repair.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telemetry_local.pubsub import clock, messages
from telemetry_local.pubsub.dead_letters import bury, exhausted
from telemetry_local.pubsub.errors import Invalid, NotFound
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.wire import PubsubMessage

_CLAIM_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message handed out once more: for the `attempt`-th time."""

    message: PubsubMessage
    attempt: int

    @property
    def ack_id(self) -> str:
        """What the subscriber gives back; it fits this attempt only."""
        return f"{self.message.message_id}-{self.attempt}"

    @property
    def size(self) -> int:
        """Bytes of data."""
        return len(self.message.data)


@dataclass(frozen=True, slots=True)
class Claim:
    """What was handed out.

    `next_due_seconds` says when there will be more even if nothing is published, None if nothing waits;
    `woken` names the subscriptions that have dead letters to deliver now.
    """

    deliveries: Sequence[Delivery]
    next_due_seconds: float | None
    woken: Sequence[str]


def claim(connection: sqlite3.Connection, policy: Policy, limit: int) -> Claim:
    """Hand out at most `limit` due deliveries, and about 8 MB at most unless the first is larger."""
    now = clock.now()
    subscription = _id_of(connection, policy.subscription)
    due = _due(connection, subscription, now, limit)
    woken: list[str] = []
    claimed: list[Delivery] = []
    for message, attempt in due:
        if exhausted(policy, attempt) and (letter := bury(connection, policy, message, attempt)):
            woken.extend(letter.subscriptions)
        else:
            claimed.append(Delivery(message, attempt + 1))
    connection.executemany(
        "update delivery set attempt = ?, is_out = 1, due_at = ? where message = ? and subscription = ?",
        [
            (each.attempt, _again(policy, each.attempt, now), int(each.message.message_id), subscription)
            for each in claimed
        ],
    )
    return Claim(claimed, _next_due_seconds(connection, subscription, now), woken)


def acknowledge(connection: sqlite3.Connection, subscription: str, ack_ids: Iterable[str]) -> None:
    """Forget deliveries for good; those that are gone already are none of anybody's business.

    Raises:
        Invalid: An id is not one of ours.
    """
    message_ids = [message for message, _ in map(_parse, ack_ids)]
    number = _id_of(connection, subscription)
    connection.executemany(
        "delete from delivery where message = ? and subscription = ?", [(message, number) for message in message_ids]
    )
    messages.forget(connection, message_ids)


def extend(connection: sqlite3.Connection, policy: Policy, ack_ids: Iterable[str], seconds: int) -> None:
    """Let deliveries that are out stay out for `seconds` from now.

    Raises:
        Invalid: An id is not one of ours.
    """
    _postpone(connection, policy, ack_ids, is_out=True, until=clock.now() + seconds * clock.MICROSECONDS)


def reject(connection: sqlite3.Connection, policy: Policy, ack_ids: Iterable[str]) -> Sequence[str]:
    """Take deliveries back, to be handed out after the backoff or to become dead letters.

    Returns:
        The names of the subscriptions that have dead letters to deliver now.

    Raises:
        Invalid: An id is not one of ours.
    """
    subscription = _id_of(connection, policy.subscription)
    woken: list[str] = []
    for message, attempt in map(_parse, ack_ids):
        if exhausted(policy, attempt):
            woken.extend(_bury(connection, policy, subscription, message, attempt))
    _postpone(connection, policy, ack_ids, is_out=False, until=clock.now())
    return woken


def still_out(connection: sqlite3.Connection, policy: Policy, ack_ids: Iterable[str]) -> set[str]:
    """Those of the deliveries that are handed out now, neither acknowledged nor given back nor handed out again."""
    now = clock.now()
    subscription = _id_of(connection, policy.subscription)
    out = set()
    for ack_id in ack_ids:
        message, attempt = _parse(ack_id)
        row = connection.execute(
            "select 1 from delivery where message = ? and subscription = ? and attempt = ? and is_out and due_at > ?",
            (message, subscription, attempt, now),
        ).fetchone()
        if row:
            out.add(ack_id)
    return out


def release(connection: sqlite3.Connection) -> None:
    """Make everything due now: whoever had it is no longer waited for."""
    now = clock.now()
    connection.execute("update delivery set due_at = ? where due_at > ?", (now, now))


def _id_of(connection: sqlite3.Connection, subscription: str) -> int:
    row = connection.execute("select id from subscription where name = ?", (subscription,)).fetchone()
    if row is None:
        raise NotFound(f"there is no subscription {subscription}; create it first")
    return int(row[0])


def _due(connection: sqlite3.Connection, subscription: int, now: int, limit: int) -> list[tuple[PubsubMessage, int]]:
    rows = connection.execute(
        """
        select message.id, message.published_at, message.body, delivery.attempt
        from delivery
        join message on message.id = delivery.message
        where delivery.subscription = ? and delivery.due_at <= ?
        order by delivery.due_at
        limit ?
        """,
        (subscription, now, limit),
    )
    due: list[tuple[PubsubMessage, int]] = []
    size = 0
    for message_id, published_at, body, attempt in rows:
        size += len(body)
        if due and size > _CLAIM_BYTES:
            break
        due.append((messages.read(message_id, published_at, body), attempt))
    rows.close()
    return due


def _next_due_seconds(connection: sqlite3.Connection, subscription: int, now: int) -> float | None:
    (due_at,) = connection.execute(
        "select min(due_at) from delivery where subscription = ?", (subscription,)
    ).fetchone()
    return None if due_at is None else max(0, due_at - now) / clock.MICROSECONDS


def _again(policy: Policy, attempt: int, now: int) -> int:
    return now + policy.ack_deadline * clock.MICROSECONDS + policy.backoff_microseconds(attempt)


def _bury(
    connection: sqlite3.Connection, policy: Policy, subscription: int, message_id: int, attempt: int
) -> Sequence[str]:
    row = connection.execute(
        """
        select message.published_at, message.body
        from delivery
        join message on message.id = delivery.message
        where delivery.message = ? and delivery.subscription = ? and delivery.attempt = ?
        """,
        (message_id, subscription, attempt),
    ).fetchone()
    letter = row and bury(connection, policy, messages.read(message_id, *row), attempt)
    return letter.subscriptions if letter else ()


def _postpone(
    connection: sqlite3.Connection, policy: Policy, ack_ids: Iterable[str], *, is_out: bool, until: int
) -> None:
    subscription = _id_of(connection, policy.subscription)
    connection.executemany(
        "update delivery set is_out = ?, due_at = ? where message = ? and subscription = ? and attempt = ?",
        [
            (is_out, until + policy.backoff_microseconds(attempt), message, subscription, attempt)
            for message, attempt in map(_parse, ack_ids)
        ],
    )


def _parse(ack_id: str) -> tuple[int, int]:
    message, _, attempt = ack_id.partition("-")
    if not (message.isdecimal() and attempt.isdecimal() and len(ack_id) < 40):
        raise Invalid("an acknowledgement id is not one that this broker gave out; pass them on unchanged")
    return int(message), int(attempt)
