import pytest
from google.api_core.exceptions import InvalidArgument, NotFound
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import RetryPolicy, Subscription

from pubsub.bus import PROJECT, Bus


def test_an_update_changes_what_its_mask_names(bus: Bus) -> None:
    """Named settings change, the rest stays, and both can be read back."""
    subscription = bus.subscription(bus.topic(), ack_deadline_seconds=30, labels={"kept": "yes"})
    wanted = Subscription(
        name=subscription,
        ack_deadline_seconds=60,
        labels={"kept": "no"},
        retry_policy=RetryPolicy(minimum_backoff=Duration(seconds=1), maximum_backoff=Duration(seconds=60)),
    )

    bus.subscriber.update_subscription(
        subscription=wanted, update_mask=FieldMask(paths=["ack_deadline_seconds", "retry_policy"])
    )

    found = bus.subscriber.get_subscription(subscription=subscription)
    assert found.ack_deadline_seconds == 60
    assert wanted.retry_policy == found.retry_policy
    assert dict(found.labels) == {"kept": "yes"}


def test_labels_are_replaced_whole(local_bus: Bus) -> None:
    """A label that an update doesn't repeat is gone."""
    subscription = local_bus.subscription(local_bus.topic(), labels={"old": "1"})

    local_bus.subscriber.update_subscription(
        subscription=Subscription(name=subscription, labels={"new": "2"}), update_mask=FieldMask(paths=["labels"])
    )

    assert dict(local_bus.subscriber.get_subscription(subscription=subscription).labels) == {"new": "2"}


def test_a_mask_of_unknown_fields_is_refused(local_bus: Bus) -> None:
    """A misspelt path changes nothing, and says so."""
    subscription = local_bus.subscription(local_bus.topic())

    with pytest.raises(InvalidArgument, match=r"push_config\.endpoint"):
        local_bus.subscriber.update_subscription(
            subscription=Subscription(name=subscription), update_mask=FieldMask(paths=["push_config.endpoint"])
        )


def test_lists_come_in_pages(bus: Bus) -> None:
    """A list in pages of one has all topics and subscriptions, each once."""
    topics = {bus.topic() for _ in range(3)}
    subscriptions = {bus.subscription(topic) for topic in topics}

    listed_topics = [each.name for each in bus.publisher.list_topics(request={"project": PROJECT, "page_size": 1})]
    listed_subscriptions = [
        each.name for each in bus.subscriber.list_subscriptions(request={"project": PROJECT, "page_size": 1})
    ]

    assert topics <= set(listed_topics)
    assert subscriptions <= set(listed_subscriptions)
    assert len(set(listed_topics)) == len(listed_topics)
    assert len(set(listed_subscriptions)) == len(listed_subscriptions)


def test_a_deleted_topic_leaves_its_subscriptions_what_they_have(bus: Bus) -> None:
    """Messages outlive their topic, and the subscription says that it is gone."""
    topic = bus.topic()
    subscription = bus.subscription(topic)
    bus.publish(topic, b"outlives")

    bus.publisher.delete_topic(topic=topic)

    assert bus.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    assert [each.message.data for each in bus.pull(subscription)] == [b"outlives"]
    with pytest.raises(NotFound):
        bus.publish(topic, b"too late")
