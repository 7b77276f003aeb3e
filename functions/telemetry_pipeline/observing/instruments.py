"""Counters and histograms that cost a request about a microsecond, and from which OpenTelemetry's SDK is fed later.

The SDK's own instruments take several microseconds a call, and a tenth of a second to import. So what is measured is
summed up here, and only the thread that exports it (`export.py`) knows the SDK.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

Values = tuple[str | int, ...]
"""The values of an instrument's attributes, in their order; an empty text stands for an attribute that is not set."""

_MOST_SERIES = 200
_OVERFLOW: Values = ("otel.metric.overflow",)
"""Where all goes that would make more series than an instrument may have (OpenTelemetry's "cardinality limits")."""


class Switch:
    """Whether anything is measured at all."""

    is_on = False


@dataclass(slots=True)
class Distribution:
    """What a histogram knows of one series: how many values were below or at each boundary, and above the last."""

    counts: list[int]
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)


class Instrument:
    """What counters and histograms have in common: a name, and attributes that are known beforehand.

    Args:
        name: As in OpenTelemetry's semantic conventions, or `rhesis.…` where these have none.
        unit: A unit of UCUM, such as `s` or `{span}`.
        description: What one value is.
        attributes: The names of its attributes. A value is one of few, never from a payload, a header or an address.
    """

    def __init__(self, name: str, unit: str, description: str, *attributes: str) -> None:
        self.name = name
        self.unit = unit
        self.description = description
        self.attributes = attributes
        self._lock = Lock()

    def named(self, values: Values) -> dict[str, str | int]:
        """Attributes by name, without those that are not set."""
        if values == _OVERFLOW:
            return {str(_OVERFLOW[0]): "true"}
        return {name: value for name, value in zip(self.attributes, values, strict=True) if value != ""}


class Counter(Instrument):
    """Adds up."""

    def __init__(self, name: str, unit: str, description: str, *attributes: str) -> None:
        super().__init__(name, unit, description, *attributes)
        self._sums: dict[Values, int] = {}

    def add(self, amount: int, *values: str | int) -> None:
        """Add to the series of these values."""
        if not Switch.is_on:
            return
        with self._lock:
            if values not in self._sums and len(self._sums) >= _MOST_SERIES:
                values = _OVERFLOW
            self._sums[values] = self._sums.get(values, 0) + amount

    def series(self) -> Iterator[tuple[Values, int]]:
        """The sums since the instance's start."""
        with self._lock:
            return iter(list(self._sums.items()))


class Histogram(Instrument):
    """Counts values by how large they are."""

    def __init__(self, name: str, unit: str, description: str, boundaries: tuple[float, ...], *attributes: str) -> None:
        super().__init__(name, unit, description, *attributes)
        self.boundaries = boundaries
        self._distributions: dict[Values, Distribution] = {}

    def record(self, value: float, *values: str | int) -> None:
        """Note a value in the series of these values of attributes."""
        if not Switch.is_on:
            return
        with self._lock:
            known = self._distributions.get(values) or self._begin(values)
            known.counts[bisect_left(self.boundaries, value)] += 1
            known.total += value
            known.least = min(known.least, value)
            known.most = max(known.most, value)

    def series(self) -> Iterator[tuple[Values, Distribution]]:
        """The distributions since the instance's start."""
        with self._lock:
            return iter(
                [
                    (values, Distribution(list(one.counts), one.total, one.least, one.most))
                    for values, one in self._distributions.items()
                ]
            )

    def _begin(self, values: Values) -> Distribution:
        if len(self._distributions) >= _MOST_SERIES:
            values = _OVERFLOW
        return self._distributions.setdefault(values, Distribution([0] * (len(self.boundaries) + 1)))
