"""Messages on disk: each once, however many subscriptions still have to have it.

A message is gone with the last of these, unless its topic or a subscription retains it for a seek.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from telemetry_local.pubsub import clock
from telemetry_local.pubsub.catalog import get_subscription, get_topic
from telemetry_local.pubsub.errors import NotFound
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.wire import PubsubMessage, Topic

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
    retention = retention_of(get_topic(connection, topic))
    subscriptions = connection.execute(
        "select id, name, retains from subscription where topic = ?", (topic,)
    ).fetchall()
    now = clock.now()
    retained = max(retention, *(retains for _, _, retains in subscriptions), 0)
    kept_until = now + retained if retained else 0
    ids = [_insert(connection, topic, message, now, kept_until) for message in messages]
    if subscriptions:
        connection.executemany(
            "insert into delivery (message, subscription, due_at) values (?, ?, ?)",
            [(message, subscription, now) for message in ids for subscription, _, _ in subscriptions],
        )
    else:
        forget(connection, ids)
    return Published([str(message) for message in ids], [name for _, name, _ in subscriptions])


def read(message_id: int, published_at: int, body: bytes) -> PubsubMessage:
    """The message of a row, with its id and time."""
    message: PubsubMessage = PubsubMessage.FromString(body)
    message.message_id = str(message_id)
    message.publish_time.FromMicroseconds(published_at)
    return message


def forget(connection: sqlite3.Connection, message_ids: Sequence[int]) -> None:
    """Delete those of the messages that no subscription has to have any more and that are not retained."""
    now = clock.now()
    connection.executemany(
        """
        delete from message
        where id = ? and kept_until <= ? and not exists (select 1 from delivery where message = id)
        """,
        [(message_id, now) for message_id in message_ids],
    )


def release(connection: sqlite3.Connection) -> None:
    """Delete what was retained long enough and no subscription has to have any more."""
    connection.execute(
        """
        delete from message
        where kept_until > 0 and kept_until <= ? and not exists (select 1 from delivery where message = id)
        """,
        (clock.now(),),
    )


def retention_of(topic: Topic) -> int:
    """Microseconds that a topic retains its messages, 0 if it does not."""
    return int(topic.message_retention_duration.ToMicroseconds())


def seek(connection: sqlite3.Connection, subscription: str, time: int) -> int:
    """Take what a subscription was published before a time for acknowledged, and what came later for unacknowledged.

    What is gone already, because neither the topic nor the subscription retains it, does not come back (source:
    pubsub.proto, `SeekRequest.time`).

    Returns:
        How many messages are to be delivered again.

    Raises:
        NotFound: There is no such subscription.
    """
    topic = get_subscription(connection, subscription).topic
    number, after_message, retains = connection.execute(
        "select id, after_message, retains from subscription where name = ?", (subscription,)
    ).fetchone()
    try:
        topic_retains = retention_of(get_topic(connection, topic))
    except NotFound:
        topic_retains = 0
    now = clock.now()
    earlier = connection.execute(
        """
        delete from delivery
        where subscription = ? and message in (select id from message where published_at < ?)
        returning message
        """,
        (number, time),
    ).fetchall()
    forget(connection, [message for (message,) in earlier])
    cursor = connection.execute(
        """
        insert or ignore into delivery (message, subscription, due_at)
        select id, :subscription, :now
        from message
        where
            topic = :topic
            and published_at >= :time
            and (
                (:topic_retains > 0 and published_at >= :now - :topic_retains)
                or (:retains > 0 and id > :after_message and published_at >= :now - :retains)
            )
        """,
        {
            "subscription": number,
            "now": now,
            "topic": topic,
            "time": time,
            "topic_retains": topic_retains,
            "retains": retains,
            "after_message": after_message,
        },
    )
    return cursor.rowcount


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


def _insert(connection: sqlite3.Connection, topic: str, message: PubsubMessage, now: int, kept_until: int) -> int:
    cursor = connection.execute(
        "insert into message (published_at, body, topic, kept_until) values (?, ?, ?, ?)",
        (now, message.SerializeToString(), topic, kept_until),
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
