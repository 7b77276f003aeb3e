"""Features: what is used, by how many, and does it spread?"""

from datetime import date, timedelta

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.people import People
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.usage import Day, Feature, Usage
from telemetry_pipeline.dashboard.view import Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_LINES = 5
_SMOOTH_DAYS = 7


def view(visit: Visit) -> Page:
    """The page."""
    filters = visit.filters
    span = (filters.first - timedelta(days=_SMOOTH_DAYS - 1), filters.last)
    usage = Usage.read(visit.reader, *span, visit.k, filters.deployment)
    totals = {
        feature: day for feature, day in usage.totals(filters.first).items() if filters.feature in {"", feature.name}
    }
    people = People.read_days(visit.reader, *span, visit.k)
    return Page(
        title="Features",
        lead="What do people use?",
        charts=(_most_used(visit, usage, totals), _adoption(visit, usage, people, totals)),
        controls=("period", "deployment", "feature"),
        template="features.html",
        notes=_notes(usage, visit.k),
        choices={"feature": sorted({feature.name for feature in usage.first_seen})},
    )


def _most_used(visit: Visit, usage: Usage, totals: dict[Feature, Day]) -> Chart:
    first = next(iter(totals), None)
    columns = [
        Column("Feature", "text"),
        Column("People on an average day", "mean"),
        Column("Uses", is_drawn=False),
        Column("First seen", "day", is_drawn=False),
    ]
    rows = [
        (str(feature), round(day.users / visit.filters.days, 1), day.uses, usage.first_seen[feature])
        for feature, day in totals.items()
    ]
    return Chart(
        "most-used",
        f"{first} is what most people use" if first else "Features by people",
        "ranked",
        Table.of(columns, rows, [visit.link("/features/one", name=feature.name) for feature in totals]),
        f"Features and what was done with them, over {visit.filters.days} days",
        words_of("feature_adoption"),
        is_wide=True,
    )


def _adoption(visit: Visit, usage: Usage, people: People, totals: dict[Feature, Day]) -> Chart:
    filters = visit.filters
    newest = _newest(usage, totals, filters.first)
    drawn = [one for one in totals if one != newest][: _LINES - bool(newest)] + ([newest] if newest else [])
    rows = [
        (day, *(_rate(usage, feature, people, day) for feature in drawn)) for day in days(filters.first, filters.last)
    ]
    return Chart(
        "adoption",
        f"{newest} is the newest that people use" if newest else "Adoption over time",
        "lines",
        Table.of([Column("Day", "day"), *(Column(str(feature), "rate") for feature in drawn)], rows),
        "Share of a day's people who used it, mean of 7 days; of what most people use, and the newest",
        words_of("feature_adoption"),
        is_wide=True,
    )


def _rate(usage: Usage, feature: Feature, people: People, last: date) -> float | None:
    """The share of people over the days up to one, of those days of which both counts are shown."""
    known = [
        (users, everybody)
        for day in days(last - timedelta(days=_SMOOTH_DAYS - 1), last)
        if (everybody := findings.number(people.shown("dau", day, usage.deployment)))
        and (users := findings.number(usage.users(feature, day))) is not None
    ]
    return round(sum(users for users, _ in known) / sum(active for _, active in known), 4) if known else None


def _newest(usage: Usage, totals: dict[Feature, Day], first: date) -> Feature | None:
    new = [feature for feature in totals if usage.first_seen[feature] > first]
    return max(new, key=lambda one: usage.first_seen[one], default=None)


def _notes(usage: Usage, k: int) -> tuple[str, ...]:
    few = len(usage.only_hidden())
    return (f"Other: {few} more, which fewer than {k} people use on any day.",) if few else ()
