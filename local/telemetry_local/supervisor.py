"""Keeps the parts of the stack running: each in a process group of its own, started again when it dies."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from telemetry_local.postgres import Identity

_STOP_SECONDS = 10.0
_RESTART_SECONDS = 0.5
"""A part that dies sooner than this after its start waits for the rest of it, so that a fault doesn't spin."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack; `stop_signal` asks it to finish in good order."""

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    started_at: float


class Supervisor:
    """Starts parts, watches them, and stops them in the reverse order of their start."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by the parts' names."""
        return {name: running.process.pid for name, running in self._running.items()}

    def start(self, part: Part) -> None:
        """Start a part; its output is appended to its log."""
        with part.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **part.environment},
                process_group=0,
                preexec_fn=partial(_die_with_parent, part.stop_signal),
                **part.identity,
            )
        self._running[part.name] = _Running(part, process, time.monotonic())

    def replace(self, part: Part) -> None:
        """End a part, in good order, and start it as it is to be now."""
        self._stop(part.name)
        self.start(part)

    def dead(self) -> list[str]:
        """The names of the parts whose process has ended."""
        return [name for name, running in self._running.items() if running.process.poll() is not None]

    def revive(self) -> list[str]:
        """Start the parts that have died again, and return their names."""
        again = [name for name in self.dead() if self._may_restart(name)]
        for name in again:
            self._end_group(name, signal.SIGKILL)
            self.start(self._running[name].part)
        return again

    def stop(self) -> None:
        """Stop all parts, the last one that was started first: what feeds the others ends before them."""
        for name in reversed(self._running):
            self._stop(name)

    def _stop(self, name: str) -> None:
        running = self._running[name]
        self._end_group(name, running.part.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(_STOP_SECONDS)
        self._end_group(name, signal.SIGKILL)
        running.process.wait()

    def _may_restart(self, name: str) -> bool:
        return time.monotonic() - self._running[name].started_at >= _RESTART_SECONDS

    def _end_group(self, name: str, with_signal: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running[name].process.pid, with_signal)


def _die_with_parent(stop_signal: signal.Signals) -> None:
    """On Linux a part ends when the supervisor is killed outright; elsewhere the next start finds its port taken."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, stop_signal)
