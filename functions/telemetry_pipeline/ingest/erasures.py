"""How many requests for erasure an instance takes: so few that trying ids leads nowhere.

Whoever has guessed an id could hash it and have somebody's events erased. Each installation has a token bucket, and all
of them together another, since nothing keeps a sender from making up installations. What is over the bound is not lost:
the answer says when to send it again.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from telemetry_pipeline.otlp.errors import TooLarge, TooManyRequests

_HOUR_SECONDS = 3600
_ALL = 10
"""How many times as many as one installation may send, all of them may together."""


@dataclass(slots=True)
class _Bucket:
    """Holds `size` tokens at most, and gets as many in an hour."""

    size: int
    level: float
    at: float

    def fill(self, now: float) -> None:
        self.level = min(self.size, self.level + (now - self.at) * self.size / _HOUR_SECONDS)
        self.at = now

    def seconds_until(self, tokens: int) -> float:
        return max(tokens - self.level, 0) * _HOUR_SECONDS / self.size


class ErasureBound:
    """Counts the requests of an instance, by the pseudonym of their installation; those without one are counted as one.

    Memory is bounded by the bucket of all: a bucket that is not full has taken a token of that one within an hour.
    """

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._lock = Lock()
        self._all = _Bucket(per_hour * _ALL, per_hour * _ALL, clock())
        self._buckets: dict[str, _Bucket] = {}

    def take(self, requests: Mapping[str, int]) -> None:
        """Count the requests of an export, all or none.

        Args:
            requests: How many there are, by installation.

        Raises:
            TooLarge: So many are never taken at once; fewer may be.
            TooManyRequests: They are too many for now.
        """
        if not requests:
            return
        if max(requests.values()) > self._per_hour or sum(requests.values()) > self._per_hour * _ALL:
            raise TooLarge(f"more than {self._per_hour} requests for erasure; send fewer at once")
        with self._lock:
            now = self._clock()
            wanted = [(self._all, sum(requests.values()))]
            wanted += [(self._bucket(installation, now), count) for installation, count in requests.items()]
            for bucket, _ in wanted:
                bucket.fill(now)
            if seconds := max(bucket.seconds_until(count) for bucket, count in wanted):
                raise TooManyRequests(
                    "too many requests for erasure; send it again later", {"Retry-After": str(math.ceil(seconds))}
                )
            for bucket, count in wanted:
                bucket.level -= count
            for installation, (bucket, _) in zip(requests, wanted[1:], strict=True):
                self._buckets[installation] = bucket

    def give_back(self, requests: Mapping[str, int]) -> None:
        """Count an export's requests no more, since it could not be taken after all."""
        with self._lock:
            self._all.level += sum(requests.values())
            for installation, count in requests.items():
                self._bucket(installation, self._clock()).level += count

    def _bucket(self, installation: str, now: float) -> _Bucket:
        if len(self._buckets) > 2 * self._all.size:
            self._forget_full(now)
        return self._buckets.get(installation) or _Bucket(self._per_hour, self._per_hour, now)

    def _forget_full(self, now: float) -> None:
        for bucket in self._buckets.values():
            bucket.fill(now)
        self._buckets = {name: bucket for name, bucket in self._buckets.items() if bucket.level < bucket.size}
