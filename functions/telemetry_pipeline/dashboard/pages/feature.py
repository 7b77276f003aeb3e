"""One feature: who uses it, how often, what do they do with it, and is it more than before?"""

from collections.abc import Callable
from datetime import timedelta

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.anonymity import WITHHELD, withheld
from telemetry_pipeline.dashboard.filters import Filters
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.units import Value
from telemetry_pipeline.dashboard.usage import Usage
from telemetry_pipeline.dashboard.view import Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_PEOPLE_DAYS = 28
_AGES = {"new": "New in these days", "old": "Here before"}
_OFTEN = ("once", "2 to 4 times", "5 to 19 times", "20 times or more")


def view(visit: Visit) -> Page:
    """The page of the feature that the argument `name` names."""
    filters, name = visit.filters, visit.arguments.get("name", "")
    now, past = _usage(visit, filters, name), _usage(visit, filters.past, name) if filters.past else None
    # Whole days of a fixed number, so that two periods can't be compared to find who is in one alone.
    last = visit.today - timedelta(days=1)
    first = last - timedelta(days=_PEOPLE_DAYS - 1)
    rows = visit.reader.rows("feature_people", first=first, last=last, feature=name, deployment=filters.deployment)
    return Page(
        title=name or "A feature",
        lead="One feature: how many use it, who they are, how often.",
        charts=(_trend(visit, now, past), _actions(visit, now, past), _who(rows, visit.k), _how_often(rows, visit.k)),
        controls=("period", "compare", "deployment", *(["feature"] if filters.feature in {"", name} else [])),
        reasons={"feature": "it is the page of one feature"},
    )


def _usage(visit: Visit, filters: Filters, name: str) -> Usage:
    return Usage.read(visit.reader, filters.first, filters.last, visit.k, filters.deployment, name)


def _trend(visit: Visit, now: Usage, past: Usage | None) -> Chart:
    filters = visit.filters
    actions = list(now.totals())
    columns = [Column(feature.action or "used") for feature in actions]
    back = filters.shift or timedelta()
    spans = [(now, timedelta()), (past, back)] if past else [(now, timedelta())]
    rows = [
        (day, *(usage.users(feature, day - ago) for usage, ago in spans for feature in actions))
        for day in days(filters.first, filters.last)
    ]
    return Chart(
        "trend",
        _trend_title([row[: 1 + len(actions)] for row in rows]),
        "lines",
        Table.of([Column("Day", "day"), *columns, *(column.before for column in columns if past)], rows),
        "People a day, by what they did with it",
        words_of("feature_adoption"),
        is_wide=True,
    )


def _trend_title(rows: list[tuple[Value, ...]]) -> str:
    half = len(rows) // 2
    before, after = (
        sum(findings.number(value) or 0 for row in part for value in row[1:]) for part in (rows[:half], rows[-half:])
    )
    return findings.moved("Use", after, before, f"the {half} days before", "People a day")


def _actions(visit: Visit, now: Usage, past: Usage | None) -> Chart:
    before = past.totals() if past else {}
    column = Column("Uses")
    rows = [
        (
            feature.action or "used",
            day.uses,
            round(day.users / visit.filters.days, 1),
            *([before[feature].uses if feature in before else None] if past else []),
        )
        for feature, day in sorted(now.totals().items(), key=lambda item: -item[1].uses)
    ]
    return Chart(
        "actions",
        f"Mostly {rows[0][0]}" if rows else "Actions",
        "ranked",
        Table.of(
            [
                Column("Action", "text"),
                column,
                Column("People a day", "mean", is_drawn=False),
                *([column.before] if past else []),
            ],
            rows,
        ),
        f"Uses by action, over {visit.filters.days} days",
        words_of("feature_adoption"),
        is_wide=True,
    )


def _who(rows: Rows, k: int) -> Chart:
    counts = _counts(rows, lambda row: row.age, tuple(_AGES), k)
    told = findings.share(counts["new"], sum(findings.number(value) or 0 for value in counts.values()))
    return Chart(
        "who",
        f"{told} of them are new people" if told else "New people and those here before",
        "ranked",
        Table.of([Column("Who", "text"), Column("People")], [(_AGES[age], value) for age, value in counts.items()]),
        f"People who used it in the last {_PEOPLE_DAYS} whole days: new are those whose first day is one of these",
    )


def _how_often(rows: Rows, k: int) -> Chart:
    counts = _counts(rows, lambda row: row.often, _OFTEN, k)
    return Chart(
        "often",
        "How often each of them uses it",
        "ranked",
        Table.of([Column("How often", "text"), Column("People")], counts.items()),
        f"People by their uses in the last {_PEOPLE_DAYS} whole days",
    )


def _counts(rows: Rows, key: Callable[..., str], keys: tuple[str, ...], k: int) -> dict[str, Value]:
    counts = {name: sum(row.people for row in rows if key(row) == name) for name in keys}
    whole = {"": sum(counts.values())}
    hidden = withheld(counts | whole, [("", *keys)], k)
    return {name: WITHHELD if name in hidden else count for name, count in counts.items()}
