"""What a page is made of: cards, charts, and the table that each chart is drawn from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from telemetry_pipeline.dashboard.anonymity import Hidden
from telemetry_pipeline.dashboard.units import Unit, Value

Kind = Literal["lines", "stacked", "columns", "ranked", "heat", "table"]
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    One whose `is_drawn` is false is in the table and not in the chart. Columns that are `is_past` stand after those
    that they are compared with, in the same order.
    """

    label: str
    unit: Unit = "count"
    is_drawn: bool = True
    is_past: bool = False

    @property
    def before(self) -> "Column":
        """The column of the same values, of the days that they are compared with."""
        return replace(self, label=f"{self.label}, before", is_past=True)

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right."""
        return self.unit not in {"text", "day", "time"}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first column names the row, and `links` are where the rows lead, if anywhere."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    links: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: Iterable[Column], rows: Iterable[Sequence[Value]], links: Iterable[str] = ()) -> "Table":
        """A table of any iterables."""
        return cls(tuple(columns), tuple(tuple(row) for row in rows), tuple(links))

    @property
    def has_hidden(self) -> bool:
        """Whether a value of it is hidden."""
        return any(isinstance(value, Hidden) for row in self.rows for value in row)


@dataclass(frozen=True, slots=True)
class Chart:
    """A table, and how it is drawn.

    `title` says what is to be seen, where that can be computed; `about` what is drawn. `definition` are the words of
    the view that the figures come from.
    """

    name: str
    title: str
    kind: Kind
    table: Table
    about: str = ""
    definition: str = ""
    switches: tuple["Switch", ...] = ()
    is_wide: bool = False

    @property
    def peak(self) -> float:
        """The largest value in the first drawn column: what the longest bar stands for."""
        drawn = next((number for number, one in enumerate(self.table.columns) if number and one.is_drawn), 1)
        numbers = [value for row in self.table.rows if isinstance(value := row[drawn], int | float)]
        return float(max(numbers, default=0))


@dataclass(frozen=True, slots=True)
class Switch:
    """A link to another way to look at a chart."""

    label: str
    address: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One figure, how it changed, how it got there, and what it counts."""

    label: str
    value: Value
    unit: Unit = "count"
    change: str = ""
    direction: Literal["up", "down", "level"] = "level"
    note: str = ""
    definition: str = ""
    trend: tuple[float | None, ...] = ()
    is_better_low: bool = False

    @property
    def tone(self) -> Literal["better", "worse", "level"]:
        """Whether the change is one to the better."""
        if self.direction == "level":
            return "level"
        return "better" if (self.direction == "down") == self.is_better_low else "worse"


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    `controls` are the filters that it obeys, and `choices` what those with a list offer; `reasons` say why it can't
    obey another, where there is more to say than that it can't. `template` shows it, and `extra` is what only that
    template knows.
    """

    title: str
    lead: str = ""
    cards: tuple[Card, ...] = ()
    charts: tuple[Chart, ...] = ()
    controls: tuple[str, ...] = ()
    template: str = "page.html"
    extra: object = None
    notes: tuple[str, ...] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
