"""The processor that ended spans go to, and the thread that sends them.

OpenTelemetry's own BatchSpanProcessor can't take back a person's spans, can't be told to leave off within a time, and
drops what could not be sent once; this one keeps it, and asks the site's choice again before each request.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import uniform
from typing import overload

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, attach, set_value
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from rhesis_telemetry.counts import Counts
from rhesis_telemetry.sending.buffer import Buffer, Waiting
from rhesis_telemetry.sending.exporter import THREAD, Exporter
from rhesis_telemetry.sending.transport import Delivered, Later, Outcome, Refused

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
    """Spans that are handed out a few at a time, with pauses between them.

    The exporter encodes each as it gets it. Python runs one thread at a time and changes threads after 5 ms; one that
    pauses by itself lets the app's threads go on at once.
    """

    def __init__(self, spans: Sequence[ReadableSpan]) -> None:
        self._spans = spans

    @overload
    def __getitem__(self, index: int) -> ReadableSpan: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ReadableSpan]: ...

    def __getitem__(self, index: int | slice) -> ReadableSpan | Sequence[ReadableSpan]:
        return self._spans[index]

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[ReadableSpan]:
        for index, span in enumerate(self._spans):
            if index % _AT_ONCE == 0:
                time.sleep(_PAUSE_SECONDS)
            yield span


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
    awaited: dict[int, Outcome | None] = field(default_factory=dict)


class Background(SpanProcessor):
    """Keeps ended spans and sends them from a thread of its own, which the first of them starts."""

    def __init__(self, exporter: Exporter, may_send: Callable[[], bool]) -> None:
        """Send by the exporter, as long as `may_send` says so; it is asked before each request."""
        self._exporter = exporter
        self._may_send = may_send
        # Reentrant: a signal's handler or a destructor may track an event while its own thread is in here.
        self._changed = threading.Condition(threading.RLock())
        self._buffer = Buffer()
        self._state = _State()
        self._thread: threading.Thread | None = None

    def counts(self) -> Counts:
        """What became of the events so far."""
        with self._changed:
            return replace(self._state.counts, waiting=len(self._buffer))

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span until it is sent, without waiting for anything."""
        waiting = Waiting.of(span, time.monotonic())
        with self._changed:
            if self._state.stopping:
                self._state.counts.dropped += 1
                return
            if self._thread is None:
                thread = threading.Thread(target=self._work, name=THREAD, daemon=True)
                thread.start()
                self._thread = thread
            if not len(self._buffer):
                self._state.schedule.since = waiting.since
            if dropped := self._buffer.add(waiting):
                self._state.counts.dropped += dropped
                if waiting.is_request:
                    self._answer([span], Refused("too many requests wait"))
            if len(self._buffer) in (1, BATCH) or waiting.is_request:
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

    def deliver(self, span: Span, end_nanoseconds: int, seconds: float) -> Outcome | None:
        """End a span and send it at once.

        Args:
            span: A span that has begun.
            end_nanoseconds: When it ends, in nanoseconds since 1970.
            seconds: How long to wait for an outcome.

        Returns:
            The outcome; None if there is none yet.
        """
        span_id = span.get_span_context().span_id
        with self._changed:
            self._state.awaited[span_id] = None
        span.end(end_nanoseconds)
        self.flush(seconds)
        with self._changed:
            return self._state.awaited.pop(span_id)

    def shutdown(self) -> None:
        """Send what waits and end, within the exporter's timeout."""
        self.stop(INTERVAL_SECONDS)

    def stop(self, seconds: float) -> None:
        """Send what waits, once, and end; what has not gone within that time is lost, and counted."""
        with self._changed:
            self._state.stopping = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def force_flush(self, timeout_millis: int = 5000) -> bool:
        """As `flush`, under OpenTelemetry's name and in its unit."""
        return self.flush(timeout_millis / 1000)

    def _work(self) -> None:
        attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True, Context()))
        while self._until_due():
            spans = self._next()
            if spans:
                self._settle(spans, self._outcome(spans))
        self._exporter.close()

    def _outcome(self, spans: Sequence[ReadableSpan]) -> Outcome:
        try:
            return self._exporter.send(spans if self._state.stopping else _Unhurried(spans))
        except Exception as fault:
            return Refused(type(fault).__name__)

    def _until_due(self) -> bool:
        """Wait until something is to be sent; false when there is nothing more to do."""
        with self._changed:
            while not (self._state.hurry or self._state.stopping):
                seconds = self._seconds_until_due()
                if seconds is not None and seconds <= 0:
                    break
                self._changed.wait(seconds)
            if self._buffer.is_empty and self._state.hurry:
                self._state.hurry = False
                self._changed.notify_all()
            return not (self._buffer.is_empty and self._state.stopping)

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

    def _next(self) -> list[ReadableSpan]:
        may_send = self._may_send()
        with self._changed:
            if not may_send:
                self._state.counts.discarded += self._buffer.discard()
            return self._buffer.take(self._state.batch)

    def _settle(self, spans: Sequence[ReadableSpan], outcome: Outcome) -> None:
        with self._changed:
            self._answer(spans, outcome)
            if isinstance(outcome, Delivered):
                self._delivered(spans, outcome)
            elif isinstance(outcome, Later):
                self._delayed(spans, outcome)
            elif outcome.too_large and len(spans) > 1:
                self._state.batch = len(spans) // 2
                self._put_back(spans, 0)
            else:
                _logger.warning("telemetry was refused (%s); %d events are lost", outcome.reason, len(spans))
                self._state.counts.refused += len(spans)
                self._buffer.done()
                self._state.schedule.succeeded()

    def _answer(self, spans: Sequence[ReadableSpan], outcome: Outcome) -> None:
        """Tell whoever waits for one of them."""
        for span in spans if self._state.awaited else ():
            if span.context is not None and span.context.span_id in self._state.awaited:
                self._state.awaited[span.context.span_id] = outcome

    def _put_back(self, spans: Sequence[ReadableSpan], not_before: float) -> None:
        """Let what was not sent wait again, but for what was discarded meanwhile."""
        self._state.counts.discarded += len(spans) - self._buffer.taken
        self._state.counts.dropped += self._buffer.put_back(not_before)

    def _delivered(self, spans: Sequence[ReadableSpan], outcome: Delivered) -> None:
        if self._state.schedule.failures:
            _logger.info("telemetry is delivered again")
        rejected = min(outcome.rejected, len(spans))
        self._state.counts.rejected += rejected
        self._state.counts.sent += len(spans) - rejected
        self._buffer.done()
        self._state.batch = BATCH
        self._state.schedule.succeeded()

    def _delayed(self, spans: Sequence[ReadableSpan], outcome: Later) -> None:
        if not self._state.schedule.failures:
            _logger.info("telemetry can't be delivered now (%s); it waits", outcome.reason)
        self._state.schedule.failed(outcome.seconds)
        self._put_back(spans, time.monotonic() - AGE_SECONDS)
        if self._state.stopping:
            self._state.counts.dropped += len(self._buffer)
            self._buffer = Buffer()
        self._state.hurry = False
        self._changed.notify_all()
