"""Features: what is used, by how many, and does it spread?"""

from datetime import date, timedelta
from typing import NamedTuple

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.filters import Filters
from telemetry_pipeline.dashboard.people import People
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.usage import Day, Feature, Usage
from telemetry_pipeline.dashboard.view import Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_LINES = 5
_SMOOTH_DAYS = 7


class Span(NamedTuple):
    """What is known of some days: how features were used, by how many of whom, and in all."""

    usage: Usage
    people: People
    totals: dict[Feature, Day]


def view(visit: Visit) -> Page:
    """The page."""
    filters = visit.filters
    now, past = _span(visit, filters), _span(visit, filters.past) if filters.past else None
    return Page(
        title="Features",
        lead="What do people use?",
        charts=(_most_used(visit, now, past), _adoption(visit, now, past)),
        controls=("period", "compare", "deployment", "feature"),
        template="features.html",
        notes=_notes(now.usage, visit.k),
        choices={"feature": sorted({feature.name for feature in now.usage.first_seen})},
    )


def _span(visit: Visit, filters: Filters) -> Span:
    smooth_first = filters.first - timedelta(days=_SMOOTH_DAYS - 1)
    usage = Usage.read(visit.reader, smooth_first, filters.last, visit.k, filters.deployment)
    people = People.read_days(visit.reader, smooth_first, filters.last, visit.k)
    totals = usage.totals(filters.first)
    chosen = {feature: day for feature, day in totals.items() if filters.feature in {"", feature.name}}
    return Span(usage, people, chosen)


def _most_used(visit: Visit, now: Span, past: Span | None) -> Chart:
    first = next(iter(now.totals), None)
    columns = [
        Column("Feature", "text"),
        Column("People a day", "mean"),
        Column("Uses", is_drawn=False),
        Column("First seen", "day", is_drawn=False),
    ]
    rows = [
        (str(feature), _mean(visit, day), day.uses, now.usage.first_seen[feature], *_were(visit, past, feature))
        for feature, day in now.totals.items()
    ]
    if past:
        columns += [columns[1].before, columns[2].before]
    return Chart(
        "most-used",
        f"{first} is what most people use" if first else "Features by people",
        "ranked",
        Table.of(columns, rows, [visit.link("/features/one", name=feature.name) for feature in now.totals]),
        f"Features and what was done with them, over {visit.filters.days} days",
        words_of("feature_adoption"),
        is_wide=True,
    )


def _mean(visit: Visit, day: Day) -> float:
    return round(day.users / visit.filters.days, 1)


def _were(visit: Visit, past: Span | None, feature: Feature) -> tuple[float | None, ...]:
    if past is None:
        return ()
    day = past.totals.get(feature)
    return (_mean(visit, day), day.uses) if day else (None, None)


def _adoption(visit: Visit, now: Span, past: Span | None) -> Chart:
    filters = visit.filters
    newest = _newest(now, filters.first)
    drawn = [one for one in now.totals if one != newest][: _LINES - bool(newest)] + ([newest] if newest else [])
    columns = [Column(str(feature), "rate") for feature in drawn]
    shift = filters.shift or timedelta()
    spans = [(now, timedelta()), (past, shift)] if past else [(now, timedelta())]
    rows = [
        (day, *(_rate(span, feature, day - back) for span, back in spans for feature in drawn))
        for day in days(filters.first, filters.last)
    ]
    return Chart(
        "adoption",
        f"{newest} is the newest that people use" if newest else "Adoption over time",
        "lines",
        Table.of([Column("Day", "day"), *columns, *(column.before for column in columns if past)], rows),
        "Share of a day's people who used it, mean of 7 days; of what most people use, and the newest",
        words_of("feature_adoption"),
        is_wide=True,
    )


def _rate(span: Span, feature: Feature, last: date) -> float | None:
    """The share of people over the days up to one, of those days of which both counts are shown."""
    known = [
        (users, everybody)
        for day in days(last - timedelta(days=_SMOOTH_DAYS - 1), last)
        if (everybody := findings.number(span.people.shown("dau", day, span.usage.deployment)))
        and (users := findings.number(span.usage.users(feature, day))) is not None
    ]
    return round(sum(users for users, _ in known) / sum(active for _, active in known), 4) if known else None


def _newest(now: Span, first: date) -> Feature | None:
    seen = now.usage.first_seen
    return max((one for one in now.totals if seen[one] > first), key=lambda one: seen[one], default=None)


def _notes(usage: Usage, k: int) -> tuple[str, ...]:
    few = len(usage.only_hidden())
    return (f"Other: {few} more, which fewer than {k} people use on any day.",) if few else ()
