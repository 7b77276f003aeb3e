"""An instance of a function: how it starts, and the clients, pools and caches that it makes once and keeps."""

from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Lock
from typing import Generic, TypeVar

from telemetry_pipeline import memory, observing
from telemetry_pipeline.configuration import SettingsError
from telemetry_pipeline.settings import FUNCTIONS, ObservingSettings

T = TypeVar("T")


def start(environment: Mapping[str, str]) -> None:
    """Check the settings of the function that FUNCTION_TARGET names, and load its room before the first request.

    Raises:
        SystemExit: Settings are missing or bad; all faults are listed.
    """
    target = environment.get("FUNCTION_TARGET", "")
    if target not in FUNCTIONS:
        return
    faults = []
    for settings in (FUNCTIONS[target], ObservingSettings):
        try:
            settings.read(environment)
        except SettingsError as error:
            faults.append(str(error))
    if faults:
        raise SystemExit("\n".join((f"{target} can't start; these settings need attention:", *faults)))
    memory.return_large_blocks()
    observing.start(ObservingSettings.read(environment), target)
    import_module(f"telemetry_pipeline.{target}.function")


class Once(Generic[T]):
    """Makes a value at the first call and returns it at every one.

    Clients start threads, which a fork leaves behind, and functions-framework imports the functions before gunicorn
    forks: so nothing is made before the first request, and by only one of the requests that may come first together.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """The value."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]
