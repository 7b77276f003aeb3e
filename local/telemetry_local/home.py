"""The directory of a local stack (`.local`): its data, its key, its logs, and the files that say where it is."""

import fcntl
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from telemetry_pipeline.files import write_private


class HomeInUseError(Exception):
    """Another stack runs in this directory."""


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

    def pseudonym_key(self) -> str:
        """The key of pseudonyms, in hexadecimal: made at the first start and kept, so that people stay themselves."""
        file = self.directory / "pseudonym.key"
        if not file.exists():
            write_private(file, secrets.token_hex(32))
        return file.read_text()

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
