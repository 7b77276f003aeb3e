import resource
import sqlite3
import threading

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.pubsub_v1.types import PubsubMessage

from brokers import LocalBroker
from pubsub.bus import Bus
from pubsub.push_endpoint import PushEndpoint
from waiting import until

PAYLOAD_BYTES = 500_000
NO_ROOM = PubsubMessage(data=b"there is no room for it")


def test_a_killed_broker_loses_nothing(broker: LocalBroker, own_bus: Bus, endpoint: PushEndpoint) -> None:
    """What was published before a kill -9 and not acknowledged is pushed after the restart."""
    topic = own_bus.topic()
    own_bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answer = lambda _: 503
    published = {message_id for _ in range(20) for message_id in own_bus.publish(topic, b"kept")}

    broker.kill()
    endpoint.requests.clear()
    endpoint.answer = lambda _: 204
    broker.start()

    until(lambda: published == {push.envelope["message"]["messageId"] for push in endpoint.requests}, 20)


def test_what_is_under_way_when_the_broker_is_killed_comes_again(
    broker: LocalBroker, own_bus: Bus, endpoint: PushEndpoint
) -> None:
    """A push whose answer the broker did not live to see is repeated at once, not after its deadline."""
    topic = own_bus.topic()
    own_bus.subscription(topic, push_config={"push_endpoint": endpoint.url}, ack_deadline_seconds=600)

    def kill(_: object) -> int:
        if len(endpoint.requests) == 1:
            broker.kill()
        return 204

    endpoint.answer = kill
    own_bus.publish(topic, b"under way")
    until(lambda: broker.process.returncode is not None, 10)
    broker.start()

    until(lambda: len(endpoint.requests) == 2, 20)


def test_what_was_acknowledged_stays_so(broker: LocalBroker, own_bus: Bus) -> None:
    """After an acknowledgement and a kill -9 the next message is the next one published."""
    topic = own_bus.topic()
    subscription = own_bus.subscription(topic)
    own_bus.publish(topic, b"first")
    own_bus.acknowledge(subscription, *own_bus.pull(subscription))

    broker.kill()
    broker.start()
    own_bus.publish(topic, b"second")

    assert [each.message.data for each in own_bus.pull(subscription)] == [b"second"]


def test_attempts_survive_a_kill(broker: LocalBroker, own_bus: Bus) -> None:
    """A broker that is killed does not forget how often a message has failed."""
    topic = own_bus.topic()
    policy = {"dead_letter_topic": topic, "max_delivery_attempts": 5}
    subscription = own_bus.subscription(topic, dead_letter_policy=policy)
    own_bus.publish(topic, b"twice")
    own_bus.pull(subscription)

    broker.kill()
    broker.start()

    (received,) = own_bus.pull(subscription)
    assert received.delivery_attempt == 2


def test_acknowledged_messages_leave_the_disk(broker: LocalBroker, own_bus: Bus) -> None:
    """The file does not grow with what has passed through it, only with what waits at one time."""
    topic = own_bus.topic()
    subscription = own_bus.subscription(topic)
    for _ in range(20):
        own_bus.publish(topic, bytes(PAYLOAD_BYTES))
        own_bus.acknowledge(subscription, *own_bus.pull(subscription))

    broker.stop()

    assert broker.database.stat().st_size < 5 * PAYLOAD_BYTES
    with sqlite3.connect(broker.database) as connection:
        assert connection.execute("select count(*) from message").fetchone() == (0,)
    connection.close()


def test_a_message_without_subscription_is_not_kept(broker: LocalBroker, own_bus: Bus) -> None:
    """A topic that nobody subscribes to takes messages, and keeps none."""
    first, second = (own_bus.publish(own_bus.topic(), b"gone")[0] for _ in range(2))

    broker.stop()

    with sqlite3.connect(broker.database) as connection:
        assert connection.execute("select count(*) from message").fetchone() == (0,)
    connection.close()
    assert int(first) < int(second)


def test_a_full_disk_holds_pushes_up_until_there_is_room(
    broker: LocalBroker, own_bus: Bus, endpoint: PushEndpoint
) -> None:
    """Nothing can be written then, nor can the log say so; afterwards everything is pushed without a restart."""
    topic = own_bus.topic()
    own_bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    pid = broker.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    all_are_published = threading.Event()

    def fill_the_disk(_: object) -> int:
        all_are_published.wait(20)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        return 204

    endpoint.answer = fill_the_disk
    published = {message_id for _ in range(40) for message_id in own_bus.publish(topic, b"kept")}
    all_are_published.set()
    with pytest.raises(GoogleAPICallError):
        until(lambda: not own_bus.publisher.publish(topic=topic, messages=[NO_ROOM], retry=None), 20)

    endpoint.answer = lambda _: 204
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))

    until(lambda: published <= {push.envelope["message"]["messageId"] for push in endpoint.requests}, 30)
