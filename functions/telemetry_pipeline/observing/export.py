"""What was measured goes out by OTLP/HTTP, from a thread that no request waits for.

A function's CPU is throttled between requests, so the thread's clock may ring late; it then runs beside the next
request, or when the instance is stopped. Sums are cumulative: what could not be sent is in what is sent next.
"""

import atexit
import os
import time
import uuid
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from telemetry_pipeline import __version__, identity
from telemetry_pipeline.logs import log
from telemetry_pipeline.observing.instruments import Switch
from telemetry_pipeline.observing.traces import TRACES
from telemetry_pipeline.settings import FUNCTIONS, ObservingSettings

if TYPE_CHECKING:
    import requests

_TIMEOUT_SECONDS = 5.0
_LAST_SECONDS = 3.0
"""How long a stopping instance may take to send what is left; Cloud Run gives it ten seconds in all."""

SERVICE_NAMESPACE = "rhesis-telemetry"


class Ours(Exception):
    """The address is a function of this pipeline: what it says of itself must not come back to it."""


class Exporter:
    """One instance's exporter."""

    def __init__(self, settings: ObservingSettings, function: str) -> None:
        self._settings = settings
        self._function = function
        self._url = settings.observe_url.rstrip("/")
        self._begun = time.time_ns()
        self._ends = Event()
        self._is_down = False
        self._thread: Thread | None = None
        self._lock = Lock()

    def begin(self) -> None:
        """Start the thread, once; not before gunicorn's fork, which it would not survive."""
        if self._thread:
            return
        with self._lock:
            if not self._thread:
                self._thread = Thread(target=self._run, name="observing", daemon=True)
                self._thread.start()
                atexit.register(self._end)

    def _end(self) -> None:
        self._ends.set()
        if self._thread:
            self._thread.join(_LAST_SECONDS)

    def _run(self) -> None:
        send: Callable[[], bool] | None = None
        ends = False
        while not ends:
            ends = self._ends.wait(self._settings.observe_interval_seconds)
            try:
                send = send or self._connect()
                self._tell(is_down=not send())
            except Ours:
                log("ERROR", "own metrics would come back", setting=ObservingSettings.variable("observe_url"))
                Switch.is_on = TRACES.are_on = False
                return
            except Exception as error:  # whatever it is, it is no reason to stop serving
                self._tell(is_down=True, error=type(error).__name__)

    def _tell(self, *, is_down: bool, error: str = "refused") -> None:
        """Log once when it begins to fail, and once when it works again."""
        if is_down and not self._is_down:
            log("WARNING", "own metrics not exported", error=error)
        elif self._is_down and not is_down:
            log("INFO", "own metrics exported again")
        self._is_down = is_down

    def _connect(self) -> Callable[[], bool]:
        # Imported here: what is not configured costs nothing, and what is delays no request.
        from telemetry_pipeline.observing.otlp import Sender

        session = self._session()
        if not self._settings.observe_project:
            _refuse_ours(session, self._url)
        return Sender(self._url, session, self._resource(), self._begun, _TIMEOUT_SECONDS).send

    def _session(self) -> "requests.Session":
        if self._settings.observe_project:
            return identity.session()
        import requests

        return requests.Session()

    def _resource(self) -> dict[str, str]:
        service = os.environ.get("K_SERVICE", self._function)
        resource = {
            "service.namespace": SERVICE_NAMESPACE,
            "service.name": service,
            "service.version": __version__,
            # Random, so that the series of two instances are two; it names nothing outside of this process.
            "service.instance.id": str(uuid.uuid4()),
        }
        if self._settings.observe_project:
            resource |= {
                "cloud.provider": "gcp",
                "cloud.platform": "gcp_cloud_run",
                "cloud.account.id": self._settings.observe_project,
                "gcp.project_id": self._settings.observe_project,
                "faas.name": service,
                "faas.version": os.environ.get("K_REVISION", ""),
                "cloud.region": self._settings.observe_region,
            }
        return {name: value for name, value in resource.items() if value}


def _refuse_ours(session: "requests.Session", url: str) -> None:
    """Ask who is there before anything is sent.

    Raises:
        Ours: A function of this pipeline.
        requests.RequestException: Nobody, for now.
    """
    answer = session.get(f"{url}/health", timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    try:
        about: Any = answer.json()
    except ValueError:
        return
    if isinstance(about, dict) and about.get("function") in FUNCTIONS:
        raise Ours


_exporters: list[Exporter] = []


def start(settings: ObservingSettings, function: str) -> None:
    """Measure from now on, if the settings say where it goes."""
    if settings.observe_url:
        _exporters[:] = [Exporter(settings, function)]
        Switch.is_on = True
        TRACES.are_on = settings.observe_traces


def begin() -> None:
    """A request has come: from now on there may be something to export."""
    for exporter in _exporters:
        exporter.begin()
