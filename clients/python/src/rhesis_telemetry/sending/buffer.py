"""What waits to be sent: bounded, the oldest gives way, and one person's events can be taken back."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan

EVENTS = 2048
REQUESTS = 256


@dataclass(frozen=True, slots=True)
class Waiting:
    """A span that waits, since when (seconds, monotonic), and the hashed id of the person that it is about.

    A request is what a person asks for: no event, it neither gives way nor is taken back.
    """

    span: ReadableSpan
    since: float
    user: str
    is_request: bool

    @classmethod
    def of(cls, span: ReadableSpan, since: float) -> "Waiting":
        """A span that begins to wait."""
        attributes = span.attributes or {}
        user = str(attributes.get("user.id", ""))
        return cls(span, since, user, is_request=attributes.get("event.category") == "erasure_request")


class Buffer:
    """Events and requests that wait, and those of them that are being sent.

    It has no lock of its own; whoever shares it between threads has one.
    """

    def __init__(self) -> None:
        self._events: deque[Waiting] = deque()
        self._requests: deque[Waiting] = deque()
        self._taken: list[Waiting] = []
        self._of_user: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._events) + len(self._requests)

    @property
    def has_requests(self) -> bool:
        """Whether something waits that a person asked for."""
        return bool(self._requests)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits and nothing is being sent."""
        return not (self._events or self._requests or self._taken)

    @property
    def taken(self) -> int:
        """How many that are being sent would be put back."""
        return len(self._taken)

    def add(self, waiting: Waiting) -> int:
        """Add at the end; how many had to give way (a request gives way itself when too many wait)."""
        if waiting.is_request:
            if len(self._requests) + sum(one.is_request for one in self._taken) >= REQUESTS:
                return 1
            self._requests.append(waiting)
            return 0
        self._events.append(waiting)
        self._of_user[waiting.user] += 1
        return self._shorten()

    def take(self, most: int) -> list[ReadableSpan]:
        """Take the oldest, requests first; they count as being sent until `done` or `put_back`."""
        while len(self._taken) < most and len(self):
            self._taken.append(self._requests.popleft() if self._requests else self._events.popleft())
        return [waiting.span for waiting in self._taken]

    def done(self) -> None:
        """Forget what was being sent."""
        self._forget(self._taken)
        self._taken = []

    def put_back(self, not_before: float) -> int:
        """Let what was being sent wait again, first in the row; how many had to give way, or are older than that."""
        taken, self._taken = self._taken, []
        kept = [waiting for waiting in taken if waiting.is_request or waiting.since >= not_before]
        self._forget(waiting for waiting in taken if not waiting.is_request and waiting.since < not_before)
        self._events.extendleft(waiting for waiting in reversed(kept) if not waiting.is_request)
        self._requests.extendleft(waiting for waiting in reversed(kept) if waiting.is_request)
        return len(taken) - len(kept) + self._shorten()

    def discard(self, user: str | None = None) -> int:
        """Take back a person's events that wait, or everybody's; how many that were.

        Those that are being sent are not put back.
        """
        if user is not None and not self._of_user[user]:
            return 0
        before = len(self._events)
        self._events = deque(waiting for waiting in self._events if user not in (None, waiting.user))
        self._taken = [one for one in self._taken if one.is_request or user not in (None, one.user)]
        if user is None:
            self._of_user.clear()
        else:
            del self._of_user[user]
        return before - len(self._events)

    def _shorten(self) -> int:
        dropped = [self._events.popleft() for _ in range(len(self._events) - EVENTS)]
        self._forget(dropped)
        return len(dropped)

    def _forget(self, gone: Iterable[Waiting]) -> None:
        for waiting in gone:
            if not waiting.is_request:
                self._of_user[waiting.user] -= 1
                if self._of_user[waiting.user] <= 0:
                    del self._of_user[waiting.user]
