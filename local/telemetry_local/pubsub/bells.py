"""Bells: whoever waits for a subscription's next message sleeps until its bell rings."""

import threading
from collections import defaultdict
from collections.abc import Iterable


class Bell:
    """Counts how often it has been rung, so that a ring between looking and sleeping is not missed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it has been rung: to be read before looking for messages."""
        return self._rings

    def ring(self) -> None:
        """Wake all who sleep."""
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    def sleep(self, rings: int, seconds: float | None) -> None:
        """Return once it has been rung more than `rings` times, or after `seconds` (None: no limit)."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings > rings, seconds)


class Bells:
    """One bell per subscription, by name."""

    def __init__(self) -> None:
        self.closed = False
        self._lock = threading.Lock()
        self._bells: defaultdict[str, Bell] = defaultdict(Bell)

    def of(self, subscription: str) -> Bell:
        """The subscription's bell."""
        with self._lock:
            return self._bells[subscription]

    def ring(self, subscriptions: Iterable[str]) -> None:
        """Say that there is something new for these subscriptions."""
        for subscription in subscriptions:
            self.of(subscription).ring()

    def close(self) -> None:
        """Wake everybody for the last time: the broker stops."""
        self.closed = True
        with self._lock:
            bells = list(self._bells.values())
        for bell in bells:
            bell.ring()
