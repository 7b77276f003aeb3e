"""Versions and installations: what runs in the field, and how fast do releases spread?"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.anonymity import WITHHELD, Hidden, is_small, small, withheld
from telemetry_pipeline.dashboard.filters import Filters
from telemetry_pipeline.dashboard.people import TYPES
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.units import Value
from telemetry_pipeline.dashboard.units import shown as shown_as
from telemetry_pipeline.dashboard.view import Card, Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_LINES = 6
_UNTOLD = "untold"
_CARD_DAYS = 30
_CARDS = {
    "active": ("Active installations", "Installations with an event on the last day of the period."),
    "new": ("New", "Installations whose first event is of the 30 days up to the last day of the period."),
    "gone": ("Gone silent", "Installations for which one of these days was the 14th in a row without an event."),
}
_EVERYWHERE = "Of all deployment types and versions."

Fleet = Mapping[date, Any]
"""Installations by day: active, new, gone."""


class Cell(NamedTuple):
    """A version's day in a deployment type."""

    day: date
    service: str
    version: str
    deployment: str


class Versions(NamedTuple):
    """What may be shown of a deployment type's versions."""

    users: dict[Cell, int]
    installations: dict[Cell, int]
    hidden: frozenset[Cell]


def view(visit: Visit) -> Page:
    """The page."""
    filters = visit.filters
    now, past = _read(visit, filters), _read(visit, filters.past) if filters.past else None
    fleet = _fleet(visit, filters)
    before = _fleet(visit, filters.past) if filters.past else {}
    return Page(
        title="Versions and installations",
        lead="What runs in the field?",
        cards=tuple(_cards(visit, fleet, before)),
        charts=(_spread(visit, now, past), _field(visit, now, past), _installations(visit, fleet, before)),
        controls=("period", "compare", "deployment", "version"),
        choices={"version": sorted({cell.version for cell in now.users})},
    )


def _fleet(visit: Visit, filters: Filters) -> Fleet:
    """Installations by day, also of the 30 days that cards look back."""
    first = filters.first - timedelta(days=_CARD_DAYS)
    return {row.day: row for row in visit.reader.rows("installations", first=first, last=filters.last)}


def _read(visit: Visit, filters: Filters) -> Versions:
    rows, k = visit.reader.rows("versions", first=filters.first, last=filters.last), visit.k
    users, installations = {}, {}
    for row in rows:
        cell = Cell(row.day, row.service_name or _UNTOLD, row.service_version or _UNTOLD, row.deployment_type)
        users[cell], installations[cell] = row.users, row.installations
    sums = [(cell, *(cell._replace(deployment=one) for one in TYPES)) for cell in users if cell.deployment == "all"]
    return Versions(users, installations, withheld(users, sums, k) | withheld(installations, sums, k))


def _spread(visit: Visit, now: Versions, past: Versions | None) -> Chart:
    filters = visit.filters
    shown = _shown(visit, now)
    drawn = _drawn(shown, filters.version)
    columns = [Column(version, "share") for version in drawn]
    back = filters.shift or timedelta()
    spans = [(shown, timedelta()), (_shown(visit, past), back)] if past else [(shown, timedelta())]
    rows = [
        (day, *(share for of, ago in spans for share in _shares(of, drawn, day - ago)))
        for day in days(filters.first, filters.last)
    ]
    return Chart(
        "spread",
        _leader(shown, _last_whole_day(visit)) or "How releases spread",
        "lines",
        Table.of([Column("Day", "day"), *columns, *(column.before for column in columns if past)], rows),
        "Share of a day's people by version; who upgrades that day is in both",
        words_of("version_adoption"),
        is_wide=True,
    )


def _shown(visit: Visit, versions: Versions) -> dict[str, dict[date, int]]:
    """The people of each version by day, where they may be shown."""
    shown: dict[str, dict[date, int]] = {}
    for cell, users in versions.users.items():
        if cell.deployment == visit.filters.deployment and cell not in versions.hidden:
            by_day = shown.setdefault(cell.version, {})
            # A person who runs two services of one version is there once: the larger count is certain.
            by_day[cell.day] = max(by_day.get(cell.day, 0), users)
    return shown


def _shares(shown: dict[str, dict[date, int]], drawn: list[str], day: date) -> Iterator[float | None]:
    everybody = sum(by_day.get(day, 0) for by_day in shown.values())
    for version in drawn:
        yield round(shown.get(version, {}).get(day, 0) / everybody, 4) if everybody else None


