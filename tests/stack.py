"""Fixtures: the whole pipeline as `telemetry up` runs it, over either Pub/Sub."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from brokers import google_emulator
from postgres import server_directory
from waiting import until

TELEMETRY = [sys.executable, "-m", "telemetry_pipeline"]
KEY = "6b" * 32

_START_SECONDS = 60


@dataclass
class Pipeline:
    """A pipeline that runs; `directory` is what `.local` is for a user."""

    process: "subprocess.Popen[str]"
    directory: Path
    output: Path

    @property
    def about(self) -> dict[str, Any]:
        """What stack.json says."""
        about: dict[str, Any] = json.loads((self.directory / "stack.json").read_text())
        return about

    @property
    def otlp_url(self) -> str:
        """Where events are posted to."""
        return str(self.about["otlp_url"])

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the analytics database."""
        url = sqlalchemy.make_url(self.about["database_url"]).set(drivername="postgresql+pg8000")
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def telemetry(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command of `telemetry` on this pipeline."""
        return subprocess.run(
            [*TELEMETRY, f"--settings={self.directory / 'telemetry.env'}", *arguments],
            capture_output=True,
            check=False,
            text=True,
            env=environment(),
        )

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def environment() -> dict[str, str]:
    """This process's environment without another pipeline's settings; the captures' age is no matter."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RHESIS_", "PUBSUB_"))}
    return inherited | {"RHESIS_MAX_AGE_DAYS": "3650"}


@contextmanager
def running(directory: Path, *arguments: str) -> Iterator[Pipeline]:
    """Run `telemetry up` in a directory until the block ends."""
    output = directory / "output"
    with output.open("w") as written:
        process = subprocess.Popen(
            [*TELEMETRY, "up", f"--directory={directory}", *arguments],
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
        )
    try:
        until(lambda: process.poll() is not None or "runs here" in output.read_text(), _START_SECONDS)
        assert process.poll() is None, output.read_text()
        yield Pipeline(process, directory, output)
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module", params=["local", "google"])
def pipeline(request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    """A pipeline over our Pub/Sub, and one over Google's emulator; its key is the one that tests know."""
    directory = server_directory()
    (directory / "pseudonym.key").write_text(KEY)
    with ExitStack() as stack:
        arguments = ["--port=0"]
        if request.param == "google":
            arguments.append(f"--pubsub-host={stack.enter_context(google_emulator())}")
        yield stack.enter_context(running(directory, *arguments))
    shutil.rmtree(directory)


def uncoloured(text: str) -> str:
    """Terminal output without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
