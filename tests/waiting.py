"""Waiting for what another thread or process does: a condition with a deadline, never a sleep and a hope."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

_INTERVAL_SECONDS = 0.01


def until(condition: Callable[[], Value], seconds: float) -> Value:
    """Ask again and again until `condition()` is true, and return what it gave.

    Raises:
        AssertionError: It was not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s; the last value was {value!r}"
        time.sleep(_INTERVAL_SECONDS)
    return value
