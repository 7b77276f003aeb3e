"""Quotas: how much of one sender an instance takes, by a token bucket for each.

A bucket is kept by each instance, so a deployment of n instances takes up to n times as much of one sender.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

SENDERS = 10_000
"""How many are remembered; who has been silent for longest is forgotten first, and begins with a full bucket again."""

UNNAMED = 10
"""How many installations a service's resources without an installation's id count as: nobody can tell them apart."""


class Quotas:
    """Token buckets, by sender; safe to share between threads."""

    def __init__(
        self,
        events: float,
        burst: float,
        *,
        seconds: float = 1.0,
        senders: int = SENDERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Give each sender `burst` events at once and `events` in so many seconds in the long run; 0 means no limit."""
        self._events = events
        self._seconds = seconds
        self._burst = burst
        self._senders = senders
        self._clock = clock
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
        if not self._events:
            return 0.0
        now = self._clock()
        burst, refill = self._burst * share, self._events * share
        with self._lock:
            tokens, since = self._buckets.pop(sender, (burst, now))
            tokens = min(burst, tokens + (now - since) * refill / self._seconds)
            missing = min(events, burst) - tokens
            self._buckets[sender] = (tokens if missing > 0 else tokens - events, now)
            if len(self._buckets) > self._senders:
                self._buckets.popitem(last=False)
        return max(missing, 0.0) * self._seconds / refill

    def charge(self, sender: str, events: int) -> None:
        """Take more events of a sender that was just admitted, as a debt if need be."""
        with self._lock:
            bucket = self._buckets.get(sender)
            if bucket:
                self._buckets[sender] = (bucket[0] - events, bucket[1])

    def give_back(self, sender: str, events: int) -> None:
        """Put back what was taken for nothing."""
        self.charge(sender, -events)
