"""Structured logs: one JSON line per event on standard output, in the form that Cloud Logging reads.

What may be logged is a count, a size, a duration, an outcome or an identifier of ours; never anything from a payload, a
header or an address (docs: cloud.google.com/logging/docs/structured-logging).
"""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def log(severity: Severity, event: str, **fields: float | str | Mapping[str, int]) -> None:
    """Write one line: `event` is a constant, whatever varies is a field.

    Where it can't be written, on a full disk, say, it is lost: whoever logs has better to do than to fail of it.
    """
    entry = {"severity": severity, "message": event, "time": datetime.now(UTC).isoformat()} | fields
    with suppress(OSError):
        sys.stdout.write(json.dumps(entry) + "\n")
        sys.stdout.flush()
