"""Dead letters: what has failed too often moves to another topic, with the story of its failure in its attributes."""

import sqlite3

from telemetry_local.pubsub import names
from telemetry_local.pubsub.errors import NotFound
from telemetry_local.pubsub.messages import Published, forget, publish
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.wire import PubsubMessage

_PREFIX = "CloudPubSubDeadLetterSource"


def exhausted(policy: Policy, attempt: int) -> bool:
    """Whether `attempt` failed deliveries are as many as the subscription allows."""
    return bool(policy.dead_letter_topic) and attempt >= policy.max_attempts


def bury(connection: sqlite3.Connection, policy: Policy, message: PubsubMessage, attempt: int) -> Published | None:
    """Move a subscription's message to its dead-letter topic; None, and nothing moved, if there is no such topic."""
    letter = PubsubMessage(data=message.data, attributes=message.attributes, ordering_key=message.ordering_key)
    letter.attributes.update(_story(policy, message, attempt))
    try:
        published = publish(connection, policy.dead_letter_topic, [letter])
    except NotFound:
        return None
    connection.execute(
        "delete from delivery where message = ? and subscription = (select id from subscription where name = ?)",
        (int(message.message_id), policy.subscription),
    )
    forget(connection, [int(message.message_id)])
    return published


def _story(policy: Policy, message: PubsubMessage, attempt: int) -> dict[str, str]:
    """The attributes that Pub/Sub adds (docs: cloud.google.com/pubsub/docs/handling-failures#dead_letter_topic)."""
    project, subscription = names.split(policy.subscription)
    return {
        f"{_PREFIX}DeliveryCount": str(attempt),
        f"{_PREFIX}Subscription": subscription,
        f"{_PREFIX}SubscriptionProject": project,
        f"{_PREFIX}TopicPublishTime": message.publish_time.ToDatetime().isoformat(timespec="milliseconds") + "+00:00",
    }
