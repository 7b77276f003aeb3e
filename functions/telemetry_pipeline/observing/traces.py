"""The few requests of which a trace is kept, and what was done in them.

Which ones is decided before us: Cloud Run marks at most one request in ten seconds as sampled, in `traceparent`
(w3.org/TR/trace-context). A public function takes the mark and no more: the id of the trace may be the client's own.
"""

import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock

_SAMPLED = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f][13579bdf]")
_SECONDS_BETWEEN = 1.0
"""Anybody may mark a request; so many seconds pass between two traces of an instance, however many are marked."""
_MOST_TRACES = 100
_MOST_SPANS = 200


@dataclass(frozen=True, slots=True)
class Span:
    """Something that was done: when, in nanoseconds since 1970, and the name of the error that it ended with."""

    name: str
    kind: str
    begun: int
    ended: int
    attributes: Mapping[str, str | int]
    error: str = ""


@dataclass(slots=True)
class Trace:
    """A request, and what was done for it; the ids of its parent are zero where it has none."""

    trace_id: int = 0
    parent_id: int = 0
    request: Span | None = None
    spans: list[Span] = field(default_factory=list)

    def add(self, span: Span) -> None:
        """Note what was done."""
        if len(self.spans) < _MOST_SPANS:
            self.spans.append(span)


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


class Traces:
    """Those that are not exported yet; the oldest give way where nobody takes them."""

    def __init__(self) -> None:
        self._kept: deque[Trace] = deque(maxlen=_MOST_TRACES)
        self._next = 0.0
        self._lock = Lock()
        self.are_on = False

    @contextmanager
    def of_request(self, traceparent: str, *, is_public: bool) -> Iterator[Trace | None]:
        """Keep a trace of what is done in the block, if the request is marked."""
        trace = self._begin(traceparent, is_public=is_public) if self.are_on else None
        if trace is None:
            yield None
            return
        token = _current.set(trace)
        try:
            yield trace
        finally:
            _current.reset(token)
            if trace.request:
                self._kept.append(trace)

    def take(self) -> list[Trace]:
        """Take what there is."""
        taken = []
        while self._kept:
            taken.append(self._kept.popleft())
        return taken

    def put_back(self, traces: list[Trace]) -> None:
        """Keep for later what could not be sent, as far as there is room."""
        room = _MOST_TRACES - len(self._kept)
        self._kept.extendleft(reversed(traces[len(traces) - min(room, len(traces)) :]))

    def _begin(self, traceparent: str, *, is_public: bool) -> Trace | None:
        marked = _SAMPLED.fullmatch(traceparent)
        if not marked:
            return None
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                return None
            self._next = now + _SECONDS_BETWEEN
        return Trace() if is_public else Trace(int(marked[1], 16), int(marked[2], 16))


TRACES = Traces()


def current() -> Trace | None:
    """The trace of the request that is being answered; most often there is none."""
    return _current.get()
