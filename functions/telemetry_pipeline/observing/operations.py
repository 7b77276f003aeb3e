"""Something that a function does for a request: how long it takes, how it ends, and a span where a trace is kept."""

import time
from types import TracebackType

from telemetry_pipeline.observing import traces
from telemetry_pipeline.observing.instruments import Histogram, Switch


class Operation:
    """Measures a block, as `with Operation(…):`; an exception that passes through is its `error.type`.

    Args:
        histogram: Where the duration goes; the last of its attributes is `error.type`.
        name: The span's.
        values: Of the histogram's attributes, all but `error.type`.
    """

    __slots__ = ("_begun", "_histogram", "_name", "_values")

    def __init__(self, histogram: Histogram, name: str, *values: str | int) -> None:
        self._histogram = histogram
        self._name = name
        self._values = values
        self._begun = 0

    def __enter__(self) -> None:
        if Switch.is_on:
            self._begun = time.time_ns()

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        if not self._begun:
            return
        ended = time.time_ns()
        error = kind.__name__ if kind else ""
        values = (*self._values, error)
        self._histogram.record((ended - self._begun) / 1e9, *values)
        if trace := traces.current():
            named = self._histogram.named(values)
            trace.add(traces.Span(self._name, _kind(named), self._begun, ended, named, error))


def _kind(attributes: dict[str, str | int]) -> str:
    operation = attributes.get("messaging.operation.type")
    if operation:
        return "PRODUCER" if operation == "send" else "CONSUMER"
    return "CLIENT" if "db.system.name" in attributes else "INTERNAL"
