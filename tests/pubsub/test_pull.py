from concurrent.futures import ThreadPoolExecutor

from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.types import FlowControl
from google.protobuf.duration_pb2 import Duration

from pubsub.bus import Bus
from waiting import until


def test_what_is_out_is_not_handed_out_again(bus: Bus) -> None:
    """Each message is with one subscriber at a time."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"a", b"b", b"c")

    first = bus.pull(subscription, 2)
    second = bus.pull(subscription, 2)

    assert {b"a", b"b", b"c"} == {each.message.data for each in first + second}
    assert len(first + second) == 3


def test_a_pull_waits_for_a_message(bus: Bus) -> None:
    """A pull that finds nothing answers when something is published."""
    topic = bus.topic()
    subscription = bus.subscription(topic)

    with ThreadPoolExecutor() as threads:
        pull = threads.submit(bus.subscriber.pull, subscription=subscription, max_messages=1)
        bus.publish(topic, b"at last")

    assert [each.message.data for each in pull.result().received_messages] == [b"at last"]


def test_googles_streaming_subscriber_gets_everything_once(bus: Bus) -> None:
    """The high-level subscriber gets each message, and what it acknowledges doesn't come again."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    got: list[bytes] = []

    def take(message: Message) -> None:
        got.append(message.data)
        message.ack_with_response().result(10)

    with pubsub_v1.SubscriberClient() as subscriber:
        stream = subscriber.subscribe(subscription, take, FlowControl(max_messages=3))
        payloads = [b"%d" % number for number in range(20)]
        bus.publish(topic, *payloads)
        until(lambda: len(got) >= len(payloads), 20)
        stream.cancel()
        stream.result(10)

    assert set(payloads) == set(got)
    assert len(payloads) == len(got)
    assert bus.take(subscription) == []


def test_a_message_given_back_comes_again(bus: Bus) -> None:
    """An acknowledgement deadline of 0 is a negative acknowledgement."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"again")

    (received,) = bus.pull(subscription)
    bus.nack(subscription, received)

    (again,) = bus.pull(subscription)
    assert received.message.message_id == again.message.message_id


def test_attempts_are_counted_where_they_lead_to_a_dead_letter(bus: Bus) -> None:
    """With a dead-letter policy a pulled message says which attempt it is, and after the last it is moved."""
    topic, dead_letters = bus.topic(), bus.topic()
    graveyard = bus.subscription(dead_letters)
    subscription = bus.subscription(
        topic,
        retry_policy={"minimum_backoff": Duration(), "maximum_backoff": Duration()},
        dead_letter_policy={"dead_letter_topic": dead_letters, "max_delivery_attempts": 5},
    )
    bus.publish(topic, b"poison")

    attempts = []
    for _ in range(5):
        (received,) = bus.pull(subscription)
        attempts.append(received.delivery_attempt)
        bus.nack(subscription, received)
    # The subscription is asked once more, and is empty: Google's emulator moves a dead letter only then.
    (letter,) = until(lambda: bus.take(subscription) or bus.take(graveyard), 20)

    assert attempts == [1, 2, 3, 4, 5]
    assert letter.message.data == b"poison"
    assert letter.delivery_attempt == 0


def test_a_deadline_can_be_extended_and_then_acknowledged(bus: Bus) -> None:
    """An acknowledgement after an extension counts: only what is published later is pulled."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"first")

    (received,) = bus.pull(subscription)
    bus.modify_deadline(subscription, 60, received)
    bus.acknowledge(subscription, received)
    bus.acknowledge(subscription, received)
    bus.publish(topic, b"second")

    assert [each.message.data for each in bus.pull(subscription)] == [b"second"]


def test_a_stale_acknowledgement_id_gives_nothing_back(local_bus: Bus) -> None:
    """An id of an earlier attempt can't take the message from who has it now."""
    topic = local_bus.topic()
    subscription = local_bus.subscription(topic)
    local_bus.publish(topic, b"once")
    (stale,) = local_bus.pull(subscription)
    local_bus.nack(subscription, stale)
    (current,) = local_bus.pull(subscription)

    local_bus.nack(subscription, stale)
    local_bus.publish(topic, b"other")

    assert [each.message.data for each in local_bus.pull(subscription)] == [b"other"]
    assert current.ack_id != stale.ack_id


def test_a_dead_letter_topic_that_is_missing_loses_nothing(local_bus: Bus) -> None:
    """Without its dead-letter topic a message stays with its subscription, however often it fails."""
    topic = local_bus.topic()
    subscription = local_bus.subscription(
        topic,
        retry_policy={"minimum_backoff": Duration(), "maximum_backoff": Duration()},
        dead_letter_policy={"dead_letter_topic": "projects/demo/topics/not-there", "max_delivery_attempts": 5},
    )
    local_bus.publish(topic, b"kept")

    for _ in range(6):
        (received,) = local_bus.pull(subscription)
        local_bus.nack(subscription, received)

    assert received.delivery_attempt == 6
