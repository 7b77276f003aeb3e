"""How many requests for erasure an instance takes: so few that trying ids leads nowhere.

Whoever has guessed an id could hash it and have somebody's events erased. Each installation has a token bucket, and all
of them together another, since nothing keeps a sender from making up installations. What is over the bound is not lost:
the answer says when to send it again.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from telemetry_pipeline.ingest.quotas import Quotas
from telemetry_pipeline.otlp.errors import TooLarge, TooManyRequests

_HOUR_SECONDS = 3600
_ALL = 10
"""How many times as many as one installation may send, all of them may together."""

_Share = tuple[Quotas, str, int]


class ErasureBound:
    """Counts the requests of an instance, by the pseudonym of their installation; those without one are counted as one.

    The bucket of all is asked first, so no more installations have a bucket that isn't full than its burst and an hour
    allow; so many are remembered.
    """

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_hour = per_hour
        self._most = most = per_hour * _ALL
        self._all = Quotas(most, most, seconds=_HOUR_SECONDS, clock=clock)
        self._each = Quotas(per_hour, per_hour, seconds=_HOUR_SECONDS, senders=2 * most, clock=clock)

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
        if max(requests.values()) > self._per_hour or sum(requests.values()) > self._most:
            raise TooLarge(f"more than {self._per_hour} requests for erasure; send fewer at once")
        taken: list[_Share] = []
        for share in self._shares(requests):
            quotas, sender, count = share
            if seconds := quotas.take(sender, count):
                _give_back(taken)
                raise TooManyRequests(
                    "too many requests for erasure; send it again later", {"Retry-After": str(math.ceil(seconds))}
                )
            taken.append(share)

    def give_back(self, requests: Mapping[str, int]) -> None:
        """Count an export's requests no more, since it could not be taken after all."""
        if requests:
            _give_back(self._shares(requests))

    def _shares(self, requests: Mapping[str, int]) -> Iterator[_Share]:
        yield self._all, "", sum(requests.values())
        for installation, count in requests.items():
            yield self._each, installation, count


def _give_back(shares: Iterable[_Share]) -> None:
    for quotas, sender, count in shares:
        quotas.give_back(sender, count)
