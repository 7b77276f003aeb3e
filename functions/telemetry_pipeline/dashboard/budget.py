"""The error budget: how much of what may go wrong in 30 days has (sre.google/workbook/error-budget-policy)."""

from dataclasses import dataclass
from typing import Any

from telemetry_pipeline.dashboard.units import shown
from telemetry_pipeline.dashboard.view import Chart, Column, Table


@dataclass(frozen=True, slots=True)
class Promise:
    """Of so many events at least the share `goal` is good; `broken` says how many were not."""

    name: str
    goal: float
    events: int
    broken: int

    @property
    def allowed(self) -> float:
        """How many may be bad."""
        return self.events * (1 - self.goal)

    @property
    def left(self) -> float | None:
        """The share of these that is left; below zero where more were, none where nothing came."""
        return 1 - self.broken / self.allowed if self.events else None


def promises(counted: Any, dead_letters: int | None) -> tuple[Promise, ...]:  # noqa: ANN401 - a row of the query
    """What is promised, and how it went; whole messages that are not stored count as one event each."""
    lost = counted.rejected + counted.parked + (dead_letters or 0)
    return (
        Promise("Stored: neither rejected, parked nor a dead letter", 0.999, counted.events + lost, lost),
        Promise("On time: at ingest within 5 minutes of happening", 0.95, counted.events, counted.late),
    )


def chart(counted: Any, dead_letters: int | None) -> Chart:  # noqa: ANN401 - a row of the query
    """The budget as a table."""
    kept = promises(counted, dead_letters)
    left = [promise.left for promise in kept if promise.left is not None]
    least = f"{shown(max(min(left), 0.0), 'share')} of the error budget is left" if left else "The error budget"
    return Chart(
        "budget",
        least,
        "table",
        Table.of(
            [
                Column("Promise", "text"),
                Column("Goal", "rate"),
                Column("Events"),
                Column("Broken"),
                Column("Allowed"),
                Column("Budget left", "share"),
            ],
            [(one.name, one.goal, one.events, one.broken, round(one.allowed, 1), one.left) for one in kept],
        ),
        "What may go wrong in 30 days, and what did: an event that is late or not stored spends of it. What is brought "
        "in afterwards, as a demo or an import is, counts as late. Requests that fail, and the time from ingest to the "
        "row, are measured by Cloud Monitoring",
        is_wide=True,
    )
