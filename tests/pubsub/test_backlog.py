"""How much of a subscription is not acknowledged: what Pub/Sub has no call for, and our broker has."""

from brokers import LocalBroker
from postgres import free_port
from pubsub.bus import Bus
from telemetry_local.pubsub.backlog import backlog


def test_what_nobody_acknowledged_is_counted(broker: LocalBroker, own_bus: Bus) -> None:
    """Of one subscription alone, delivered or not, until it is acknowledged."""
    topic = own_bus.topic()
    first, second = own_bus.subscription(topic), own_bus.subscription(topic)
    counts = [backlog(broker.host, first)]
    own_bus.publish(topic, b"a", b"b", b"c")
    counts.append(backlog(broker.host, first))
    received = own_bus.pull(first, 2)
    counts.append(backlog(broker.host, first))
    own_bus.acknowledge(first, *received)
    counts.append(backlog(broker.host, first))

    assert counts == [0, 3, 3, 1]
    assert backlog(broker.host, second) == 3


def test_what_is_not_there_is_not_none_of_it(broker: LocalBroker) -> None:
    """No such subscription, or no such broker, is told from an empty one."""
    assert backlog(broker.host, "projects/p/subscriptions/none") is None
    assert backlog(f"127.0.0.1:{free_port()}", "projects/p/subscriptions/none") is None
