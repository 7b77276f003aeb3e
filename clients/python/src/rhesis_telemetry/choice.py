"""The site's choice, which stands over each person's: recorded in a file, with the installation's id.

Several processes may come to it at once. A file appears whole or not at all, and of several that record a first choice
one wins; the others take over what it wrote.
"""

import json
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, TypeVar

from rhesis_telemetry import contract
from rhesis_telemetry.settings import Settings

Written = TypeVar("Written")

_FILE = "choice.json"
_CHECK_SECONDS = 1.0

_logger = logging.getLogger("rhesis_telemetry")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided for the site.

    `version` is the contract's version that it was decided under, `by` whether a person said so, the environment, or
    nobody who was given notice (cloud). `installation_id` is empty where the choice is no, `at` an ISO 8601 time.
    """

    enabled: bool
    version: int
    installation_id: str
    by: Literal["person", "environment", "notice"]
    at: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the site allows telemetry, why, and as which installation (empty: none could be kept)."""

    allowed: bool
    because: str
    installation_id: str = ""


def path(settings: Settings) -> Path:
    """The file."""
    return settings.directory / _FILE


def read(settings: Settings) -> Choice | None:
    """The recorded choice; None if there is none. What can't be read is a no."""
    try:
        recorded = json.loads(path(settings).read_bytes())
        choice = Choice(**recorded)
        valid = (
            isinstance(choice.enabled, bool)
            and isinstance(choice.version, int)
            and isinstance(choice.installation_id, str)
            and choice.by in _YES
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        valid = False
    return choice if valid else Choice(False, 0, "", "person", "")


def enable(settings: Settings) -> Choice:
    """Record that a person says yes to the present contract. An installation's id that exists stays.

    Raises:
        OSError: The file can't be written.
    """
    before = read(settings)
    choice = _new(enabled=True, by="person")
    if before is not None and before.installation_id:
        choice = replace(choice, installation_id=before.installation_id)
    _write(settings, choice)
    return choice


def disable(settings: Settings) -> Choice:
    """Record that a person says no, and forget the installation's id.

    Raises:
        OSError: The file can't be written.
    """
    choice = _new(enabled=False, by="person")
    _write(settings, choice)
    return choice


def standing(settings: Settings, *, record: bool = True) -> Standing:
    """Judge whether the site allows telemetry now.

    Args:
        settings: What the environment says; its "off" wins over any choice.
        record: Whether a yes that follows from the environment may be recorded. What only looks leaves no trace.
    """
    if settings.off_because:
        return Standing(False, settings.off_because)
    choice = read(settings)
    if choice is None:
        return _undecided(settings, record=record)
    if not choice.enabled:
        what = "it was disabled here" if choice.at else "the recorded choice can't be read"
        return Standing(False, f"{what}; `rhesis-telemetry enable` says yes")
    if choice.version < contract.VERSION and choice.by == "notice":
        choice = replace(_new(enabled=True, by="notice"), installation_id=choice.installation_id)
        if record:
            _try(lambda: _write(settings, choice))
    if choice.version < contract.VERSION:
        return Standing(
            False,
            f"more is collected than was agreed to (contract {contract.VERSION}, agreed {choice.version}); "
            "`rhesis-telemetry enable` says yes to that",
        )
    return Standing(True, _YES[choice.by], choice.installation_id)


_YES = {
    "person": "somebody said yes",
    "environment": "OTEL_RHESIS_TELEMETRY_ENABLED is true",
    "notice": "it is on with notice in the cloud",
}


def _undecided(settings: Settings, *, record: bool) -> Standing:
    if settings.switch:
        choice = _new(enabled=True, by="environment")
    elif settings.deployment_type == "cloud":
        choice = _new(enabled=True, by="notice")
    else:
        return Standing(False, "nobody has said yes yet; `rhesis-telemetry enable` does")
    recorded = _try(lambda: _write_first(settings, choice)) if record else None
    # An id that can't be kept would make a new installation of every start.
    return Standing(True, _YES[choice.by], recorded.installation_id if recorded else "")


class Site:
    """The site's standing, looked up again at most once a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._standing: Standing | None = None
        self._until = 0.0

    def standing(self, *, fresh: bool = False) -> Standing:
        """Whether the site allows telemetry; `fresh` looks at the file in any case."""
        now = time.monotonic()
        if self._standing is None or fresh or now >= self._until:
            self._standing, self._until = standing(self._settings), now + _CHECK_SECONDS
        return self._standing


def _new(*, enabled: bool, by: Literal["person", "environment", "notice"]) -> Choice:
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Choice(enabled, contract.VERSION, str(uuid.uuid4()) if enabled else "", by, at)


def _write(settings: Settings, choice: Choice) -> None:
    Path(_written(settings, choice)).replace(path(settings))


def _write_first(settings: Settings, choice: Choice) -> Choice:
    """Record a choice unless there is one by now; what is recorded in the end."""
    written = _written(settings, choice)
    try:
        os.link(written, path(settings))
    except FileExistsError:
        return read(settings) or choice
    finally:
        written.unlink()
    return choice


def _written(settings: Settings, choice: Choice) -> Path:
    """The choice in a file of its own, beside the one that it is to become."""
    settings.directory.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=settings.directory, prefix=_FILE)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(choice), file)
    # Whoever enables it may be another user than the app runs as; nothing in it is secret.
    Path(name).chmod(0o644)
    return Path(name)


def _try(write: Callable[[], Written]) -> Written | None:
    try:
        return write()
    except OSError as error:
        _logger.info(
            "the telemetry choice can't be kept (%s): RHESIS_TELEMETRY_DIRECTORY names another place",
            type(error).__name__,
        )
        return None
