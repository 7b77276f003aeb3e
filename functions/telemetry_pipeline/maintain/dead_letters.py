"""How many messages wait in the dead-letter subscription.

Pub/Sub itself does not tell; Cloud Monitoring does, some minutes late (cloud.google.com/monitoring/api/metrics_gcp_p_z,
`subscription/num_undelivered_messages`; it is sampled every minute and visible after two).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from telemetry_pipeline import identity

_ADDRESS = "https://monitoring.googleapis.com/v3/{project}/timeSeries"
_SCOPE = "https://www.googleapis.com/auth/monitoring.read"
_LOOK_BACK = timedelta(minutes=10)
_TIMEOUT_SECONDS = 10.0


def count(subscription: str, now: datetime) -> int | None:
    """How many there are, as Monitoring last saw them; None if it has not seen the subscription of late.

    Args:
        subscription: As projects/PROJECT/subscriptions/SUBSCRIPTION.
        now: The moment to look back from.

    Raises:
        OSError: Monitoring did not answer, or refused; `requests` has its own errors, which are all of these.
        google.auth.exceptions.GoogleAuthError: There are no credentials to ask it with.
    """
    project, _, name = subscription.partition("/subscriptions/")
    with identity.session(_SCOPE) as session:
        answer = session.get(_ADDRESS.format(project=project), params=question(name, now), timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return latest(answer.json())


def question(name: str, now: datetime, metric: str = "num_undelivered_messages") -> dict[str, str]:
    """The parameters of the question for a metric of a subscription."""
    kind = f'metric.type = "pubsub.googleapis.com/subscription/{metric}"'
    return {
        "filter": f'{kind} AND resource.labels.subscription_id = "{name}"',
        "interval.startTime": f"{now - _LOOK_BACK:%Y-%m-%dT%H:%M:%SZ}",
        "interval.endTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }


def latest(answer: Mapping[str, Any]) -> int | None:
    """The newest point of an answer, which comes first; None if it has none."""
    points = [point for series in answer.get("timeSeries", ()) for point in series["points"][:1]]
    return sum(int(point["value"]["int64Value"]) for point in points) if points else None
