"""What readers see: views that hide groups smaller than k, so that nobody can work them out from all views together."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from attackers import TYPES, WEEKS, Attacker, few_people, today
from stored_events import store
from telemetry_pipeline.analytics import PUBLISHED
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import rollups
from telemetry_pipeline.settings import DatabaseSettings

K = 5
CALLS = {"feature_funnel": "feature_funnel(array['test', 'project'], interval '7 days')"}
PEOPLE = {
    "daily_active_users": ("dau", "wau", "mau", "logins"),
    "user_lifecycle": ("new_users", "returning_users", "resurrected_users", "dormant_users"),
    "retention_cohorts": ("cohort_size", "retained"),
    "retention_n_day": ("cohort_size", "retained"),
    "feature_adoption": ("users",),
    "feature_funnel": ("users",),
    "endpoint_performance": (),
    "sessions": (),
    "version_adoption": ("installations", "users"),
    "installations": ("active_installations", "new_installations", "gone_installations"),
    "deployment_mix": ("users",),
}
"""Which columns count people, or installations."""

RATES = {
    "daily_active_users": {"stickiness": ("dau", "mau")},
    "retention_cohorts": {"rate": ("cohort_size", "retained")},
    "retention_n_day": {"rate": ("cohort_size", "retained")},
    "feature_adoption": {"adoption_rate": ("users",), "uses": ("users",)},
    "feature_funnel": {"rate": ("users",)},
    "deployment_mix": {"events": ("users",)},
}
"""Which columns would betray others."""


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connected:
        yield connected
    engine.dispose()


def set_k(connection: Connection, k: int) -> None:
    with connection.begin():
        connection.execute(text("update analytics_upkeep set k_anonymity = :k"), {"k": k})


Read = Callable[[str], list[dict[str, Any]]]
"""Reads all rows of a view."""


def as_reader(connection: Connection) -> Read:
    """Reads views as one who has the reader's role."""

    def read(source: str) -> list[dict[str, Any]]:
        with connection.begin():
            connection.exec_driver_sql("set local role telemetry_reader")
            return [dict(row) for row in connection.execute(text(f"select * from {source}")).mappings()]

    return read


def with_only_the_small_hidden(connection: Connection) -> Read:
    """Reads exact views, and leaves out nothing but counts below k."""

    def read(source: str) -> list[dict[str, Any]]:
        with connection.begin():
            rows = [dict(row) for row in connection.execute(text(f"select * from exact_{source}")).mappings()]
        return [
            row | {name: None for name in PEOPLE[source] if row[name] is not None and 0 < row[name] < K}
            for row in rows
            if not source.startswith("retention") or row["deployment_type"] == "all"
        ]

    return read


def read_everything(read: Read, attacker: Attacker) -> None:
    """Read every view that counts people."""
    for row in read("daily_active_users"):
        for kind in ("dau", "wau", "mau"):
            attacker.note((kind, str(row["day"]), row["deployment_type"]), row[kind])
    for row in read("deployment_mix"):
        attacker.note(("dau", str(row["day"]), row["deployment_type"]), row["users"])
    for row in read("user_lifecycle"):
        for kind in ("new", "returning", "resurrected", "dormant"):
            attacker.note((kind, str(row["week"]), row["deployment_type"]), row[f"{kind}_users"])
    for row in read("retention_cohorts"):
        kind = f"in {row['period']} {row['age']}" if row["age"] or row["period"] == "month" else "new"
        attacker.note((kind, str(row["cohort"]), row["deployment_type"]), row["retained"])
    for row in read("feature_adoption"):
        attacker.note((f"use {row['feature_name']}", str(row["day"]), row["deployment_type"]), row["users"])
    for row in read("version_adoption"):
        attacker.note((f"run {row['service_version']}", str(row["day"]), row["deployment_type"]), row["users"])
    sizes = {row["cohort_day"]: row["cohort_size"] for row in read("retention_n_day")}
    for ago in range(1, 7 * WEEKS + 31):
        day = today() - timedelta(days=ago)
        attacker.note(("came", str(day), "all"), sizes.get(day))


