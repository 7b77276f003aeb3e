"""The unit in which the database keeps time."""

import time

MICROSECONDS = 1_000_000
"""In a second."""


def now() -> int:
    """Microseconds since 1970, by the clock that survives a restart."""
    return time.time_ns() // 1000
