import base64
import time
from datetime import datetime

import pytest
from google.api_core.exceptions import NotFound
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import PushConfig, Subscription

from pubsub.bus import Bus, high_level_publisher
from pubsub.push_endpoint import PushEndpoint, Request
from waiting import until

RETRY = {"minimum_backoff": Duration(), "maximum_backoff": Duration(seconds=1)}


def test_a_push_is_the_message_in_json(bus: Bus, endpoint: PushEndpoint) -> None:
    """A wrapped push has the data in base64, the attributes, and the id that the publisher got."""
    topic = bus.topic()
    subscription = bus.subscription(topic, push_config={"push_endpoint": endpoint.url})

    (message_id,) = bus.publish(topic, b"\x00\xff", colour="red")
    until(lambda: endpoint.requests, 10)

    (push,) = endpoint.requests
    message = push.envelope["message"]
    assert push.path == "/push?of=test"
    assert push.headers["Content-Type"] == "application/json"
    assert subscription == push.envelope["subscription"]
    assert base64.b64decode(message["data"]) == b"\x00\xff"
    assert message["attributes"] == {"colour": "red"}
    assert message_id == message["messageId"] == message["message_id"]
    assert message["publishTime"] == message["publish_time"]
    assert "deliveryAttempt" not in push.envelope


@pytest.mark.parametrize("write_metadata", [False, True])
def test_an_unwrapped_push_is_the_bare_data(bus: Bus, endpoint: PushEndpoint, write_metadata: bool) -> None:
    """Without the wrapper the body is the data, and the metadata are headers only where they were asked for."""
    topic = bus.topic()
    config = {"push_endpoint": endpoint.url, "no_wrapper": {"write_metadata": write_metadata}}
    subscription = bus.subscription(topic, push_config=config)

    (message_id,) = bus.publish(topic, b"bare", colour="red")
    until(lambda: endpoint.requests, 10)

    (push,) = endpoint.requests
    metadata = {
        "x-goog-pubsub-subscription-name": subscription,
        "x-goog-pubsub-message-id": message_id,
        "colour": "red",
    }
    assert push.body == b"bare"
    assert {name: value if write_metadata else None for name, value in metadata.items()} == {
        name: push.headers[name] for name in metadata
    }


def test_googles_batching_publisher_publishes(bus: Bus, endpoint: PushEndpoint) -> None:
    """The high-level client's publish and its batches work as they do in the cloud."""
    topic = bus.topic()
    bus.subscription(topic, push_config={"push_endpoint": endpoint.url})

    with high_level_publisher() as publisher:
        ids = {publisher.publish(topic, b"%d" % number) for number in range(20)}
        ids = {future.result(10) for future in ids}
    until(lambda: len(endpoint.requests) == 20, 10)

    assert ids == {push.envelope["message"]["messageId"] for push in endpoint.requests}


