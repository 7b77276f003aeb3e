"""Who has just withdrawn, told to the other processes of the app: they may have events of that person waiting.

An empty file a person, named by the hashed id, in the site's directory; its time is that of the withdrawal. It is
removed after an hour, when nothing waits any more that is older.
"""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rhesis_telemetry.settings import Settings

KEPT_SECONDS = 3600.0

_DIRECTORY = "withdrawn"


def note(settings: Settings, user: str) -> None:
    """Tell that a person withdraws now; where nothing can be written, only this process knows."""
    now = time.time_ns()
    directory = _directory(settings)
    with suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / user).touch()
        os.utime(directory / user, ns=(now, now))


def recent(settings: Settings) -> Mapping[str, int]:
    """Who withdrew within the last hour, by the hashed id, and when (nanoseconds since 1970)."""
    oldest = time.time_ns() - int(KEPT_SECONDS * 1e9)
    found: dict[str, int] = {}
    with suppress(OSError), os.scandir(_directory(settings)) as entries:
        for entry in entries:
            at = entry.stat().st_mtime_ns
            if at >= oldest:
                found[entry.name] = at
            else:
                # Another process may have been faster.
                with suppress(OSError):
                    Path(entry.path).unlink()
    return found


def _directory(settings: Settings) -> Path:
    return settings.directory / _DIRECTORY
