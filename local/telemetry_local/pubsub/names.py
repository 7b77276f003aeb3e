"""Resource names: `projects/PROJECT/topics/TOPIC` and `projects/PROJECT/subscriptions/SUBSCRIPTION`.

The rule for the last part is Pub/Sub's own (docs: cloud.google.com/pubsub/docs/pubsub-basics#resource_names).
"""

import re

from telemetry_local.pubsub.errors import Invalid

DELETED_TOPIC = "_deleted-topic_"
"""What a subscription says of its topic once that is gone (source: pubsub.proto, `Subscription.topic`)."""

_NAME = re.compile(r"projects/[A-Za-z0-9:._-]+/(topics|subscriptions)/(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")


def check_topic(name: str) -> None:
    """Refuse what is not a topic's name."""
    _check(name, "topics")


def check_subscription(name: str) -> None:
    """Refuse what is not a subscription's name."""
    _check(name, "subscriptions")


def check_project(name: str) -> None:
    """Refuse what is not a project's name."""
    if re.fullmatch("projects/[A-Za-z0-9:._-]+", name) is None:
        raise Invalid(f"expected a name like projects/demo; got {name[:300]!r}")


def split(name: str) -> tuple[str, str]:
    """The project's id and the resource's own id in a checked name."""
    _, project, _, own = name.split("/")
    return project, own


def _check(name: str, collection: str) -> None:
    match = _NAME.fullmatch(name)
    if match is None or match[1] != collection:
        raise Invalid(
            f"expected a name like projects/demo/{collection}/events: 3 to 255 of letters, digits and -._~+%, "
            f"a letter first and not 'goog'; got {name[:300]!r}"
        )
