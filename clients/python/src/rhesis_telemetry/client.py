"""The one client of this process: settings, the site's standing, and what sends, which the first event makes."""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from rhesis_telemetry import consent, events, withdrawals
from rhesis_telemetry.choice import Site
from rhesis_telemetry.consent import Person
from rhesis_telemetry.counts import Counts
from rhesis_telemetry.delivery import Delivery
from rhesis_telemetry.events import Event
from rhesis_telemetry.settings import Settings

if TYPE_CHECKING:
    from rhesis_telemetry.sending import Sending

Arguments = ParamSpec("Arguments")

EXIT_SECONDS = 5.0

_logger = logging.getLogger("rhesis_telemetry")


class Client:
    """Records events for people who agreed, as long as the site allows it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.site = Site(settings)
        self._lock = threading.RLock()
        self._sending: Sending | None = None
        self._faults = 0
        self._leave_by = -EXIT_SECONDS

    @property
    def counts(self) -> Counts:
        """What became of the events so far."""
        counts = Counts() if self._sending is None else self._sending.background.counts()
        return replace(counts, faults=self._faults)

    def record(
        self,
        make: Callable[Concatenate[Person, Arguments], Event | None],
        start: int,
        end: int,
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> None:
        """Record an event of whoever this context is about, if they agreed; no fault of ours gets out of here.

        Args:
            make: Makes the event, or None, of the person and the arguments; not called where nothing may be sent.
            start: When it began, in nanoseconds since 1970.
            end: When it ended.
            *arguments: For `make`.
            **options: For `make`.
        """
        place = consent.current.get()
        if place is None or place.person is None or self.settings.off_because:
            return
        try:
            standing = self.site.standing()
            if standing.allowed:
                event = make(place.person, *arguments, **options)
                if event is not None:
                    self._ready().record(event, standing.installation_id, start, end)
        except Exception as fault:
            self._faulty(fault)

    def forget(self, user: str) -> None:
        """Take back the events of a person, by the hashed id, that are not sent yet by this process."""
        if self._sending is not None and user:
            self._sending.background.discard(user)

    def withdraw(self, user: str) -> None:
        """Take back the events of a person, by the hashed id, that are not sent yet by any process of the app."""
        if user and not self.settings.off_because:
            self.forget(user)
            withdrawals.note(self.settings, user)

    def erase(self, user: str, seconds: float, receipt: str = "") -> Delivery:
        """Ask the server to erase what it has of a person, by the hashed id.

        Args:
            user: The hashed id.
            seconds: How long to wait for the server's answer.
            receipt: The token to fetch the receipt with, if one is wanted.

        Raises:
            ValueError: The token is not a long one.
        """
        request = events.erasure_request(user, receipt)
        if self.settings.off_because or not user:
            return Delivery.IMPOSSIBLE
        self.withdraw(user)
        try:
            installation_id = self.site.standing().installation_id
            return self._ready().deliver(request, installation_id, time.time_ns(), seconds)
        except Exception as fault:
            self._faulty(fault)
            return Delivery.IMPOSSIBLE

    def flush(self, seconds: float) -> bool:
        """Send what waits; whether nothing is left."""
        return self._sending is None or self._sending.background.flush(seconds)

    def stop(self, seconds: float = EXIT_SECONDS) -> None:
        """Send what waits, within this time, and end."""
        if self._sending is not None:
            self._sending.background.stop(seconds)

    def leave(self, *, for_good: bool) -> None:
        """Send what waits before the process ends; the calls of one end take no longer than `EXIT_SECONDS` together.

        Args:
            for_good: Whether nothing will be tracked any more.
        """
        now = time.monotonic()
        if now > self._leave_by + EXIT_SECONDS:
            self._leave_by = now + EXIT_SECONDS
        seconds = max(self._leave_by - now, 0)
        if for_good:
            self.stop(seconds)
        else:
            self.flush(seconds)

    def after_fork(self) -> None:
        """Begin anew in a forked process: the thread and what waits stay with the parent."""
        self._lock = threading.RLock()
        self._sending = None
        self._faults = 0

    def _ready(self) -> "Sending":
        if self._sending is None:
            with self._lock:
                if self._sending is None:
                    from rhesis_telemetry.sending import Sending

                    sending = Sending(self.settings, self._withdrawn)
                    # A signal's handler may have come here since the question above.
                    if self._sending is None:
                        self._sending = sending
        return self._sending

    def _withdrawn(self) -> Mapping[str, int] | None:
        """Whose events may not be sent if they happened before then; None where nobody's may."""
        return withdrawals.recent(self.settings) if self.site.standing(fresh=True).allowed else None

    def _faulty(self, fault: Exception) -> None:
        self._faults += 1
        # A fault's text may quote what was tracked.
        _logger.debug("an event was not recorded: %s", type(fault).__name__)


active: Client | None = None
"""The client, once `initialize_telemetry` was called."""


def activate(settings: Settings) -> Client:
    """Make the client, or keep it where the settings are the same."""
    global active
    if active is None or active.settings != settings:
        before, active = active, Client(settings)
        if before is not None:
            before.stop()
    return active


def leave(*, for_good: bool = True) -> None:
    """Send what waits before the process ends."""
    if active is not None:
        active.leave(for_good=for_good)


def _after_fork() -> None:
    if active is not None:
        active.after_fork()


atexit.register(leave)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
