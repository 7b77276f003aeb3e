"""What a subscription asks for, as numbers: deadlines, backoff, dead letters."""

from dataclasses import dataclass

from telemetry_local.pubsub.wire import Subscription

DEFAULT_ACK_DEADLINE_SECONDS = 10
DEFAULT_RETENTION_SECONDS = 7 * 24 * 3600
DEFAULT_ATTEMPTS = 5

_MICROSECONDS = 1_000_000
_DEFAULT_BACKOFF_SECONDS = (10.0, 600.0)
_NO_POLICY_SECONDS = (0.1, 0.1)  # "as soon as possible", yet not a busy loop around an endpoint that is away
_SMALLEST_BACKOFF_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Policy:
    """How a subscription's messages are handed out, again and again, and for how long. Times are in seconds."""

    subscription: str
    ack_deadline: int
    backoff: tuple[float, float]
    retention: float
    dead_letter_topic: str
    max_attempts: int

    @classmethod
    def of(cls, subscription: Subscription) -> "Policy":
        """Read it from a checked subscription, Pub/Sub's defaults in the place of what is unset."""
        dead_letter = subscription.dead_letter_policy
        return cls(
            subscription.name,
            subscription.ack_deadline_seconds or DEFAULT_ACK_DEADLINE_SECONDS,
            _backoff(subscription),
            _seconds(subscription, "message_retention_duration", DEFAULT_RETENTION_SECONDS),
            dead_letter.dead_letter_topic,
            dead_letter.max_delivery_attempts or DEFAULT_ATTEMPTS,
        )

    def backoff_microseconds(self, attempt: int) -> int:
        """How long a message rests after its `attempt`-th delivery failed: twice as long each time, within bounds."""
        shortest, longest = self.backoff
        doubled = max(shortest, _SMALLEST_BACKOFF_SECONDS) * 2 ** min(attempt - 1, 16)
        return int(min(doubled, longest) * _MICROSECONDS)


def _backoff(subscription: Subscription) -> tuple[float, float]:
    if not subscription.HasField("retry_policy"):
        return _NO_POLICY_SECONDS
    shortest, longest = _DEFAULT_BACKOFF_SECONDS
    policy = subscription.retry_policy
    return _seconds(policy, "minimum_backoff", shortest), _seconds(policy, "maximum_backoff", longest)


def _seconds(message: Subscription, field: str, default: float) -> float:
    if not message.HasField(field):
        return default
    duration = getattr(message, field)
    return float(duration.seconds) + float(duration.nanos) / 1e9
