"""Messages on disk: each once, however many subscriptions still have to have it, and gone with the last of these."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from telemetry_local.pubsub import clock
from telemetry_local.pubsub.catalog import get_topic
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.wire import PubsubMessage

_PAGES_PER_SHRINK = 10_000  # 40 MB


@dataclass(frozen=True, slots=True)
class Published:
    """The new messages' ids, and the names of the subscriptions that have to have them."""

    message_ids: Sequence[str]
    subscriptions: Sequence[str]


def publish(connection: sqlite3.Connection, topic: str, messages: Sequence[PubsubMessage]) -> Published:
    """Keep messages for every subscription that the topic has now; without any they are gone, as in Pub/Sub.

    Raises:
        NotFound: The topic doesn't exist.
    """
    get_topic(connection, topic)
    subscriptions = connection.execute("select id, name from subscription where topic = ?", (topic,)).fetchall()
    now = clock.now()
    ids = [_insert(connection, message, now) for message in messages]
    if subscriptions:
        connection.executemany(
            "insert into delivery (message, subscription, due_at) values (?, ?, ?)",
            [(message, subscription, now) for message in ids for subscription, _ in subscriptions],
        )
    else:
        forget(connection, ids)
    return Published([str(message) for message in ids], [name for _, name in subscriptions])


def read(message_id: int, published_at: int, body: bytes) -> PubsubMessage:
    """The message of a row, with its id and time."""
    message: PubsubMessage = PubsubMessage.FromString(body)
    message.message_id = str(message_id)
    message.publish_time.FromMicroseconds(published_at)
    return message


def forget(connection: sqlite3.Connection, message_ids: Sequence[int]) -> None:
    """Delete those of the messages that no subscription has to have any more."""
    connection.executemany(
        "delete from message where id = ? and not exists (select 1 from delivery where message = id)",
        [(message_id,) for message_id in message_ids],
    )


def expire(connection: sqlite3.Connection, policy: Policy) -> int:
    """Give up what a subscription has not acknowledged within its retention; returns how many messages that were."""
    last = _last_before(connection, clock.now() - int(policy.retention * clock.MICROSECONDS))
    rows = connection.execute(
        """
        delete from delivery
        where message <= ? and subscription = (select id from subscription where name = ?)
        returning message
        """,
        (last, policy.subscription),
    ).fetchall()
    forget(connection, [message for (message,) in rows])
    return len(rows)


def shrink(connection: sqlite3.Connection) -> None:
    """Give pages of deleted messages back to the file system, few enough not to hold up who publishes."""
    connection.execute(f"pragma incremental_vacuum({_PAGES_PER_SHRINK})").fetchall()


def _insert(connection: sqlite3.Connection, message: PubsubMessage, now: int) -> int:
    cursor = connection.execute(
        "insert into message (published_at, body) values (?, ?)", (now, message.SerializeToString())
    )
    assert cursor.lastrowid is not None  # noqa: S101  # an insert has one
    return cursor.lastrowid


def _last_before(connection: sqlite3.Connection, time: int) -> int:
    """The id of the last message before a time: ids grow with time, so only what is older has to be read."""
    last = 0
    rows = connection.execute("select id, published_at from message order by id")
    for message_id, published_at in rows:
        if published_at >= time:
            break
        last = message_id
    rows.close()
    return last
