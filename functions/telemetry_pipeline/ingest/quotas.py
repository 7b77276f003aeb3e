"""Quotas: how much of one sender an instance takes, by a token bucket for each.

A bucket is kept by each instance, so a deployment of n instances takes up to n times as much of one sender.
"""

import time
from collections import OrderedDict
from threading import Lock

SENDERS = 10_000
"""How many are remembered; who has been silent for longest is forgotten first, and begins with a full bucket again."""

UNNAMED = 10
"""How many installations a service's resources without an installation's id count as: nobody can tell them apart."""


class Quotas:
    """Token buckets, by sender; safe to share between threads."""

    def __init__(self, per_second: float, burst: float, senders: int = SENDERS) -> None:
        """Give each sender `burst` events at once and `per_second` in the long run; 0 a second means no limit."""
        self._per_second = per_second
        self._burst = burst
        self._senders = senders
        self._lock = Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, sender: str, events: int, share: int = 1) -> float:
        """Take events out of a sender's bucket.

        More events than a bucket holds are taken once it is full, and leave a debt; so no batch is refused for ever,
        and of a bucket that is nearly empty small requests still get their part.

        Args:
            sender: Who sends.
            events: How many.
            share: How many times as large the sender's bucket is.

        Returns:
            0 if they were taken; otherwise the seconds until they can be, and nothing was taken.
        """
        if not self._per_second:
            return 0.0
        now = time.monotonic()
        burst, per_second = self._burst * share, self._per_second * share
        with self._lock:
            tokens, since = self._buckets.pop(sender, (burst, now))
            tokens = min(burst, tokens + (now - since) * per_second)
            missing = min(events, burst) - tokens
            self._buckets[sender] = (tokens if missing > 0 else tokens - events, now)
            if len(self._buckets) > self._senders:
                self._buckets.popitem(last=False)
        return max(missing, 0.0) / per_second

    def charge(self, sender: str, events: int) -> None:
        """Take more events of a sender that was just admitted, as a debt if need be."""
        with self._lock:
            bucket = self._buckets.get(sender)
            if bucket:
                self._buckets[sender] = (bucket[0] - events, bucket[1])
