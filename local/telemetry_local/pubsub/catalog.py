"""Topics and subscriptions: what exists, and how it is set up."""

import sqlite3
from collections.abc import Iterator

from telemetry_local.pubsub import clock
from telemetry_local.pubsub.errors import AlreadyExists, NotFound
from telemetry_local.pubsub.names import DELETED_TOPIC
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.wire import Subscription, Topic


def create_topic(connection: sqlite3.Connection, topic: Topic) -> None:
    """Keep a new topic.

    Raises:
        AlreadyExists: There is one of this name.
    """
    try:
        connection.execute("insert into topic values (?, ?)", (topic.name, topic.SerializeToString()))
    except sqlite3.IntegrityError:
        raise AlreadyExists(f"the topic {topic.name} exists already") from None


def get_topic(connection: sqlite3.Connection, name: str) -> Topic:
    """Read a topic.

    Raises:
        NotFound: There is none of this name.
    """
    row = connection.execute("select body from topic where name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"there is no topic {name}; create it before publishing or subscribing to it")
    topic: Topic = Topic.FromString(row[0])
    return topic


def put_topic(connection: sqlite3.Connection, topic: Topic) -> None:
    """Replace the settings of an existing topic."""
    connection.execute("update topic set body = ? where name = ?", (topic.SerializeToString(), topic.name))


def delete_topic(connection: sqlite3.Connection, name: str) -> None:
    """Forget a topic; its subscriptions stay and keep what they have (source: pubsub.proto, `DeleteTopic`).

    Raises:
        NotFound: There is none of this name.
    """
    get_topic(connection, name)
    connection.execute("delete from topic where name = ?", (name,))
    orphans = [body for (body,) in connection.execute("select body from subscription where topic = ?", (name,))]
    for body in orphans:
        subscription = Subscription.FromString(body)
        subscription.topic = DELETED_TOPIC
        put_subscription(connection, subscription)


def list_topics(connection: sqlite3.Connection, project: str, after: str, limit: int) -> list[Topic]:
    """At most `limit` topics of `project` (`projects/demo`) by name, those after the name `after`."""
    rows = connection.execute(
        "select body from topic where name > ? and name glob ? order by name limit ?", (after, f"{project}/*", limit)
    )
    return [Topic.FromString(body) for (body,) in rows]


def create_subscription(connection: sqlite3.Connection, subscription: Subscription) -> None:
    """Keep a new subscription; it gets what is published from now on.

    Raises:
        NotFound: Its topic doesn't exist.
        AlreadyExists: There is one of this name.
    """
    get_topic(connection, subscription.topic)
    try:
        connection.execute(
            """
            insert into subscription (name, topic, body, retains, after_message)
            values (?, ?, ?, ?, coalesce((select max(seq) from sqlite_sequence where name = 'message'), 0))
            """,
            (subscription.name, subscription.topic, subscription.SerializeToString(), _retains(subscription)),
        )
    except sqlite3.IntegrityError:
        raise AlreadyExists(f"the subscription {subscription.name} exists already") from None


def put_subscription(connection: sqlite3.Connection, subscription: Subscription) -> None:
    """Replace the settings of an existing subscription."""
    connection.execute(
        "update subscription set topic = ?, body = ?, retains = ? where name = ?",
        (subscription.topic, subscription.SerializeToString(), _retains(subscription), subscription.name),
    )


def get_subscription(connection: sqlite3.Connection, name: str) -> Subscription:
    """Read a subscription.

    Raises:
        NotFound: There is none of this name.
    """
    row = connection.execute("select body from subscription where name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"there is no subscription {name}; create it first")
    subscription: Subscription = Subscription.FromString(row[0])
    return subscription


def delete_subscription(connection: sqlite3.Connection, name: str) -> None:
    """Forget a subscription and all that it had not acknowledged.

    Raises:
        NotFound: There is none of this name.
    """
    get_subscription(connection, name)
    messages = connection.execute(
        "delete from delivery where subscription = (select id from subscription where name = ?) returning message",
        (name,),
    ).fetchall()
    connection.execute("delete from subscription where name = ?", (name,))
    now = clock.now()
    connection.executemany(
        """
        delete from message
        where id = ? and kept_until <= ? and not exists (select 1 from delivery where message = id)
        """,
        [(message, now) for (message,) in messages],
    )


def list_subscriptions(connection: sqlite3.Connection, project: str, after: str, limit: int) -> list[Subscription]:
    """At most `limit` subscriptions of `project` (`projects/demo`) by name, those after the name `after`."""
    rows = connection.execute(
        "select body from subscription where name > ? and name glob ? order by name limit ?",
        (after, f"{project}/*", limit),
    )
    return [Subscription.FromString(body) for (body,) in rows]


def list_subscriptions_of(connection: sqlite3.Connection, topic: str, after: str, limit: int) -> list[str]:
    """At most `limit` names of a topic's subscriptions in order, those after the name `after`."""
    rows = connection.execute(
        "select name from subscription where topic = ? and name > ? order by name limit ?", (topic, after, limit)
    )
    return [name for (name,) in rows]


def every_subscription(connection: sqlite3.Connection) -> Iterator[Subscription]:
    """All subscriptions of all projects."""
    rows = connection.execute("select body from subscription order by name").fetchall()
    return (Subscription.FromString(body) for (body,) in rows)


def _retains(subscription: Subscription) -> int:
    """Microseconds that a subscription retains what it has acknowledged."""
    if not subscription.retain_acked_messages:
        return 0
    return int(Policy.of(subscription).retention * clock.MICROSECONDS)
