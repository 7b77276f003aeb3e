"""How much features are used: by day, feature and deployment type, small groups hidden.

What is summed over days is summed over what is shown of them, so that nothing can be had from the difference of two
periods that can't be had from the days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from telemetry_pipeline.dashboard.anonymity import WITHHELD, withheld
from telemetry_pipeline.dashboard.people import TYPES
from telemetry_pipeline.dashboard.reader import Reader
from telemetry_pipeline.dashboard.units import Value


class Feature(NamedTuple):
    """A feature, and what was done with it; without an action, uses that tell none."""

    name: str
    action: str | None

    def __str__(self) -> str:
        return f"{self.name}:{self.action}" if self.action else self.name


class Cell(NamedTuple):
    """What is counted: a feature's people on a day."""

    day: date
    feature: Feature
    deployment: str


class Day(NamedTuple):
    """A feature's day."""

    users: int
    uses: int


@dataclass(frozen=True, slots=True)
class Usage:
    """A deployment type's days by feature; `hidden` are the days of which nothing is shown."""

    days: dict[Cell, Day]
    hidden: frozenset[Cell]
    first_seen: dict[Feature, date]
    deployment: str

    @classmethod
    def read(cls, reader: Reader, first: date, last: date, k: int, deployment: str, name: str | None = None) -> "Usage":
        """Read the days from `first` to `last`, of all features or of one."""
        rows = reader.rows("features", first=first, last=last, feature=name)
        found = {
            Cell(date.fromisoformat(day), Feature(row.feature_name, row.action), row.deployment_type): Day(users, uses)
            for row in rows
            for day, users, uses in row.days
        }
        users = {cell: day.users for cell, day in found.items()}
        seen = {
            Feature(row.feature_name, row.action): row.first_seen for row in rows if row.deployment_type == deployment
        }
        return cls(found, withheld(users, _sums(users), k), seen, deployment)

    def users(self, feature: Feature, day: date) -> Value:
        """The people who used a feature on a day, as they may be shown."""
        cell = Cell(day, feature, self.deployment)
        return WITHHELD if cell in self.hidden else self.days.get(cell, Day(0, 0)).users

    def totals(self, since: date = date.min) -> dict[Feature, Day]:
        """Person-days and uses of each feature, over the days that are shown; the most used first."""
        totals: dict[Feature, Day] = {}
        for cell, day in self.days.items():
            if cell.deployment == self.deployment and cell.day >= since and cell not in self.hidden:
                before = totals.get(cell.feature, Day(0, 0))
                totals[cell.feature] = Day(before.users + day.users, before.uses + day.uses)
        return dict(sorted(totals.items(), key=lambda item: (-item[1].users, -item[1].uses, str(item[0]))))

    def only_hidden(self) -> set[Feature]:
        """Features of which no day is shown."""
        mine = {cell.feature for cell in self.days if cell.deployment == self.deployment}
        return mine - set(self.totals())


def _sums(users: dict[Cell, int]) -> Iterator[tuple[Cell, ...]]:
    for cell in users:
        if cell.deployment == "all":
            yield cell, *(cell._replace(deployment=one) for one in TYPES)
