"""Whether a function can reach what it needs, told apart, for whoever asks `/health`.

`/health` answers 200 for as long as the function answers at all, whatever it says: an instance that is stopped because
its database is away helps nobody, and would be stopped again. `/health/ready` says the same, with 503 unless all is
well. Neither says more than a word for each dependency.

Asking costs the dependencies next to nothing: they are checked at most once in some seconds, one check at a time, and
nobody waits for a check for long.
"""

import time
from collections.abc import Callable, Mapping
from threading import Lock, Thread

import flask

from telemetry_pipeline.logs import log

PATHS = frozenset(("/health", "/health/ready"))

Check = Callable[[], object]
"""Returns if a dependency can be used, and raises if it can't."""

_KNOWN_SECONDS = 5.0
_PATIENCE_SECONDS = {"/health": 0.5, "/health/ready": 3.0}


class Dependency:
    """Something that a function needs, and how it was when it was last looked at: ok, failed, or still checking."""

    def __init__(self, name: str, check: Check) -> None:
        self.name = name
        self._check = check
        self._lock = Lock()
        self._thread: Thread | None = None
        self._known = ""
        self._next = 0.0

    def look(self) -> Thread | None:
        """Begin to check, unless it is known or somebody does already; returns the thread that does."""
        with self._lock:
            if self._thread and self._thread.is_alive():
                return self._thread
            if time.monotonic() < self._next:
                return None
            self._thread = Thread(target=self._run, name=f"health of {self.name}", daemon=True)
            self._thread.start()
            return self._thread

    def status(self, checking: Thread | None) -> str:
        """What is known of it; what was known before does not count where a check takes too long."""
        return "checking" if checking and checking.is_alive() else self._known

    def _run(self) -> None:
        try:
            self._check()
        except Exception as error:  # whatever it is, the dependency can't be used
            self._known = "failed"
            log("WARNING", "dependency failed", dependency=self.name, error=type(error).__name__)
        else:
            self._known = "ok"
        self._next = time.monotonic() + _KNOWN_SECONDS


class Health:
    """A function's health.

    Args:
        **checks: How to look at each thing that it needs.
    """

    def __init__(self, **checks: Check) -> None:
        self._dependencies = [Dependency(name, check) for name, check in checks.items()]

    def answer(self, request: flask.Request, about: Mapping[str, object]) -> flask.Response:
        """Answer a GET of one of `PATHS`, with what the function says of itself besides."""
        found = self._look(_PATIENCE_SECONDS[request.path])
        is_well = "failed" not in found.values()
        response = flask.jsonify(**about, status="ok" if is_well else "degraded", dependencies=found)
        response.headers["Cache-Control"] = "no-store"
        if request.path == "/health/ready" and set(found.values()) - {"ok"}:
            response.status_code = 503
        return response

    def _look(self, seconds: float) -> dict[str, str]:
        checks = [one.look() for one in self._dependencies]
        deadline = time.monotonic() + seconds
        for check in filter(None, checks):
            check.join(max(deadline - time.monotonic(), 0.0))
        return {one.name: one.status(check) for one, check in zip(self._dependencies, checks, strict=True)}
