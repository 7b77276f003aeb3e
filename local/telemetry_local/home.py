"""The directory of a local stack (`.local`): its data, its key, its logs, and the files that say where it is."""

import fcntl
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from telemetry_pipeline.files import write_private


class HomeInUseError(Exception):
    """Another stack runs in this directory."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of pseudonyms, in hexadecimal, its number, and while two overlap the one before and since when that is.

    `unlinked_epoch` is the last key whose predecessor is destroyed.
    """

    epoch: int
    key: str = field(repr=False)
    previous: str = field(default="", repr=False)
    since: str = ""
    unlinked_epoch: int = 0

    def rotated(self, since: str) -> "Keys":
        """A new key, and this one kept beside it."""
        return Keys(self.epoch + 1, secrets.token_hex(32), self.key, since, self.unlinked_epoch)

    def environment(self) -> dict[str, str]:
        """The settings of the functions that need them."""
        return {
            "RHESIS_PSEUDONYM_KEY": self.key,
            "RHESIS_PSEUDONYM_KEY_EPOCH": str(self.epoch),
            "RHESIS_PREVIOUS_PSEUDONYM_KEY": self.previous,
            "RHESIS_PSEUDONYM_KEY_SINCE": self.since,
            "RHESIS_UNLINKED_KEY_EPOCH": str(self.unlinked_epoch),
        }


class Home:
    """The directory's files, by name. Whatever is secret can be read by its owner only."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.logs = self.directory / "logs"
        self.postgres = self.directory / "postgres"
        self.bus = self.directory / "pubsub.sqlite"
        self.bigquery = self.directory / "bigquery"
        self.settings = self.directory / "telemetry.env"
        self.stack = self.directory / "stack.json"
        self._first_key = self.directory / "pseudonym.key"
        self._keys = self.directory / "keys.json"
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make the directory where it is missing, and take it for this process.

        Raises:
            HomeInUseError: It is taken.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        self._lock = (self.directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUseError(
                f"a stack runs in {self.directory} already; stop it, or choose another place with --directory"
            ) from None

    def keys(self) -> Keys:
        """The keys of pseudonyms; the first is made at the first start and kept, so that people stay themselves."""
        if kept := self.kept_keys():
            return kept
        first = Keys(1, secrets.token_hex(32))
        write_private(self._first_key, first.key)
        return first

    def kept_keys(self) -> Keys | None:
        """The keys that are there, if any are."""
        if self._keys.exists():
            return Keys(**json.loads(self._keys.read_text()))
        return Keys(1, self._first_key.read_text().strip()) if self._first_key.exists() else None

    def write_keys(self, keys: Keys) -> None:
        """Keep other keys from now on, and none of those that are not among them."""
        write_private(self._keys, json.dumps(asdict(keys)) + "\n")
        self._first_key.unlink(missing_ok=True)

    def api_keys(self) -> str:
        """The API keys' names and hashes, as `telemetry api-keys` keeps them; empty where there are none."""
        file = self.directory / "api-keys"
        return ",".join(file.read_text().split()) if file.exists() else ""

    def write_settings(self, environment: Mapping[str, str]) -> None:
        """Write the environment variables that `telemetry` reads to find this stack."""
        write_private(self.settings, "".join(f"{name}={value}\n" for name, value in environment.items()))

    def write_stack(self, stack: Mapping[str, object]) -> None:
        """Write `stack.json`, whole at every moment."""
        write_private(self.stack, json.dumps(stack, indent=2) + "\n")

    def remove_stack(self) -> None:
        """Remove `stack.json`: nothing runs here any more."""
        self.stack.unlink(missing_ok=True)
