"""What waits to be sent: bounded, the oldest gives way, and one person's events can be taken back."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan

from rhesis_telemetry.events import Event
from rhesis_telemetry.sending.transport import Outcome

EVENTS = 2048
REQUESTS = 256


@dataclass(slots=True, eq=False)
class Waiting:
    """An event that waits.

    It becomes a span only when it is sent: the app has less to do, and its garbage collector less to look at.

    Attributes:
        event: The event.
        installation_id: The installation's id when it happened.
        start: When it began, in nanoseconds since 1970.
        end: When it ended.
        since: Since when it waits, in seconds of the monotonic clock.
        span: Its span, once it was made; a second attempt sends the same.
        outcome: What came of the last attempt.
    """

    event: Event
    installation_id: str
    start: int
    end: int
    since: float
    span: ReadableSpan | None = None
    outcome: Outcome | None = None

    @property
    def user(self) -> str:
        """The hashed id of the person that it is about."""
        return str(self.event.attributes.get("user.id", ""))

    @property
    def is_request(self) -> bool:
        """Whether it is what a person asks for: no event, it neither gives way nor is taken back."""
        return self.event.attributes.get("event.category") == "erasure_request"


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

    def take(self, most: int) -> list[Waiting]:
        """Take the oldest; they count as being sent until `done` or `put_back`.

        Requests come first and go alone, so that what the server says of them is about nothing else.
        """
        source = self._requests or self._events
        while len(self._taken) < most and source:
            self._taken.append(source.popleft())
        return list(self._taken)

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

    def discard(self, user: str, until: int | None = None) -> int:
        """Take back a person's events that wait; how many that were.

        Those that are being sent are not put back.

        Args:
            user: The person's hashed id.
            until: Events that began later (nanoseconds since 1970) stay; None for none.
        """
        if not self._of_user[user]:
            return 0
        gone = [one for one in self._events if _is_of(one, user, until)]
        self._events = deque(one for one in self._events if not _is_of(one, user, until))
        going = [one for one in self._taken if not one.is_request and _is_of(one, user, until)]
        self._taken = [one for one in self._taken if one.is_request or not _is_of(one, user, until)]
        self._forget((*gone, *going))
        return len(gone)

    def clear(self) -> int:
        """Take back everybody's events that wait; how many that were. Requests stay."""
        gone = len(self._events)
        self._events.clear()
        self._taken = [one for one in self._taken if one.is_request]
        self._of_user.clear()
        return gone

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


def _is_of(waiting: Waiting, user: str, until: int | None) -> bool:
    return waiting.user == user and (until is None or waiting.start <= until)
