"""Seeking: what a topic or a subscription retains can be had again, and nothing else."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.api_core.exceptions import InvalidArgument, MethodNotImplemented
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import Topic

from pubsub.bus import PROJECT, Bus
from telemetry_local.pubsub import catalog, clock, deliveries, messages, wire
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.housekeeping import tidy
from telemetry_local.pubsub.policy import Policy

HOUR = timedelta(hours=1)
DAY = 24 * 3600 * clock.MICROSECONDS
DAYS = Duration(seconds=7 * 24 * 3600)


def now() -> datetime:
    return datetime.now(UTC)


def retaining_topic(bus: Bus) -> str:
    """A topic that retains for seven days."""
    name = bus.topic()
    bus.publisher.update_topic(
        topic=Topic(name=name, message_retention_duration=DAYS),
        update_mask=FieldMask(paths=["message_retention_duration"]),
    )
    return name


def take_all(bus: Bus, subscription: str) -> set[bytes]:
    """What a subscription has now; all of it is acknowledged."""
    got = bus.take(subscription)
    if got:
        bus.acknowledge(subscription, *got)
    return {each.message.data for each in got}


def test_what_a_topic_retains_comes_again(local_bus: Bus) -> None:
    """To whoever seeks, also to a subscription that was made later; others are left alone."""
    topic = retaining_topic(local_bus)
    one, other = local_bus.subscription(topic), local_bus.subscription(topic)
    local_bus.publish(topic, b"a", b"b")
    assert {b"a", b"b"} == take_all(local_bus, one) == take_all(local_bus, other)
    later = local_bus.subscription(topic)

    for subscription in (one, later):
        local_bus.subscriber.seek(request={"subscription": subscription, "time": now() - HOUR})

    assert {b"a", b"b"} == take_all(local_bus, one) == take_all(local_bus, later)
    assert set() == take_all(local_bus, other)


def test_seeking_forward_acknowledges(local_bus: Bus) -> None:
    """What was published before the time is done with; what comes later is not."""
    topic = retaining_topic(local_bus)
    subscription = local_bus.subscription(topic)
    local_bus.publish(topic, b"before")

    local_bus.subscriber.seek(request={"subscription": subscription, "time": now() + timedelta(seconds=1)})
    assert set() == take_all(local_bus, subscription)
    local_bus.publish(topic, b"after")

    assert {b"after"} == take_all(local_bus, subscription)


def test_seeking_begins_at_the_time(local_bus: Bus) -> None:
    """What was published before the time does not come again."""
    topic = retaining_topic(local_bus)
    subscription = local_bus.subscription(topic)
    local_bus.publish(topic, b"before")
    (before,) = local_bus.take(subscription)
    local_bus.acknowledge(subscription, before)
    local_bus.publish(topic, b"after")
    assert {b"after"} == take_all(local_bus, subscription)

    time = before.message.publish_time + timedelta(microseconds=1)
    local_bus.subscriber.seek(request={"subscription": subscription, "time": time})

    assert {b"after"} == take_all(local_bus, subscription)


def test_a_subscription_retains_its_own(local_bus: Bus) -> None:
    """With `retain_acked_messages` it gets what it has acknowledged, and nothing from before it was made."""
    topic = local_bus.topic()
    keeper = local_bus.subscription(topic, retain_acked_messages=True)
    local_bus.publish(topic, b"early")
    late = local_bus.subscription(topic, retain_acked_messages=True)
    plain = local_bus.subscription(topic)
    local_bus.publish(topic, b"late")
    for subscription in (keeper, late, plain):
        take_all(local_bus, subscription)

    for subscription in (keeper, late, plain):
        local_bus.subscriber.seek(request={"subscription": subscription, "time": now() - HOUR})

    assert {b"early", b"late"} == take_all(local_bus, keeper)
    assert {b"late"} == take_all(local_bus, late)
    assert set() == take_all(local_bus, plain)


def test_a_replayed_message_is_delivered_once_and_may_fail_again(local_bus: Bus) -> None:
    """Seeking twice makes no second copy."""
    topic = retaining_topic(local_bus)
    subscription = local_bus.subscription(topic)
    local_bus.publish(topic, b"once")
    take_all(local_bus, subscription)

    for _ in range(2):
        local_bus.subscriber.seek(request={"subscription": subscription, "time": now() - HOUR})

    (received,) = local_bus.take(subscription)
    local_bus.nack(subscription, received)
    assert [each.message.data for each in local_bus.pull(subscription)] == [b"once"]


def test_what_the_broker_lacks_is_refused(local_bus: Bus) -> None:
    """Snapshots, retention beyond what Pub/Sub allows, and settings that can't be changed."""
    topic = local_bus.topic()
    subscription = local_bus.subscription(topic)

    with pytest.raises(MethodNotImplemented, match="snapshots"):
        local_bus.subscriber.seek(request={"subscription": subscription, "snapshot": f"{PROJECT}/snapshots/one"})
    with pytest.raises(InvalidArgument, match="10 minutes to 31 days"):
        local_bus.publisher.update_topic(
            topic=Topic(name=topic, message_retention_duration=Duration(seconds=32 * 24 * 3600)),
            update_mask=FieldMask(paths=["message_retention_duration"]),
        )
    with pytest.raises(InvalidArgument, match="update_mask"):
        local_bus.publisher.update_topic(topic=Topic(name=topic), update_mask=FieldMask(paths=["kms_key_name"]))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "pubsub.db") as opened:
        yield opened