def _last_whole_day(visit: Visit) -> date:
    return min(visit.filters.last, visit.today - timedelta(days=1))


def _drawn(shown: dict[str, dict[date, int]], version: str) -> list[str]:
    if version:
        return [one for one in shown if one == version]
    return sorted(sorted(shown, key=lambda one: -sum(shown[one].values()))[:_LINES])


def _leader(shown: dict[str, dict[date, int]], day: date) -> str:
    on_it = {version: by_day[day] for version, by_day in shown.items() if day in by_day}
    if not on_it:
        return ""
    leader = max(on_it, key=lambda one: on_it[one])
    return f"{leader} is what most people run, {findings.share(on_it[leader], sum(on_it.values()))} of them"


def _field(visit: Visit, now: Versions, past: Versions | None) -> Chart:
    filters = visit.filters
    last = _last_whole_day(visit)
    back = filters.shift or timedelta()
    columns = [Column("Installations"), Column("People")]
    rows = [
        (
            cell.service,
            cell.version,
            *_figures(cell, now),
            *(_figures(cell._replace(day=last - back), past) if past else ()),
        )
        for cell in now.users
        if cell.day == last and cell.deployment == filters.deployment and filters.version in {"", cell.version}
    ]
    rows.sort(key=lambda row: (row[0], -(findings.number(row[3]) or 0)))
    return Chart(
        "field",
        f"{len({row[1] for row in rows})} versions are in use",
        "table",
        Table.of(
            [
                Column("Service", "text"),
                Column("Version", "text"),
                *columns,
                *(column.before for column in columns if past),
            ],
            rows,
        ),
        f"On {last}, and on {last - back}" if past else f"On {last}",
        words_of("version_adoption"),
    )


def _figures(cell: Cell, versions: Versions) -> tuple[Value, Value]:
    if cell in versions.hidden:
        return WITHHELD, WITHHELD
    return versions.installations.get(cell, 0), versions.users.get(cell, 0)


def _guarded(count: int, k: int) -> int | Hidden:
    return small(k) if is_small(count, k) else count


def _cards(visit: Visit, fleet: Fleet, before: Fleet) -> Iterator[Card]:
    last, shift = visit.filters.last, visit.filters.shift
    for name, (label, definition) in _CARDS.items():
        value, trend = _figure(visit, fleet, name, last)
        note = "on the last day" if name == "active" else f"in {_CARD_DAYS} days"
        was = _figure(visit, before, name, last - shift)[0] if shift else None
        told, direction = findings.change(value, was)
        note = f"{note}; before: {shown_as(was, 'count')}" if shift else note
        yield Card(label, value, "count", told, direction, note, f"{definition} {_EVERYWHERE}", trend, name == "gone")


def _figure(visit: Visit, fleet: Fleet, name: str, last: date) -> tuple[Value, tuple[float | None, ...]]:
    """The last day's installations, or the sum of 30 days' where they come or go; and those days."""
    month = [last - timedelta(days=ago) for ago in reversed(range(_CARD_DAYS))]
    trend = [_guarded(getattr(fleet[day], name), visit.k) for day in month if day in fleet]
    if not trend:
        return None, ()
    shown = [value for value in trend if not isinstance(value, Hidden)]
    return trend[-1] if name == "active" else sum(shown), tuple(findings.number(value) for value in trend)


def _installations(visit: Visit, fleet: Fleet, before: Fleet) -> Chart:
    filters, shift = visit.filters, visit.filters.shift
    columns = [Column("Active"), Column("New"), Column("Gone silent")]
    spans = [(fleet, timedelta()), (before, shift)] if shift else [(fleet, timedelta())]
    rows: list[tuple[Value, ...]] = [
        (day, *(value for of, ago in spans for value in _of_day(visit, of, day - ago)))
        for day in days(filters.first, filters.last)
        if day in fleet
    ]
    return Chart(
        "installations",
        "Installations that are active, new and gone silent",
        "lines",
        Table.of([Column("Day", "day"), *columns, *(column.before for column in columns if shift)], rows),
        f"By day; gone silent: 14 days without an event. {_EVERYWHERE}",
        words_of("installations"),
    )


def _of_day(visit: Visit, fleet: Fleet, day: date) -> tuple[Value, ...]:
    if day not in fleet:
        return (None,) * len(_CARDS)
    return tuple(_guarded(getattr(fleet[day], name), visit.k) for name in _CARDS)
