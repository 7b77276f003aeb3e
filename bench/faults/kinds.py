"""The faults: each breaks something for as long as its block lasts, and heals it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.faults.proxy import Proxy
from bench.servers import members

_RESTART_SECONDS = 60.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Target:
    """What can be broken: the stack in a directory, and the proxies before its parts, by what they carry."""

    directory: Path
    proxies: dict[str, Proxy]

    def pid(self, part: str) -> int:
        """The process of a part, which leads a group."""
        about = json.loads((self.directory / "stack.json").read_text())
        return int(about["pids"][part])


Fault = Callable[[Target, Random], AbstractContextManager[None]]


def killed(part: str) -> Fault:
    """Kill -9 a part with all its processes; it is started again by the supervisor."""
    return _ended(part, signal.SIGKILL)


def restarted(part: str) -> Fault:
    """End a part in good order, in the middle of its work."""
    return _ended(part, signal.SIGINT if part == "postgres" else signal.SIGTERM)


def paused(part: str) -> Fault:
    """Stop a part with all its processes, as a host does that has no time for it."""

    @contextmanager
    def fault(target: Target, _dice: Random) -> Iterator[None]:
        group = target.pid(part)
        _signal(group, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(group, signal.SIGCONT)

    return fault


def full(part: str) -> Fault:
    """Let no file of a part grow any further, which is what a full disk does to it (setrlimit(2), RLIMIT_FSIZE)."""

    @contextmanager
    def fault(target: Target, _dice: Random) -> Iterator[None]:
        group = target.pid(part)
        _limit(group, "4096")
        try:
            yield
        finally:
            _limit(group, "unlimited")

    return fault


def cut(connection: str) -> Fault:
    """Cut all connections again and again, in the middle of what they carry."""

    @contextmanager
    def fault(target: Target, dice: Random) -> Iterator[None]:
        proxy = target.proxies[connection]
        for _ in range(dice.randint(1, 5)):
            proxy.drop()
            time.sleep(dice.random() * 0.3)
        yield

    return fault


def refused(connection: str) -> Fault:
    """Cut all connections, and refuse new ones."""
    return _proxied(connection, lambda proxy, _: proxy.refuse())


def delayed(connection: str) -> Fault:
    """Hold back whatever is carried."""
    return _proxied(connection, lambda proxy, dice: proxy.delay(dice.uniform(0.01, 0.5)))


def stopped(connection: str) -> Fault:
    """Carry nothing, with the connections open."""
    return _proxied(connection, lambda proxy, _: proxy.stop())


def migrations_killed(environment: dict[str, str], make_database: Callable[[], str]) -> Fault:
    """Kill -9 the migration of an empty database at any moment; run again, it ends well."""

    @contextmanager
    def fault(_target: Target, dice: Random) -> Iterator[None]:
        command = [sys.executable, "-m", "telemetry_pipeline", "migrate"]
        settings = {**environment, "RHESIS_DATABASE_URL": make_database()}
        process = subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(dice.uniform(0.5, 4))
        process.kill()
        process.wait()
        yield
        subprocess.run(command, env=settings, check=True, capture_output=True)

    return fault


def _ended(part: str, with_signal: signal.Signals) -> Fault:
    @contextmanager
    def fault(target: Target, dice: Random) -> Iterator[None]:
        for _ in range(dice.randint(1, 3)):
            before = target.pid(part)
            _signal(before, with_signal, whole_group=with_signal == signal.SIGKILL)
            deadline = time.monotonic() + _RESTART_SECONDS
            while target.pid(part) == before:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{part} was not started again within {_RESTART_SECONDS:.0f} s")
                time.sleep(_POLL_SECONDS)
            time.sleep(dice.random())
        yield

    return fault


def _proxied(connection: str, begin: Callable[[Proxy, Random], None]) -> Fault:
    @contextmanager
    def fault(target: Target, dice: Random) -> Iterator[None]:
        proxy = target.proxies[connection]
        begin(proxy, dice)
        try:
            yield
        finally:
            proxy.heal()

    return fault


def _signal(group: int, number: signal.Signals, *, whole_group: bool = True) -> None:
    with suppress(ProcessLookupError):
        if whole_group:
            os.killpg(group, number)
        else:
            os.kill(group, number)


def _limit(group: int, most: str) -> None:
    """Set the soft limit, as the user that the process belongs to (util-linux' prlimit)."""
    for process in members(group):
        with suppress(FileNotFoundError):
            owner = process.stat()
            command = ["prlimit", f"--pid={process.name}", f"--fsize={most}:"]
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL, user=owner.st_uid, group=owner.st_gid)
