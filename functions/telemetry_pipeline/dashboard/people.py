"""How many people are active, and where they come from: read together, since one betrays the other.

The people of a whole week are its new, returning and resurrected ones; they are also the 7 days' people on its Sunday.
The people of the week before are those who returned and those who are dormant now. What is hidden of these is decided
over all weeks and deployment types at once, so that it does not depend on the period that somebody looks at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from telemetry_pipeline.dashboard.anonymity import WITHHELD, withheld
from telemetry_pipeline.dashboard.reader import Reader
from telemetry_pipeline.dashboard.units import Value

TYPES = ("cloud", "self_hosted", "unknown")
DAILY = ("dau", "wau", "mau")
WEEKLY = ("new", "returning", "resurrected", "dormant")

Cell = tuple[str, date, str]

_BEGINNING = date(2000, 1, 1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class People:
    """Counts of people: by what is counted, day (for weeks the Monday) and deployment type."""

    counts: dict[Cell, int]
    hidden: frozenset[Cell]

    @classmethod
    def read_days(cls, reader: Reader, first: date, last: date, k: int) -> "People":
        """Read the days from `first` to `last` alone, for whoever shows only who was active in a day."""
        rows = reader.rows("active", first=first, last=last)
        counts = {("dau", row.day, row.deployment_type): row.dau for row in rows}
        return cls(counts, withheld(counts, _sums(counts), k))

    @classmethod
    def read(cls, reader: Reader, first: date, last: date, k: int) -> "People":
        """Read the days from `first` to `last` and their weeks; what is hidden among them is always the same."""
        begin = first if k == 1 else _BEGINNING
        counts: dict[Cell, int] = {}
        for row in reader.rows("active", first=begin, last=last):
            counts |= {(kind, row.day, row.deployment_type): getattr(row, kind) for kind in DAILY}
        for row in reader.rows("lifecycle", first=begin - _WEEK, last=last):
            counts |= {(kind, row.week, row.deployment_type): getattr(row, kind) for kind in WEEKLY}
        return cls(counts, withheld(counts, _sums(counts), k))

    @classmethod
    def read_published(cls, reader: Reader, first: date, last: date, k: int) -> "People":
        """Read of the days from `first` to `last` what everybody may know; it is hidden already."""
        counts: dict[Cell, int] = {}
        hidden: set[Cell] = set()
        for row in reader.rows("public_active", first=first, last=last, k=k):
            for kind in DAILY:
                cell, count = (kind, row.day, "all"), getattr(row, kind)
                if count is None:
                    hidden.add(cell)
                else:
                    counts[cell] = count
        return cls(counts, frozenset(hidden))

    def shown(self, kind: str, day: date, deployment: str) -> Value:
        """A count as it may be shown; none where there is none."""
        cell = (kind, day, deployment)
        return WITHHELD if cell in self.hidden else self.counts.get(cell)

    def stickiness(self, day: date, deployment: str) -> Value:
        """The day's people over the 30 days' people."""
        daily, monthly = self.shown("dau", day, deployment), self.shown("mau", day, deployment)
        if isinstance(daily, int) and isinstance(monthly, int):
            return round(daily / monthly, 4) if monthly else None
        return daily if daily is None else WITHHELD

    def weeks(self, deployment: str) -> list[date]:
        """The weeks that are known of a deployment type."""
        return sorted(day for kind, day, of in self.counts if kind == "new" and of == deployment)


def _sums(counts: dict[Cell, int]) -> Iterator[tuple[Cell, ...]]:
    for kind, day, deployment in counts:
        if deployment == "all":
            yield ((kind, day, "all"), *((kind, day, one) for one in TYPES))
        if kind == "new":
            yield from _sums_of_week(day, deployment)


def _sums_of_week(week: date, deployment: str) -> Iterator[tuple[Cell, ...]]:
    sunday = week + timedelta(days=6)
    yield ("wau", sunday, deployment), *((kind, week, deployment) for kind in WEEKLY[:3])
    yield ("wau", sunday - _WEEK, deployment), ("returning", week, deployment), ("dormant", week, deployment)
