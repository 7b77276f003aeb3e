from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry_local.pubsub import catalog, clock, deliveries, messages
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.housekeeping import tidy
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.wire import PubsubMessage, Subscription, Topic

DAY = 24 * 3600 * clock.MICROSECONDS
TOPIC = "projects/demo/topics/events"
SUBSCRIPTION = "projects/demo/subscriptions/store"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "pubsub.db") as opened:
        yield opened


def test_messages_are_kept_for_seven_days(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody has acknowledged within its subscription's retention is given up, and leaves the disk."""
    subscription = Subscription(name=SUBSCRIPTION, topic=TOPIC)
    database.run(lambda connection: catalog.create_topic(connection, Topic(name=TOPIC)))
    database.run(lambda connection: catalog.create_subscription(connection, subscription))
    database.run(lambda connection: messages.publish(connection, TOPIC, [PubsubMessage(data=b"old")]))
    now = clock.now()

    monkeypatch.setattr(clock, "now", lambda: now + 6 * DAY)
    database.run(lambda connection: messages.publish(connection, TOPIC, [PubsubMessage(data=b"new")]))
    kept = database.run(tidy)
    monkeypatch.setattr(clock, "now", lambda: now + 8 * DAY)
    expired = database.run(tidy)

    claim = database.run(lambda connection: deliveries.claim(connection, Policy.of(subscription), 10))
    assert (kept, expired) == (0, 1)
    assert [each.message.data for each in claim.deliveries] == [b"new"]
    assert database.run(lambda connection: connection.execute("select count(*) from message").fetchall()) == [(1,)]


def test_a_failed_piece_of_work_leaves_nothing(database: Database) -> None:
    """What shares a transaction with it is kept; its own changes are not."""

    def fail(connection: object) -> None:
        catalog.create_topic(connection, Topic(name=TOPIC))
        raise KeyError("on purpose")

    failing = database.submit(fail)
    other = database.submit(lambda connection: catalog.create_topic(connection, Topic(name=f"{TOPIC}-2")))

    with pytest.raises(KeyError, match="on purpose"):
        failing.result()
    other.result()
    topics = database.run(lambda connection: catalog.list_topics(connection, "projects/demo", "", 10))
    assert [f"{TOPIC}-2"] == [topic.name for topic in topics]