def test_every_subscription_gets_its_copy(bus: Bus, endpoint: PushEndpoint) -> None:
    """Pushed or pulled, each subscription of a topic gets each message once."""
    topic = bus.topic()
    pushed = [bus.subscription(topic, push_config={"push_endpoint": endpoint.url}) for _ in range(2)]
    pulled = bus.subscription(topic)

    bus.publish(topic, b"for all")
    until(lambda: len(endpoint.requests) == 2, 10)

    assert set(pushed) == {push.envelope["subscription"] for push in endpoint.requests}
    assert [each.message.data for each in bus.pull(pulled)] == [b"for all"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_some_statuses_acknowledge(bus: Bus, endpoint: PushEndpoint, status: int) -> None:
    """What Pub/Sub takes for an acknowledgement is not delivered again, before the messages after it are."""
    topic = bus.topic()
    bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answer = lambda _: status

    for number in range(3):
        bus.publish(topic, b"%d" % number)
        until(lambda: len(endpoint.requests) > number, 10)  # noqa: B023  # called within the loop

    assert [push.envelope["message"]["data"] for push in endpoint.requests] == ["MA==", "MQ==", "Mg=="]


def test_a_message_comes_again_until_it_is_acknowledged(bus: Bus, endpoint: PushEndpoint) -> None:
    """A message that the endpoint fails on comes again, the same, and the next one after it."""
    topic = bus.topic()
    bus.subscription(topic, push_config={"push_endpoint": endpoint.url}, retry_policy=RETRY)
    endpoint.answer = lambda _: 500 if len(endpoint.requests) < 3 else 204

    (failing,) = bus.publish(topic, b"again")
    until(lambda: len(endpoint.requests) == 3, 20)
    (following,) = bus.publish(topic, b"next")
    until(lambda: len(endpoint.requests) == 4, 20)

    assert [failing] * 3 + [following] == [push.envelope["message"]["messageId"] for push in endpoint.requests]


def test_processing_acknowledges(local_bus: Bus, endpoint: PushEndpoint) -> None:
    """102 acknowledges too, and what follows it on the connection is not taken for an answer to the next message."""
    topic = local_bus.topic()
    local_bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answer = lambda _: 102

    for number in range(3):
        local_bus.publish(topic, b"%d" % number)
        until(lambda: len(endpoint.requests) > number, 10)  # noqa: B023  # called within the loop

    assert [push.envelope["message"]["data"] for push in endpoint.requests] == ["MA==", "MQ==", "Mg=="]


@pytest.mark.parametrize("status", [203, 205, 301, 400, 404, 429, 503])
def test_other_statuses_do_not_acknowledge(local_bus: Bus, endpoint: PushEndpoint, status: int) -> None:
    """No status but 102, 200, 201, 202 and 204 acknowledges; Google's emulator takes any 2xx."""
    topic = local_bus.topic()
    local_bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answer = lambda _: status if len(endpoint.requests) < 2 else 204

    local_bus.publish(topic, b"again")

    until(lambda: len(endpoint.requests) == 2, 20)


def test_a_dead_letter_moves_after_five_attempts(bus: Bus, endpoint: PushEndpoint) -> None:
    """After as many attempts as allowed the message waits in the dead-letter topic with its story."""
    topic, dead_letters = bus.topic(), bus.topic()
    graveyard = bus.subscription(dead_letters)
    subscription = bus.subscription(
        topic,
        push_config={"push_endpoint": endpoint.url},
        retry_policy=RETRY,
        dead_letter_policy={"dead_letter_topic": dead_letters, "max_delivery_attempts": 5},
    )
    endpoint.answer = lambda _: 500

    bus.publish(topic, b"poison", colour="red")
    (letter,) = bus.pull(graveyard, seconds=30)

    attributes = dict(letter.message.attributes)
    prefix = "CloudPubSubDeadLetterSource"
    assert len(endpoint.requests) == 5
    assert letter.message.data == b"poison"
    assert attributes["colour"] == "red"
    assert attributes[f"{prefix}DeliveryCount"] == "5"
    assert subscription.rpartition("/")[2] == attributes[f"{prefix}Subscription"]
    assert attributes[f"{prefix}SubscriptionProject"] == "demo"
    assert datetime.fromisoformat(attributes[f"{prefix}TopicPublishTime"]) < letter.message.publish_time


def test_a_push_says_which_attempt_it_is(local_bus: Bus, endpoint: PushEndpoint) -> None:
    """With a dead-letter policy each push has its number, as in the cloud; Google's emulator doesn't count."""
    topic = local_bus.topic()
    local_bus.subscription(
        topic,
        push_config={"push_endpoint": endpoint.url},
        dead_letter_policy={"dead_letter_topic": topic, "max_delivery_attempts": 5},
    )
    endpoint.answer = lambda _: 500 if len(endpoint.requests) < 3 else 204

    local_bus.publish(topic, b"counted")
    until(lambda: len(endpoint.requests) == 3, 10)

    assert [push.envelope["deliveryAttempt"] for push in endpoint.requests] == [1, 2, 3]


def test_an_endpoint_can_be_moved(bus: Bus, endpoint: PushEndpoint) -> None:
    """A subscription follows its new push endpoint, also with what the old one had not acknowledged."""
    topic = bus.topic()
    nowhere = "http://127.0.0.1:9/"
    subscription = bus.subscription(topic, push_config={"push_endpoint": nowhere}, retry_policy=RETRY)
    bus.publish(topic, b"moved")

    bus.subscriber.update_subscription(
        subscription=Subscription(name=subscription, push_config=PushConfig(push_endpoint=endpoint.url)),
        update_mask=FieldMask(paths=["push_config"]),
    )

    until(lambda: endpoint.requests, 20)


def test_pushing_can_be_turned_off(bus: Bus, endpoint: PushEndpoint) -> None:
    """Without a push endpoint the subscription is pulled."""
    topic = bus.topic()
    subscription = bus.subscription(topic, push_config={"push_endpoint": endpoint.url})

    bus.subscriber.modify_push_config(subscription=subscription, push_config=PushConfig())
    bus.publish(topic, b"pulled")

    assert [each.message.data for each in bus.pull(subscription)] == [b"pulled"]
    assert endpoint.requests == []


def test_a_deleted_subscription_is_gone(bus: Bus, endpoint: PushEndpoint) -> None:
    """Nothing more is pushed for a deleted subscription, and its topic doesn't name it any more."""
    topic = bus.topic()
    kept = bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    deleted = bus.subscription(topic, push_config={"push_endpoint": endpoint.url})

    bus.subscriber.delete_subscription(subscription=deleted)
    bus.publish(topic, b"for one")
    until(lambda: endpoint.requests, 10)

    assert [kept] == [push.envelope["subscription"] for push in endpoint.requests]
    assert [kept] == list(bus.publisher.list_topic_subscriptions(topic=topic))
    with pytest.raises(NotFound):
        bus.subscriber.get_subscription(subscription=deleted)


def test_nine_megabytes_arrive(bus: Bus, endpoint: PushEndpoint) -> None:
    """The largest message of the pipeline passes whole."""
    topic = bus.topic()
    bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    payload = bytes(range(250)) * 36_000

    bus.publish(topic, payload)
    until(lambda: endpoint.requests, 20)

    assert payload == base64.b64decode(endpoint.requests[0].envelope["message"]["data"])


def test_an_unwrapped_push_may_be_binary(local_bus: Bus, endpoint: PushEndpoint) -> None:
    """The bare data are the bytes that were published; Google's emulator makes UTF-8 of them."""
    topic = local_bus.topic()
    local_bus.subscription(topic, push_config={"push_endpoint": endpoint.url, "no_wrapper": {}})

    local_bus.publish(topic, bytes(range(256)))
    until(lambda: endpoint.requests, 10)

    assert bytes(range(256)) == endpoint.requests[0].body


def test_no_attribute_breaks_the_request(local_bus: Bus, endpoint: PushEndpoint) -> None:
    """Attributes that can't be headers, or that say how the request is framed, are left out of an unwrapped push."""
    topic = local_bus.topic()
    config = {"push_endpoint": endpoint.url, "no_wrapper": {"write_metadata": True}}
    local_bus.subscription(topic, push_config=config)
    attributes = {"Content-Length": "1", "line": "a\r\nb: c", "two words": "x", "content-encoding": "gzip"}

    local_bus.publish(topic, b"whole", **attributes)
    until(lambda: endpoint.requests, 10)

    (push,) = endpoint.requests
    assert push.body == b"whole"
    assert push.headers["content-encoding"] == "gzip"
    assert push.headers["line"] is push.headers["two words"] is push.headers["b"] is None


def test_a_slow_endpoint_is_not_flooded(local_bus: Bus, endpoint: PushEndpoint) -> None:
    """However many messages wait, at most 32 requests are under way, and all arrive."""
    topic = local_bus.topic()
    local_bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answer = _slowly

    local_bus.publish(topic, *(b"%d" % number for number in range(300)))
    until(lambda: len(endpoint.requests) == 300, 20)

    assert 1 < endpoint.peak <= 32


def _slowly(_: Request) -> int:
    time.sleep(0.02)
    return 204
