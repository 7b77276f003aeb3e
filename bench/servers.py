"""Functions in processes of their own, as they are deployed, and what they cost."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MAIN = Path(__file__).parents[1] / "functions" / "main.py"

NO_QUOTA = {"RHESIS_QUOTA_EVENTS_PER_SECOND": "0"}
"""A load of one sender measures the pipeline, not the sender's quota."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A function that runs: its port, and its process group."""

    port: int
    group: int

    def cpu_seconds(self) -> float:
        """What all its processes have used so far (Linux: proc(5), fields utime and stime)."""
        used = 0
        for process in members(self.group):
            with suppress(OSError):
                fields = _stat(process)
                used += int(fields[11]) + int(fields[12])
        return used / _TICKS


def members(group: int) -> Iterator[Path]:
    """The processes of a group, as directories of /proc (Linux: proc(5), field pgrp)."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(_stat(process)[2]) == group:
                yield process


def family(leader: int) -> Iterator[Path]:
    """The same and the children of the leader: Postgres gives each of its own a group (fields ppid and pgrp)."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(leader) in _stat(process)[1:3]:
                yield process


def _stat(process: Path) -> list[str]:
    """The fields of a process' stat, from its state on."""
    return (process / "stat").read_text().rpartition(")")[2].split()


@contextmanager
def serve(target: str, environment: Mapping[str, str] | None = None, source: Path = MAIN) -> Iterator[Server]:
    """Run a function under functions-framework until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", f"--source={source}", "--host=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **NO_QUOTA, "FUNCTION_TARGET": target, **(environment or {})},
        process_group=0,
    )
    try:
        _await(port)
        yield Server(port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@contextmanager
def stack(settings: Mapping[str, str] = NO_QUOTA) -> Iterator[dict[str, object]]:
    """Run the whole pipeline with further settings until the block ends; yields what its stack.json says."""
    directory = Path(tempfile.mkdtemp(prefix="rhesis-bench-"))
    directory.chmod(0o755)
    command = [sys.executable, "-m", "telemetry_pipeline", "up", "--port=0", f"--directory={directory}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **settings})
    about = directory / "stack.json"
    try:
        while process.poll() is None and not about.exists():
            time.sleep(0.05)
        yield json.loads(about.read_text())
    finally:
        process.terminate()
        try:
            process.wait(120)
        finally:
            shutil.rmtree(directory)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(port: int) -> None:
    """Wait until somebody accepts connections there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start within 30 seconds")


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the function did not start within 30 seconds")
