"""What Pub/Sub takes: sizes, counts and settings, refused here with the same status as there.

Sources: cloud.google.com/pubsub/quotas#resource_limits and the comments of pubsub.proto.
"""

from urllib.parse import urlsplit

from telemetry_local.pubsub import names
from telemetry_local.pubsub.errors import Invalid, Unsupported
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.wire import PublishRequest, PubsubMessage, Subscription, Topic

PUBLISH_BYTES = 10_000_000
"""Of a whole publish request, and so of a message in it."""

_PUBLISH_MESSAGES = 1000
_ATTRIBUTES = 100
_ATTRIBUTE_KEY_BYTES = 256
_ATTRIBUTE_VALUE_BYTES = 1024
_ACK_DEADLINE_SECONDS = range(10, 601)
_ATTEMPTS = range(5, 101)
_BACKOFF_SECONDS = 600
_RETENTION_SECONDS = (10 * 60, 31 * 24 * 3600)

# Each of these changes what a subscriber gets: to take and to ignore it would hide a fault until the cloud shows it.
_UNSUPPORTED_OF_SUBSCRIPTION = (
    "bigquery_config",
    "bigtable_config",
    "cloud_storage_config",
    "detached",
    "enable_exactly_once_delivery",
    "enable_message_ordering",
    "filter",
    "message_transforms",
)
_UNSUPPORTED_OF_TOPIC = ("ingestion_data_source_settings", "message_transforms", "schema_settings")


def check_publish(request: PublishRequest) -> None:
    """Refuse a publish request that Pub/Sub would refuse."""
    names.check_topic(request.topic)
    if not 1 <= len(request.messages) <= _PUBLISH_MESSAGES:
        raise Invalid(f"a publish request has 1 to {_PUBLISH_MESSAGES} messages, got {len(request.messages)}")
    if (size := request.ByteSize()) > PUBLISH_BYTES:
        raise Invalid(
            f"a publish request has at most {PUBLISH_BYTES} bytes, got {size}; send fewer or smaller messages"
        )
    for message in request.messages:
        _check_message(message)


def check_topic(topic: Topic) -> None:
    """Refuse a topic that Pub/Sub would refuse, or that needs what this broker lacks."""
    names.check_topic(topic.name)
    _check_supported(topic, _UNSUPPORTED_OF_TOPIC)
    if topic.HasField("message_retention_duration"):
        _check_retention(topic.message_retention_duration.ToTimedelta().total_seconds())


def check_subscription(subscription: Subscription) -> None:
    """Refuse a subscription that Pub/Sub would refuse, or that needs what this broker lacks."""
    names.check_subscription(subscription.name)
    if subscription.topic != names.DELETED_TOPIC:
        names.check_topic(subscription.topic)
    _check_supported(subscription, _UNSUPPORTED_OF_SUBSCRIPTION)
    _check_push(subscription)
    _check_policy(subscription)


def check_extension(seconds: int) -> None:
    """Refuse an acknowledgement deadline that no delivery can get."""
    if not 0 <= seconds <= _ACK_DEADLINE_SECONDS[-1]:
        raise Invalid(f"ack_deadline_seconds is 0 to {_ACK_DEADLINE_SECONDS[-1]} seconds, got {seconds}")


def _check_message(message: PubsubMessage) -> None:
    attributes = message.attributes
    if not message.data and not attributes:
        raise Invalid("a message has data or at least one attribute; this one is empty")
    if len(attributes) > _ATTRIBUTES:
        raise Invalid(f"a message has at most {_ATTRIBUTES} attributes, got {len(attributes)}")
    for key, value in attributes.items():
        if not key or len(key.encode()) > _ATTRIBUTE_KEY_BYTES or key.startswith("goog"):
            raise Invalid(f"an attribute's key has 1 to {_ATTRIBUTE_KEY_BYTES} bytes and doesn't begin with 'goog'")
        if len(value.encode()) > _ATTRIBUTE_VALUE_BYTES:
            raise Invalid(f"an attribute's value has at most {_ATTRIBUTE_VALUE_BYTES} bytes")


def _check_supported(resource: Topic | Subscription, fields: tuple[str, ...]) -> None:
    used = sorted(field.name for field, _ in resource.ListFields() if field.name in fields)
    if used:
        raise Unsupported(f"the local Pub/Sub has no {', '.join(used)}; leave it out here, or use the one in the cloud")


def _check_push(subscription: Subscription) -> None:
    url = subscription.push_config.push_endpoint
    if not url:
        return
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise Invalid("push_config.push_endpoint is a URL like http://127.0.0.1:8080/path")


def _check_policy(subscription: Subscription) -> None:
    policy = Policy.of(subscription)
    if policy.ack_deadline not in _ACK_DEADLINE_SECONDS:
        raise Invalid(f"ack_deadline_seconds is 10 to 600 seconds, got {policy.ack_deadline}")
    _check_retention(policy.retention)
    shortest, longest = policy.backoff
    if not 0 <= shortest <= longest <= _BACKOFF_SECONDS:
        raise Invalid(
            f"retry_policy is 0 s <= minimum_backoff <= maximum_backoff <= {_BACKOFF_SECONDS} s, "
            f"got {shortest:g} s and {longest:g} s"
        )
    if subscription.HasField("dead_letter_policy"):
        names.check_topic(policy.dead_letter_topic)
        if policy.max_attempts not in _ATTEMPTS:
            raise Invalid(f"dead_letter_policy.max_delivery_attempts is 5 to 100, got {policy.max_attempts}")


def _check_retention(seconds: float) -> None:
    if not _RETENTION_SECONDS[0] <= seconds <= _RETENTION_SECONDS[1]:
        raise Invalid(f"message_retention_duration is 10 minutes to 31 days, got {seconds:.0f} seconds")
