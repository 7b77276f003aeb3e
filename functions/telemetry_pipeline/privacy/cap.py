"""A bound on how many different values there are, whatever arrives."""

from collections.abc import Collection
from threading import Lock

OVERFLOW = "_OTHER"
"""What a value beyond the bound becomes, as in OpenTelemetry's semantic conventions (`http.request.method`)."""

MAX_SERVICES = 256
MAX_CHARACTERS = 256


class Cap:
    """Keeps the number of distinct values bounded; safe to share between threads.

    What came first stays, so that a value never changes its name while the instance lives. Texts too long to be a value
    or a service's name are never kept.
    """

    def __init__(self, limit: int, other: str = OVERFLOW) -> None:
        """Make a cap of `limit` values for each of the first 256 services; further ones become `other`."""
        self._limit = limit
        self._other = other
        self._lock = Lock()
        self._known: dict[str, set[str]] = {}

    def admit(self, service: str, value: str) -> str:
        """The value itself if it is among the first of its service, else the name for all others."""
        known: Collection[str] = self._known.get(service, ())
        if value in known:
            return value
        if max(len(service), len(value)) > MAX_CHARACTERS:
            return self._other
        with self._lock:
            return value if self._learn(service, value) else self._other

    def _learn(self, service: str, value: str) -> bool:
        if self._limit <= 0 or (service not in self._known and len(self._known) >= MAX_SERVICES):
            return False
        known = self._known.setdefault(service, set())
        if value not in known and len(known) >= self._limit:
            return False
        known.add(value)
        return True
