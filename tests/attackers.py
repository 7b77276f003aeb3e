"""Somebody who knows how counts of people hang together and solves for those that are hidden; and people to count."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from random import Random

from expected_views import Event

WEEKS = 12
TYPES = ("all", "cloud", "self_hosted", "unknown")

Cell = tuple[str, str, str]
"""What is counted, the day (or else what it is counted by), and the deployment type."""

Row = dict[Cell | None, Fraction]
"""An equation: coefficients of unknown cells, and under None what they add up to."""


def today() -> date:
    """The day that it is, in UTC."""
    return datetime.now(UTC).date()


def few_people(seed: int, people: int = 18) -> Iterator[Event]:
    """A dozen and a half people, none in two deployment types, so that parts add up exactly: the worst case."""
    dice = Random(seed)
    for number in range(people):
        home = dice.choices(TYPES[1:], (10, 6, 1))[0]
        came = dice.randrange(7 * WEEKS)
        version = dice.choice(("1.0", "1.1", "1.2"))
        for ago in range(came + 1):
            if ago == came or dice.random() < 0.12:
                at = datetime.combine(today() - timedelta(days=ago), time(), UTC)
                yield Event(
                    kind="feature_usage",
                    timestamp=at,
                    received_at=at,
                    user_id=f"person-{number}",
                    deployment_type=home,
                    feature_name=dice.choice(("project", "test")),
                    service_name="backend",
                    service_version=version,
                )


@dataclass
class Attacker:
    """Knows how the numbers hang together, and solves for those that are hidden."""

    known: dict[Cell, int] = field(default_factory=dict)
    hidden: set[Cell] = field(default_factory=set)
    sums: list[tuple[Cell, ...]] = field(default_factory=list)

    def note(self, cell: Cell, count: int | None) -> None:
        """Write down what is shown in one place; what is hidden here may be shown elsewhere."""
        if count is None:
            self.hidden.add(cell)
        else:
            self.known[cell] = count

    def determined(self) -> dict[Cell, Fraction]:
        """The hidden cells that have only one possible value, by elimination."""
        rows = _eliminated(row for cells in self.sums if len(row := self._row(cells)) > 1)
        return {cell: row[None] for cell, row in rows.items() if len(row) == 2}

    def _row(self, cells: tuple[Cell, ...]) -> Row:
        """A sum, whole less parts; the known moved to the other side."""
        row: Row = {None: Fraction(0)}
        for cell, sign in zip(cells, (1, *[-1] * (len(cells) - 1)), strict=True):
            if cell in self.known:
                row[None] -= sign * self.known[cell]
            elif cell in self.hidden:
                row[cell] = row.get(cell, Fraction(0)) + sign
        return row


def _eliminated(equations: Iterator[Row]) -> dict[Cell, Row]:
    """The equations in reduced form: each solved for a cell that is in no other."""
    solved: dict[Cell, Row] = {}
    for equation in equations:
        row = dict(equation)
        for cell in [one for one in row if one in solved]:
            _subtract(row, solved[cell], row[cell])  # type: ignore[index]
        pivot = next((cell for cell in row if cell is not None), None)
        if pivot is None:
            continue
        factor = row[pivot]
        row = {cell: coefficient / factor for cell, coefficient in row.items()}
        for other in solved.values():
            if pivot in other:
                _subtract(other, row, other[pivot])
        solved[pivot] = row
    return solved


def _subtract(row: Row, other: Row, times: Fraction) -> None:
    for cell, coefficient in other.items():
        left = row.get(cell, Fraction(0)) - times * coefficient
        if left or cell is None:
            row[cell] = left
        else:
            row.pop(cell, None)
