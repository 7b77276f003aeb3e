"""Servers in processes of their own."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from waiting import until

_START_SECONDS = 60
_STOP_SECONDS = 30


@contextmanager
def serving(command: Sequence[str], url: str, log: Path, **options: Any) -> Iterator[None]:
    """A server that answers at `url`, until the block ends; what it says goes to `log`, `options` to `Popen`."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
    try:
        until(lambda: process.poll() is not None or _answers(url), _START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
