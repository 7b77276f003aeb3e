"""Retention: do people come back, and does that get better from cohort to cohort?"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.anonymity import WITHHELD, is_small, withheld
from telemetry_pipeline.dashboard.people import TYPES, People
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.units import Unit, Value
from telemetry_pipeline.dashboard.view import Chart, Column, Page, Switch, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_COHORTS = {"week": 12, "month": 12}
_DAYS = {"week": 7, "month": 31}
_N_DAY_SPAN = 90
_N_DAY = "Who is there again after some days"

Cell = tuple[date, int, str]


def view(visit: Visit) -> Page:
    """The page; `by` is week or month, `show` is rate or count."""
    by = visit.arguments.get("by") if visit.arguments.get("by") in _COHORTS else "week"
    show = "count" if visit.arguments.get("show") == "count" else "rate"
    return Page(
        title="Retention",
        lead="Who comes back?",
        charts=(_cohorts(visit, str(by), show), _n_day(visit, show)),
        controls=("compare", "deployment"),
        reasons={
            "period": "its spans are fixed, since two that overlap would betray who came in one of them alone",
            "version": "people are followed from one version to the next",
            "feature": "it follows whether people come, whatever they use",
        },
    )


def _cohorts(visit: Visit, by: str, show: str) -> Chart:
    first = visit.today - timedelta(days=_COHORTS[by] * _DAYS[by])
    rows = visit.reader.rows("cohorts", period=by, first=first)
    hidden = _hidden(visit, rows, by)
    deployment = visit.filters.deployment
    cells = {(row.cohort, row.age): row for row in rows if row.deployment_type == deployment}
    sizes = {cohort: row.cohort_size for (cohort, age), row in cells.items() if age == 0}
    ages = range(1, 1 + max((age for (_, age), row in cells.items() if row.complete), default=0))
    unit: Unit = "share" if show == "rate" else "count"
    columns = [Column("Cohort", "day"), Column("People", is_drawn=False)]
    columns += [Column(f"{by.capitalize()} {age}", unit) for age in ages]
    table = [
        (
            cohort,
            WITHHELD if (cohort, 0, deployment) in hidden else size,
            *(_retained(cells.get((cohort, age)), hidden, show) for age in ages),
        )
        for cohort, size in sizes.items()
    ]
    return Chart(
        "cohorts",
        _finding(table, by, show),
        "heat",
        Table.of(columns, table),
        f"People by the {by} they first came, and how many of them were active so many {by}s later",
        words_of("retention_cohorts"),
        (
            *_switches(visit, "by", ("week", "month"), by, show=show),
            *_switches(visit, "show", ("rate", "count"), show, by=by),
        ),
        is_wide=True,
    )


def _retained(row: Any, hidden: frozenset[Cell], show: str) -> Value:  # noqa: ANN401 - a row of the query
    if row is None or not row.complete:
        return None
    if {(row.cohort, row.age, row.deployment_type), (row.cohort, 0, row.deployment_type)} & hidden:
        return WITHHELD
    return round(row.retained / row.cohort_size, 4) if show == "rate" else int(row.retained)


def _hidden(visit: Visit, rows: Rows, by: str) -> frozenset[Cell]:
    """Cells that are small, those that lack a small part of their cohort, and what would betray either."""
    if visit.k == 1:
        return frozenset()
    counts: dict[Cell, int] = {(row.cohort, row.age, row.deployment_type): row.retained for row in rows}
    sums = [((cohort, age, "all"), *((cohort, age, one) for one in TYPES)) for cohort, age, _ in counts]
    gone = {
        (row.cohort, row.age, row.deployment_type) for row in rows if is_small(row.cohort_size - row.retained, visit.k)
    }
    return withheld(counts, sums, visit.k) | gone | _new_elsewhere(visit, counts, by)


def _new_elsewhere(visit: Visit, counts: Mapping[Cell, int], by: str) -> set[Cell]:
    """A week's cohort is the week's new people: hidden there, hidden here."""
    if by != "week":
        return set()
    people = People.read(visit.reader, visit.today, visit.today, visit.k)
    return {(cohort, age, of) for cohort, age, of in counts if ("new", cohort, of) in people.hidden}


def _finding(table: list[tuple[Value, ...]], by: str, show: str) -> str:
    known = [
        (number, size)
        for row in table
        if len(row) > 2
        and (number := findings.number(row[2])) is not None
        and (size := findings.number(row[1])) is not None
    ]
    people = sum(size for _, size in known)
    if not people:
        return "Who comes back"
    back = sum(number * size if show == "rate" else number for number, size in known)
    return f"{findings.share(back, people)} of new people are back in the {by} after"


def _switches(visit: Visit, name: str, values: tuple[str, ...], now: str, **others: str) -> Iterator[Switch]:
    for value in values:
        address = visit.link("/retention", **{name: value}, **others)
        yield Switch(value.capitalize(), address, value == now)


def _n_day(visit: Visit, show: str) -> Chart:
    shift = _shift(visit)
    now = _returns(visit, visit.today, show)
    before = {n: average for n, average, _ in _returns(visit, visit.today - shift, show)} if shift else {}
    table: list[tuple[Value, ...]] = [(*row, *([before.get(row[0])] if shift else [])) for row in now]
    unit: Unit = "rate" if show == "rate" else "count"
    columns = [Column(f"Average of {_N_DAY_SPAN} days", unit), Column("Newest cohorts", unit)]
    week = findings.number(table[1][1]) if len(table) > 1 and show == "rate" else None
    return Chart(
        "n-day",
        f"{week * 100:.0f}\u00a0% are there on the seventh day after their first" if week is not None else _N_DAY,
        "lines",
        Table.of([Column("Day", "count"), *columns, *([columns[0].before] if shift else [])], table),
        f"People who came in the last {_N_DAY_SPAN} days, active so many days after; newest: the last seven such days",
        words_of("retention_n_day"),
        is_wide=True,
    )


def _shift(visit: Visit) -> timedelta | None:
    """How far back lie the cohorts that these are compared with."""
    return timedelta(days=_N_DAY_SPAN) if visit.filters.compare == "previous" else visit.filters.shift


def _returns(visit: Visit, end: date, show: str) -> list[tuple[int, Value, Value]]:
    """By the number of days: how many were there again, of the cohorts of 90 days before `end`, and of the newest."""
    rows = visit.reader.rows("n_day", first=end - timedelta(days=_N_DAY_SPAN), last=end - timedelta(days=1))
    hidden = _hidden_returns(rows, visit.k)
    return [
        (
            row.n,
            _share(row, "retained", "cohort_size", hidden, show),
            _share(row, "new_retained", "new_size", hidden, show),
        )
        for row in rows
        if row.deployment_type == visit.filters.deployment
    ]


def _share(row: Any, part: str, whole: str, hidden: frozenset[tuple[int, str, str]], show: str) -> Value:  # noqa: ANN401
    if (row.n, row.deployment_type, part) in hidden:
        return WITHHELD
    if not getattr(row, whole):
        return None
    return round(getattr(row, part) / getattr(row, whole), 4) if show == "rate" else int(getattr(row, part))


def _hidden_returns(rows: Rows, k: int) -> frozenset[tuple[int, str, str]]:
    hidden: frozenset[tuple[int, str, str]] = frozenset()
    for part, whole in (("retained", "cohort_size"), ("new_retained", "new_size")):
        counts = {(row.n, row.deployment_type, part): getattr(row, part) for row in rows}
        sums = [((n, "all", part), *((n, one, part) for one in TYPES)) for n, _, _ in counts]
        gone = {
            (row.n, row.deployment_type, part)
            for row in rows
            if is_small(getattr(row, whole) - getattr(row, part), k) or is_small(getattr(row, whole), k)
        }
        hidden |= withheld(counts, sums, k) | gone
    return hidden
