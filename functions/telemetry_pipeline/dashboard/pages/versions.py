"""Versions and installations: what runs in the field, and how fast do releases spread?"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.anonymity import WITHHELD, Hidden, is_small, small, withheld
from telemetry_pipeline.dashboard.people import TYPES
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.units import Value
from telemetry_pipeline.dashboard.view import Card, Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_LINES = 6
_UNTOLD = "untold"


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
    rows = visit.reader.rows("versions", first=filters.first, last=filters.last)
    versions = _versions(rows, visit.k)
    fleet = visit.reader.rows("installations", first=filters.first - timedelta(days=30), last=filters.last)
    return Page(
        title="Versions and installations",
        lead="What runs in the field?",
        cards=tuple(_cards(visit, fleet)),
        charts=(_spread(visit, versions), _field(visit, versions), _installations(visit, fleet)),
        controls=("period", "deployment", "version"),
        choices={"version": sorted({cell.version for cell in versions.users})},
    )


def _versions(rows: Rows, k: int) -> Versions:
    users, installations = {}, {}
    for row in rows:
        cell = Cell(row.day, row.service_name or _UNTOLD, row.service_version or _UNTOLD, row.deployment_type)
        users[cell], installations[cell] = row.users, row.installations
    sums = [(cell, *(cell._replace(deployment=one) for one in TYPES)) for cell in users if cell.deployment == "all"]
    return Versions(users, installations, withheld(users, sums, k) | withheld(installations, sums, k))


def _spread(visit: Visit, versions: Versions) -> Chart:
    filters = visit.filters
    shown: dict[str, dict[date, int]] = {}
    for cell, users in versions.users.items():
        if cell.deployment == filters.deployment and cell not in versions.hidden:
            by_day = shown.setdefault(cell.version, {})
            # A person who runs two services of one version is there once: the larger count is certain.
            by_day[cell.day] = max(by_day.get(cell.day, 0), users)
    drawn = _drawn(shown, filters.version)
    rows = [(day, *_shares(shown, drawn, day)) for day in days(filters.first, filters.last)]
    return Chart(
        "spread",
        _leader(shown, _last_whole_day(visit)) or "How releases spread",
        "lines",
        Table.of([Column("Day", "day"), *(Column(version, "share") for version in drawn)], rows),
        "Share of a day's people by version; who upgrades that day is in both",
        words_of("version_adoption"),
        is_wide=True,
    )


def _shares(shown: dict[str, dict[date, int]], drawn: list[str], day: date) -> Iterator[float | None]:
    everybody = sum(by_day.get(day, 0) for by_day in shown.values())
    for version in drawn:
        yield round(shown[version].get(day, 0) / everybody, 4) if everybody else None


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


def _field(visit: Visit, versions: Versions) -> Chart:
    filters = visit.filters
    last = _last_whole_day(visit)
    rows = [
        (cell.service, cell.version, *_figures(cell, versions))
        for cell in versions.users
        if cell.day == last and cell.deployment == filters.deployment and filters.version in {"", cell.version}
    ]
    rows.sort(key=lambda row: (row[0], -(findings.number(row[3]) or 0)))
    return Chart(
        "field",
        f"{len({row[1] for row in rows})} versions are in use",
        "table",
        Table.of(
            [Column("Service", "text"), Column("Version", "text"), Column("Installations"), Column("People")], rows
        ),
        f"On {last}",
        words_of("version_adoption"),
    )


def _figures(cell: Cell, versions: Versions) -> tuple[Value, Value]:
    if cell in versions.hidden:
        return WITHHELD, WITHHELD
    return versions.installations[cell], versions.users[cell]


def _guarded(count: int, k: int) -> int | Hidden:
    return small(k) if is_small(count, k) else count


def _cards(visit: Visit, fleet: Rows) -> Iterator[Card]:
    names = {"active": "Active installations", "new": "New", "gone": "Gone silent"}
    month = fleet[-30:]
    for name, label in names.items():
        trend = [_guarded(getattr(row, name), visit.k) for row in month]
        whole = [value for value in trend if not isinstance(value, Hidden)]
        yield Card(
            label,
            (trend[-1] if name == "active" else sum(whole)) if trend else None,
            note="on the last day" if name == "active" else "in 30 days",
            trend=tuple(findings.number(value) for value in trend),
        )


def _installations(visit: Visit, fleet: Rows) -> Chart:
    rows: Sequence[tuple[Value, ...]] = [
        (row.day, *(_guarded(count, visit.k) for count in (row.active, row.new, row.gone)))
        for row in fleet
        if row.day >= visit.filters.first
    ]
    return Chart(
        "installations",
        "Installations that are active, new and gone silent",
        "lines",
        Table.of([Column("Day", "day"), Column("Active"), Column("New"), Column("Gone silent")], rows),
        "By day; gone silent: 14 days without an event",
        words_of("installations"),
    )
