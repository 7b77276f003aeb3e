"""The push window: how many requests may be under way at once, and whether now is a time to send at all.

As Pub/Sub does (docs: cloud.google.com/pubsub/docs/push#push_backoff), it starts small, grows while the endpoint
acknowledges and pauses the whole subscription while it doesn't, so that a backlog neither floods an endpoint that has
just come back nor burns through its delivery attempts while it is away. The pause ends at 2 s, not at Pub/Sub's 60 s:
on one machine, whatever was away is back within seconds and somebody is looking at it.
"""

import time

_SMALLEST = 1
_FIRST = 4
_LARGEST = 32  # per subscription
_LARGEST_BYTES = 10_000_000  # of messages under way: Pub/Sub's own former limit, and a bound on this process's memory
_SHORTEST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0


class Window:
    """Not thread-safe: its owner has a lock for it."""

    def __init__(self) -> None:
        self._size = _FIRST
        self.under_way = 0
        self._bytes = 0
        self._pause_seconds = _SHORTEST_PAUSE_SECONDS
        self._paused_until = 0.0

    def room(self) -> int:
        """How many requests may start now."""
        if self.pause_seconds() > 0 or self._bytes >= _LARGEST_BYTES:
            return 0
        return max(0, self._size - self.under_way)

    def pause_seconds(self) -> float:
        """How long nothing may start."""
        return max(0.0, self._paused_until - time.monotonic())

    def start(self, size: int) -> None:
        """Count a request that is about to be sent, of `size` bytes."""
        self.under_way += 1
        self._bytes += size

    def succeed(self, size: int) -> None:
        """Count one out, acknowledged: the window doubles with every round."""
        self._end(size)
        self._size = min(_LARGEST, self._size + 1)
        self._pause_seconds = _SHORTEST_PAUSE_SECONDS

    def fail(self, size: int) -> None:
        """Count one out, not acknowledged: half the window and a pause, longer each time.

        What fails during a pause was sent before it, and is the same failure.
        """
        self._end(size)
        if self.pause_seconds() > 0:
            return
        self._size = max(_SMALLEST, self._size // 2)
        self._paused_until = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(_LONGEST_PAUSE_SECONDS, self._pause_seconds * 2)

    def _end(self, size: int) -> None:
        self.under_way -= 1
        self._bytes -= size
