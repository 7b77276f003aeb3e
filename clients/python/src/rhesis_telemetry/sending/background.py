"""The thread that sends what waits.

OpenTelemetry's own BatchSpanProcessor can't take back a person's events, can't be told to leave off within a time, and
drops what could not be sent once; this one keeps it, and asks who has withdrawn before each request.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import uniform
from typing import overload

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, attach, set_value
from opentelemetry.sdk.trace import ReadableSpan

from rhesis_telemetry.counts import Counts
from rhesis_telemetry.sending.buffer import Buffer, Waiting
from rhesis_telemetry.sending.exporter import THREAD, Exporter
from rhesis_telemetry.sending.spans import Spans
from rhesis_telemetry.sending.transport import Delivered, Later, Outcome, Refused
from rhesis_telemetry.settings import Settings

BATCH = 128
"""So few that what protobuf does with them in one go takes less than a millisecond."""

INTERVAL_SECONDS = 5.0
AGE_SECONDS = 3600.0

_AT_ONCE = 8
_PAUSE_SECONDS = 0.0005
_FIRST_BACKOFF_SECONDS = 1.0
_LONGEST_BACKOFF_SECONDS = 60.0

_logger = logging.getLogger("rhesis_telemetry")


class _Unhurried(Sequence[ReadableSpan]):
    """Spans that are made while they are handed out, a few at a time, with pauses between them.

    The exporter encodes each as it gets it. Python runs one thread at a time and changes threads after 5 ms; one that
    pauses by itself lets the app's threads go on at once.
    """

    def __init__(self, batch: Sequence[Waiting], make: Callable[[Waiting], ReadableSpan], pause_seconds: float) -> None:
        self._batch = batch
        self._make = make
        self._pause_seconds = pause_seconds

    @overload
    def __getitem__(self, index: int) -> ReadableSpan: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ReadableSpan]: ...

    def __getitem__(self, index: int | slice) -> ReadableSpan | Sequence[ReadableSpan]:
        if isinstance(index, slice):
            return [self._make(waiting) for waiting in self._batch[index]]
        return self._make(self._batch[index])

    def __len__(self) -> int:
        return len(self._batch)

    def __iter__(self) -> Iterator[ReadableSpan]:
        for index, waiting in enumerate(self._batch):
            if self._pause_seconds and index % _AT_ONCE == 0:
                time.sleep(self._pause_seconds)
            yield self._make(waiting)


@dataclass(slots=True)
class _Schedule:
    """When the next request is due."""

    since: float = 0.0
    failures: int = 0
    not_before: float = 0.0

    def failed(self, seconds: float) -> None:
        self.failures += 1
        backoff = min(_FIRST_BACKOFF_SECONDS * 2 ** min(self.failures - 1, 10), _LONGEST_BACKOFF_SECONDS)
        self.not_before = time.monotonic() + max(backoff * uniform(0.8, 1.2), seconds)  # noqa: S311 - spreads retries

    def succeeded(self) -> None:
        self.failures = 0
        self.not_before = 0.0
        self.since = time.monotonic()


@dataclass(slots=True)
class _State:
    """What the lock guards, beside the buffer."""

    counts: Counts = field(default_factory=Counts)
    schedule: _Schedule = field(default_factory=_Schedule)
    hurry: bool = False
    stopping: bool = False
    batch: int = BATCH
    refused: bool = False


class Background:
    """Keeps events and sends them from a thread of its own, which the first of them starts."""

    def __init__(
        self, settings: Settings, exporter: Exporter, withdrawn: Callable[[], Mapping[str, int] | None]
    ) -> None:
        """Send by the exporter.

        Args:
            settings: What the resource is made of.
            exporter: Sends once.
            withdrawn: Asked before each request whose events may not be sent, by hashed ids, if they happened before
                that time (nanoseconds since 1970); None where nobody's may.
        """
        self._settings = settings
        self._exporter = exporter
        self._withdrawn = withdrawn
        # Reentrant: a signal's handler or a destructor may track an event while its own thread is in here.
        self._changed = threading.Condition(threading.RLock())
        self._buffer = Buffer()
        self._state = _State()
        self._thread: threading.Thread | None = None
        self._spans: Spans | None = None

    def counts(self) -> Counts:
        """What became of the events so far."""
        with self._changed:
            return replace(self._state.counts, waiting=len(self._buffer))

    def add(self, waiting: Waiting) -> None:
        """Keep an event until it is sent, without waiting for anything."""
        with self._changed:
            if self._state.stopping:
                self._state.counts.dropped += 1
                waiting.outcome = Refused("the process ends")
                return
            self._start()
            is_first = not len(self._buffer)
            if is_first:
                self._state.schedule.since = waiting.since
            if dropped := self._buffer.add(waiting):
                self._state.counts.dropped += dropped
                if waiting.is_request:
                    waiting.outcome = Refused("too many requests wait")
            if is_first or len(self._buffer) == BATCH or waiting.is_request:
                self._changed.notify_all()

    def discard(self, user: str) -> None:
        """Take back a person's events that wait."""
        with self._changed:
            self._state.counts.discarded += self._buffer.discard(user)

    def flush(self, seconds: float) -> bool:
        """Send all that waits now; whether that was possible within the time."""
        with self._changed:
            if self._thread is not None and not self._buffer.is_empty:
                self._state.hurry = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._state.hurry, seconds)
            return self._buffer.is_empty

    def stop(self, seconds: float) -> None:
        """Send what waits, once, and end; what has not gone within that time is lost."""
        with self._changed:
            self._state.stopping = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._work, name=THREAD, daemon=True)
            # A signal's handler may have come here since the question above.
            if self._thread is None:
                self._thread = thread
                try:
                    thread.start()
                except RuntimeError:
                    self._thread = None
                    raise

    def _work(self) -> None:
        attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True, Context()))
        while self._until_due():
            batch = self._next()
            if batch:
                self._settle(batch, self._outcome(batch))
        self._exporter.close()

    def _outcome(self, batch: Sequence[Waiting]) -> Outcome:
        pause_seconds = 0.0 if self._state.stopping else _PAUSE_SECONDS
        try:
            return self._exporter.send(_Unhurried(batch, self._span, pause_seconds))
        except Exception as fault:
            # The thread must outlive whatever the exporter does.
            return Refused(type(fault).__name__)

    def _span(self, waiting: Waiting) -> ReadableSpan:
        if waiting.span is None:
            if self._spans is None or self._spans.installation_id != waiting.installation_id:
                self._spans = Spans(self._settings, waiting.installation_id)
            waiting.span = self._spans.make(waiting.event, waiting.start, waiting.end)
        return waiting.span

    def _until_due(self) -> bool:
        """Wait until something is to be sent; false when there is nothing more to do."""
        with self._changed:
            while True:
                if self._buffer.is_empty:
                    if self._state.stopping:
                        return False
                    if self._state.hurry:
                        self._state.hurry = False
                        self._changed.notify_all()
                seconds = 0.0 if self._state.hurry or self._state.stopping else self._seconds_until_due()
                if seconds is not None and seconds <= 0:
                    return True
                self._changed.wait(seconds)

    def _seconds_until_due(self) -> float | None:
        """None where nothing waits."""
        if not len(self._buffer):
            return None
        schedule = self._state.schedule
        if schedule.failures:
            return schedule.not_before - time.monotonic()
        if self._buffer.has_requests or len(self._buffer) >= BATCH:
            return 0.0
        return schedule.since + INTERVAL_SECONDS - time.monotonic()

    def _next(self) -> list[Waiting]:
        withdrawn = self._withdrawn()
        with self._changed:
            if withdrawn is None:
                self._state.counts.discarded += self._buffer.clear()
            else:
                gone = sum(self._buffer.discard(user, until) for user, until in withdrawn.items())
                self._state.counts.discarded += gone
            return self._buffer.take(self._state.batch)

    def _settle(self, batch: Sequence[Waiting], outcome: Outcome) -> None:
        with self._changed:
            for waiting in batch:
                waiting.outcome = outcome
            if isinstance(outcome, Delivered):
                self._delivered(len(batch), outcome)
            elif isinstance(outcome, Later):
                self._delayed(len(batch), outcome)
            elif outcome.too_large and len(batch) > 1:
                self._state.batch = len(batch) // 2
                self._put_back(len(batch), 0)
            else:
                self._refused(len(batch), outcome)

    def _delivered(self, number: int, outcome: Delivered) -> None:
        if self._state.schedule.failures or self._state.refused:
            _logger.info("telemetry is delivered again")
        self._state.refused = False
        rejected = min(outcome.rejected, number)
        self._state.counts.rejected += rejected
        self._state.counts.sent += number - rejected
        self._buffer.done()
        self._state.batch = BATCH
        self._state.schedule.succeeded()

    def _refused(self, number: int, outcome: Refused) -> None:
        if not self._state.refused:
            _logger.warning("telemetry is refused (%s): its events are lost", outcome.reason)
        self._state.refused = True
        self._state.counts.refused += number
        self._buffer.done()
        # What refuses these will likely refuse the next.
        self._state.schedule.failed(0)

    def _delayed(self, number: int, outcome: Later) -> None:
        if not self._state.schedule.failures:
            _logger.info("telemetry can't be delivered now (%s); it waits", outcome.reason)
        self._state.schedule.failed(outcome.seconds)
        self._put_back(number, time.monotonic() - AGE_SECONDS)
        if self._state.stopping:
            self._state.counts.dropped += len(self._buffer)
            self._buffer = Buffer()
        self._state.hurry = False
        self._changed.notify_all()

    def _put_back(self, number: int, not_before: float) -> None:
        """Let what was not sent wait again, but for what was discarded meanwhile."""
        self._state.counts.discarded += number - self._buffer.taken
        self._state.counts.dropped += self._buffer.put_back(not_before)