def add_up(attacker: Attacker) -> None:
    """Write down what the attacker knows of the definitions."""
    cells = attacker.hidden | set(attacker.known)
    by_period: dict[tuple[str, date], list[tuple[str, str, str]]] = {}
    for kind, named, deployment in cells:
        day = date.fromisoformat(named)
        if deployment == "all" and kind != "came":
            attacker.sums.append(((kind, named, "all"), *((kind, named, one) for one in TYPES[1:])))
        if kind == "dau":
            runs = {one for one, of, _ in cells if one.startswith("run ") and of == named}
            attacker.sums.append(((kind, named, deployment), *((one, named, deployment) for one in runs)))
        if kind == "new":
            add_up_week(attacker, day, deployment)
        if deployment == "all" and (kind == "new" or kind.startswith("in ")):
            period, age = kind.split()[1:] if kind != "new" else ("week", "0")
            then = day + timedelta(weeks=int(age)) if period == "week" else months_later(day, int(age))
            by_period.setdefault((period, then), []).append((kind, named, deployment))
            if age == "0":
                days = 7 if period == "week" else monthrange(day.year, day.month)[1]
                came = (("came", str(day + timedelta(days=number)), "all") for number in range(days))
                if day + timedelta(days=days) <= today():
                    attacker.sums.append(((kind, named, "all"), *came))
    for (period, begin), those in by_period.items():
        days = 7 if period == "week" else monthrange(begin.year, begin.month)[1]
        end = str(begin + timedelta(days=days - 1))
        whole = {7: "wau", 30: "mau"}.get(days)
        if whole and (whole, end, "all") in cells:
            attacker.sums.append(((whole, end, "all"), *those))


def add_up_week(attacker: Attacker, monday: date, deployment: str) -> None:
    week, sunday = str(monday), monday + timedelta(days=6)
    cells = attacker.hidden | set(attacker.known)
    whole, before = (("wau", str(day), deployment) for day in (sunday, sunday - timedelta(days=7)))
    if whole in cells:
        came = ((one, week, deployment) for one in ("new", "returning", "resurrected"))
        attacker.sums.append((whole, *came))
    if before in cells:
        attacker.sums.append((before, ("returning", week, deployment), ("dormant", week, deployment)))


def months_later(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)


@pytest.fixture
def fill(connection: Connection) -> Callable[[int, int], None]:
    """Stores so many people's events, rolled up, and hides groups of fewer than K of them."""

    def fill(seed: int, people: int) -> None:
        store(connection, few_people(seed, people))
        rollups.refresh(connection, datetime.now(UTC) + timedelta(minutes=6), all_days=True)
        set_k(connection, K)

    return fill


def learnt(read: Read) -> tuple[Attacker, dict[tuple[str, str, str], Any]]:
    """What an attacker knows who has read everything, and the small counts that follow from it."""
    attacker = Attacker()
    read_everything(read, attacker)
    add_up(attacker)
    return attacker, {cell: count for cell, count in attacker.determined().items() if 0 < count < K}


@pytest.mark.parametrize("people", [18, 60, 200])
@pytest.mark.parametrize("seed", range(4))
def test_hidden_counts_stay_hidden(
    connection: Connection, fill: Callable[[int, int], None], seed: int, people: int
) -> None:
    """Whoever reads all views and knows how their numbers add up learns no count of fewer than k people."""
    fill(seed, people)

    attacker, small = learnt(as_reader(connection))

    assert attacker.hidden, "the data set is too large to try anything"
    assert [cell for cell, count in attacker.known.items() if 0 < count < K] == []
    assert small == {}


def test_that_small_counts_alone_would_not_stay_hidden(
    connection: Connection, fill: Callable[[int, int], None]
) -> None:
    """The same attack works where nothing is hidden but what is small."""
    fill(0, 60)

    _, small = learnt(with_only_the_small_hidden(connection))

    kinds = {kind for (kind, _, _) in small}
    assert {"dau", "wau", "new"} <= kinds


@pytest.mark.parametrize("view", PUBLISHED)
def test_no_view_shows_a_small_count(connection: Connection, fill: Callable[[int, int], None], view: str) -> None:
    """No count of people below k, and no rate that is made of a hidden one."""
    fill(5, 60)

    rows = as_reader(connection)(CALLS.get(view, view))

    assert rows or view in {"endpoint_performance", "retention_n_day", "installations"}
    for row in rows:
        assert [name for name in PEOPLE[view] if row[name] is not None and 0 < row[name] < K] == []
        for rate, counts in RATES.get(view, {}).items():
            assert row[rate] is None or None not in [row[count] for count in counts]


@pytest.mark.parametrize("view", PUBLISHED)
def test_one_hides_nothing(connection: Connection, fill: Callable[[int, int], None], view: str) -> None:
    """With k = 1, on one's own machine, readers see what is exact."""
    fill(5, 60)
    set_k(connection, 1)

    published = as_reader(connection)(CALLS.get(view, view))
    with connection.begin():
        exact = connection.execute(text(f"select * from exact_{CALLS.get(view, view)}"))
        expected = [{name: row[name] for name in published[0]} for row in exact.mappings()] if published else []

    assert sorted(map(repr, expected)) == sorted(map(repr, published))


def test_large_groups_are_shown(connection: Connection, fill: Callable[[int, int], None]) -> None:
    """What is hidden is little where people are many."""
    fill(1, 200)

    rows = as_reader(connection)("daily_active_users")
    of_all = [row for row in rows if row["deployment_type"] == "all"][-60:]

    assert sum(row["wau"] is not None for row in of_all) == len(of_all)