def test_what_is_retained_leaves_the_disk_in_the_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the topic's retention it can't be had again, and is gone."""
    topic = wire.Topic(name=f"{PROJECT}/topics/retained")
    topic.message_retention_duration.seconds = DAYS.seconds
    subscription = wire.Subscription(name=f"{PROJECT}/subscriptions/retained", topic=topic.name)
    database.run(lambda connection: catalog.create_topic(connection, topic))
    database.run(lambda connection: catalog.create_subscription(connection, subscription))
    database.run(lambda connection: messages.publish(connection, topic.name, [wire.PubsubMessage(data=b"a")]))
    claim = database.run(lambda connection: deliveries.claim(connection, Policy.of(subscription), 10))
    ids = [each.ack_id for each in claim.deliveries]
    database.run(lambda connection: deliveries.acknowledge(connection, subscription.name, ids))
    begun = clock.now()

    def left_after(days: int) -> tuple[int, int]:
        monkeypatch.setattr(clock, "now", lambda: begun + days * DAY)
        database.run(tidy)
        again = database.run(lambda connection: messages.seek(connection, subscription.name, 0))
        database.run(lambda connection: messages.seek(connection, subscription.name, clock.now()))
        return again, database.run(lambda connection: connection.execute("select count(*) from message").fetchone())[0]

    assert [left_after(6), left_after(8)] == [(1, 1), (0, 0)]


def test_a_file_of_the_version_before_goes_on(tmp_path: Path) -> None:
    """What waits in it is delivered."""
    path = tmp_path / "pubsub.db"
    topic = wire.Topic(name=f"{PROJECT}/topics/old")
    subscription = wire.Subscription(name=f"{PROJECT}/subscriptions/old", topic=topic.name)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            create table topic (name text primary key, body blob not null) without rowid;
            create table subscription (
                id integer primary key, name text not null unique, topic text not null, body blob not null
            );
            create table message (
                id integer primary key autoincrement, published_at integer not null, body blob not null
            );
            create table delivery (
                message integer not null references message (id),
                subscription integer not null references subscription (id),
                attempt integer not null default 0,
                is_out integer not null default 0,
                due_at integer not null,
                primary key (message, subscription)
            ) without rowid;
            pragma user_version = 1;
            """
        )
        connection.execute("insert into topic values (?, ?)", (topic.name, topic.SerializeToString()))
        connection.execute(
            "insert into subscription values (1, ?, ?, ?)",
            (subscription.name, topic.name, subscription.SerializeToString()),
        )
        body = wire.PubsubMessage(data=b"waits").SerializeToString()
        connection.execute("insert into message values (1, ?, ?)", (clock.now(), body))
        connection.execute("insert into delivery values (1, 1, 0, 0, 0)")
    connection.close()

    with Database(path) as database:
        claim = database.run(lambda opened: deliveries.claim(opened, Policy.of(subscription), 10))

    assert [each.message.data for each in claim.deliveries] == [b"waits"]
