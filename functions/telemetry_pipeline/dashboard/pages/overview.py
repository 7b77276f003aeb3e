"""Overview: is the product growing, and who are the people that use it?"""

from collections.abc import Iterator
from datetime import date, timedelta

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.filters import DEPLOYMENTS
from telemetry_pipeline.dashboard.people import TYPES, People
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.units import Unit, Value, shown
from telemetry_pipeline.dashboard.view import Card, Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_LEAST_WEEKS = 12
_TREND_DAYS = 30
_ACTIVE = {"dau": "Active in a day", "wau": "Active in 7 days", "mau": "Active in 30 days"}
_DEFINITIONS = {
    "dau": "People with at least one event of any kind that day, in UTC. Events without a user id are nobody's.",
    "wau": "People with at least one event in the 7 days that end with the last day of the period.",
    "mau": "People with at least one event in the 30 days that end with the last day of the period.",
    "stickiness": "The people of a day over those of the 30 days that end with it, on the last day that is over.",
}
_KINDS = {"new": "New", "returning": "Returning", "resurrected": "Resurrected", "dormant": "Dormant"}


def view(visit: Visit) -> Page:
    """The page."""
    people = read(visit)
    return Page(
        title="Overview",
        lead="Is it growing, and who comes?",
        cards=tuple(cards(visit, people)),
        charts=(active(visit, people), _deployments(visit, people), _lifecycle(visit, people)),
        controls=("period", "compare", "deployment"),
    )


def read(visit: Visit) -> People:
    """Everybody's numbers, as far back as this page looks."""
    filters = visit.filters
    back = max(filters.shift or timedelta(), timedelta(days=2 * _TREND_DAYS))
    first = min(filters.first, filters.last - timedelta(weeks=_LEAST_WEEKS))
    return People.read(visit.reader, first - back, filters.last, visit.k)


def cards(visit: Visit, people: People) -> Iterator[Card]:
    """People active today, this week, this month, and stickiness, each beside what it was."""
    filters = visit.filters
    whole = filters.last if filters.last < visit.today else filters.last - timedelta(days=1)
    if whole < filters.last:
        yield _so_far(visit, people)
    else:
        yield _card(visit, people, "Active in a day", "dau", filters.last, 7)
    yield _card(visit, people, "Active in 7 days", "wau", filters.last, 7)
    yield _card(visit, people, "Active in 30 days", "mau", filters.last, 30)
    yield _card(visit, people, "Stickiness", "stickiness", whole, 28)


def _so_far(visit: Visit, people: People) -> Card:
    """A day that is not over is compared with nothing: it would always have fallen."""
    today, deployment = visit.filters.last, visit.filters.deployment
    before = [shown(people.shown("dau", today - timedelta(days=ago), deployment), "count") for ago in (1, 7)]
    return Card(
        "Active today, so far",
        people.shown("dau", today, deployment),
        note=f"yesterday {before[0]}, a week ago {before[1]}",
        definition=_DEFINITIONS["dau"],
        trend=_trend(visit, people, "dau", today - timedelta(days=1)),
    )


def _card(visit: Visit, people: People, label: str, kind: str, day: date, back: int) -> Card:
    is_rate = kind == "stickiness"
    unit: Unit = "rate" if is_rate else "count"
    back = 364 if visit.filters.compare == "year" else back
    value, before = (_value(people, kind, one, visit.filters.deployment) for one in (day, day - timedelta(days=back)))
    told, direction = findings.points(value, before) if is_rate else findings.change(value, before)
    return Card(
        label,
        value,
        unit,
        told,
        direction,
        f"{back} days before: {shown(before, unit)}",
        _DEFINITIONS[kind],
        _trend(visit, people, kind, day),
    )


def _trend(visit: Visit, people: People, kind: str, last: date) -> tuple[float | None, ...]:
    days_shown = [last - timedelta(days=ago) for ago in reversed(range(_TREND_DAYS))]
    return tuple(findings.number(_value(people, kind, day, visit.filters.deployment)) for day in days_shown)


def _value(people: People, kind: str, day: date, deployment: str) -> Value:
    return people.stickiness(day, deployment) if kind == "stickiness" else people.shown(kind, day, deployment)


def active(visit: Visit, people: People) -> Chart:
    """Lines of the people active in a day, 7 days and 30 days."""
    filters, kinds = visit.filters, tuple(_ACTIVE)
    columns = [Column("Day", "day"), *(Column(_ACTIVE[kind]) for kind in kinds)]
    shift = filters.shift
    if shift:
        columns += [Column(f"{_ACTIVE[kind]}, before", is_past=True) for kind in kinds]
    spans = [timedelta(), shift] if shift else [timedelta()]
    rows = [
        (day, *(people.shown(kind, day - back, filters.deployment) for back in spans for kind in kinds))
        for day in days(filters.first, filters.last)
    ]
    week_ago = people.shown("wau", filters.last - timedelta(days=7), filters.deployment)
    week = people.shown("wau", filters.last, filters.deployment)
    title = findings.moved("Weekly active people", week, week_ago, "the week before", "Active people")
    return Chart(
        "active",
        title,
        "lines",
        Table.of(columns, rows),
        "People active in a day, in 7 and in 30 days; a day that is not over counts so far",
        words_of("daily_active_users"),
        is_wide=True,
    )


def _deployments(visit: Visit, people: People) -> Chart:
    filters = visit.filters
    present = [one for one in TYPES if any(kind == "wau" and of == one for kind, _, of in people.counts)]
    columns = [Column("Day", "day"), *(Column(DEPLOYMENTS[one]) for one in present)]
    rows = [(day, *(people.shown("wau", day, one) for one in present)) for day in days(filters.first, filters.last)]
    at_home = people.shown("wau", filters.last, "self_hosted")
    part = findings.share(at_home, people.shown("wau", filters.last, "all"))
    return Chart(
        "deployments",
        f"{part} of the week's people use it self-hosted" if part else "Cloud and self-hosted",
        "lines",
        Table.of(columns, rows),
        "People active in 7 days, by deployment type; who uses two is in both",
        words_of("daily_active_users"),
    )


def _lifecycle(visit: Visit, people: People) -> Chart:
    filters = visit.filters
    begin = min(filters.first, filters.last - timedelta(weeks=_LEAST_WEEKS))
    weeks = [week for week in people.weeks(filters.deployment) if week >= begin]
    rows = [(week, *(people.shown(kind, week, filters.deployment) for kind in _KINDS)) for week in weeks]
    return Chart(
        "lifecycle",
        _growth(rows[:-1]),
        "stacked",
        Table.of([Column("Week", "day"), *map(Column, _KINDS.values())], rows),
        "People by week: where they come from, and below the line who stayed away",
        words_of("user_lifecycle"),
    )


def _growth(whole_weeks: list[tuple[Value, ...]]) -> str:
    if not whole_weeks:
        return "New, returning, resurrected, dormant"
    new, _, resurrected, dormant = map(findings.number, whole_weeks[-1][1:])
    if new is None or resurrected is None or dormant is None:
        return "New, returning, resurrected, dormant"
    came, left = round(new + resurrected), round(dormant)
    return f"Last week {came:,} came or came back, and {left:,} stayed away"
