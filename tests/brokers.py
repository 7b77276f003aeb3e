"""The two brokers that tests run against, each as a process of its own: ours, and Google's emulator."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from waiting import until

_STOP_SECONDS = 10
_START_SECONDS = 60


class LocalBroker:
    """Our broker over the database in one directory, to be stopped, killed and started again on the same port."""

    def __init__(self, directory: Path) -> None:
        self.database = directory / "pubsub.db"
        self._log = directory / "pubsub.log"
        self._port = 0
        self.start()

    @property
    def host(self) -> str:
        """What PUBSUB_EMULATOR_HOST has to be."""
        return f"127.0.0.1:{self._port}"

    @property
    def output(self) -> str:
        """What it has logged since its last start."""
        return self._log.read_text()

    def start(self) -> None:
        """Start it, or start it again after `stop` or `kill`."""
        command = [sys.executable, "-m", "telemetry_local.pubsub"]
        with self._log.open("w") as output:
            self.process = subprocess.Popen(
                [*command, "--port", str(self._port), "--database", self.database], stdout=output
            )
        self._port = json.loads(until(self._first_line, _START_SECONDS))["port"]

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.terminate()
        return self.process.wait(_STOP_SECONDS)

    def kill(self) -> None:
        """Give it no chance to save anything."""
        self.process.kill()
        self.process.wait(_STOP_SECONDS)

    def _first_line(self) -> str:
        assert self.process.poll() is None, f"the broker ended with exit code {self.process.returncode}"
        line, end, _ = self.output.partition("\n")
        return line if end else ""


@contextmanager
def local_broker(directory: Path) -> Iterator[str]:
    """Our broker, its data in `directory`; yields its `host:port`."""
    broker = LocalBroker(directory)
    try:
        yield broker.host
    finally:
        broker.stop()


@contextmanager
def google_emulator() -> Iterator[str]:
    """Google's emulator, which keeps nothing; yields its `host:port`, or skips where it isn't installed."""
    _skip_without_emulator()
    host = f"127.0.0.1:{_free_port()}"
    with tempfile.TemporaryDirectory() as directory, Path(directory, "log").open("w+") as output:
        process = subprocess.Popen(
            [
                *("gcloud", "beta", "emulators", "pubsub", "start", "--project=demo"),
                *(f"--host-port={host}", f"--data-dir={directory}"),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
            start_new_session=True,  # gcloud leaves java behind when it alone is stopped
        )
        try:
            until(lambda: _answers(host, process), _START_SECONDS)
            yield host
        finally:
            _stop_group(process)


def _skip_without_emulator() -> None:
    for program in ("gcloud", "java"):
        if shutil.which(program) is None:
            pytest.skip(f"Google's emulator needs {program}")
    sdk = subprocess.run(
        ["gcloud", "info", "--format=value(installation.sdk_root)"], capture_output=True, text=True, check=True
    )
    if not Path(sdk.stdout.strip(), "platform", "pubsub-emulator").is_dir():
        pytest.skip("Google's emulator is not installed; see: gcloud components install pubsub-emulator")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(host: str, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, f"the emulator ended with exit code {process.returncode}"
    address, port = host.split(":")
    try:
        socket.create_connection((address, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _stop_group(process: "subprocess.Popen[bytes]") -> None:
    """Java is waited for by nobody, so the group itself tells when it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
