"""The numbers on the pages are the views' numbers."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from dashboards import Dashboard, table
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import rollups
from telemetry_pipeline.settings import DatabaseSettings

Write = Callable[[str, str], None]
"""Executes a statement on a database."""


@pytest.fixture
def write() -> Write:
    def write(url: str, statement: str) -> None:
        engine = connect(DatabaseSettings(database_url=url), "tests")
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    return write


def today() -> date:
    return datetime.now(UTC).date()


def views(connection: Connection, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
    with connection.begin():
        return [tuple(row) for row in connection.execute(text(statement), parameters)]


def test_active_people(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """The lines of active people are daily_active_users, day by day, of the deployment type that is chosen."""
    client = dashboard(demo_url)
    for deployment in ("all", "cloud", "self_hosted"):
        found = table(client, f"/?deployment={deployment}", "active")

        expected = views(
            demo,
            "select day, dau, wau, mau from daily_active_users "
            "where deployment_type = :type and day > :after order by day",
            type=deployment,
            after=today() - timedelta(days=28),
        )
        assert [tuple(map(str, row)) for row in expected] == [tuple(row.values()) for row in found]


def test_comparison(dashboard: Dashboard, demo_url: str) -> None:
    """What a period is compared with is what the period before shows by itself."""
    client = dashboard(demo_url)
    last = today() - timedelta(days=10)
    span = f"from={last - timedelta(days=6)}&to={last}"
    before = f"from={last - timedelta(days=13)}&to={last - timedelta(days=7)}"

    compared = table(client, f"/?{span}&compare=previous", "active")
    alone = table(client, f"/?{before}", "active")

    assert [row["Active in a day"] for row in alone] == [row["Active in a day, before"] for row in compared]


def test_cohorts(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """The heat map is retention_cohorts: its sizes, and what was retained of those periods that are over."""
    client = dashboard(demo_url)
    for by in ("week", "month"):
        found = table(client, f"/retention?by={by}&show=count", "cohorts")

        expected = views(
            demo,
            "select cohort, age, cohort_size, retained from retention_cohorts "
            "where period = :by and deployment_type = 'all' and complete and age > 0",
            by=by,
        )
        shown = {row["Cohort"]: row for row in found}
        known = [row for row in expected if str(row[0]) in shown]
        assert known
        for cohort, age, size, retained in known:
            row = shown[str(cohort)]
            assert (str(size), str(retained)) == (row["People"], row[f"{by.capitalize()} {age}"])


def test_lifecycle(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """The stacked bars are user_lifecycle."""
    found = table(dashboard(demo_url), "/?period=90d", "lifecycle")

    expected = views(
        demo,
        "select week, new_users, returning_users, resurrected_users, dormant_users from user_lifecycle "
        "where deployment_type = 'all' order by week",
    )
    assert [tuple(map(str, row)) for row in expected][-len(found) :] == [tuple(row.values()) for row in found]


def test_features(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """Uses of a feature are those of feature_adoption over the period."""
    found = table(dashboard(demo_url), "/features?period=90d", "most-used")

    expected = views(
        demo,
        "select concat_ws(':', feature_name, action), sum(uses) from feature_adoption "
        "where deployment_type = 'all' and day > :after group by 1",
        after=today() - timedelta(days=90),
    )
    assert {name: str(uses) for name, uses in expected} == {row["Feature"]: row["Uses"] for row in found}


def test_funnel(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """The funnel is feature_funnel, of the last 30 days."""
    path = "/features/funnel?step1=project&step2=test:created&step3=test_run:viewed&window=7"
    found = table(dashboard(demo_url), path, "funnel")

    expected = views(
        demo,
        "select users from feature_funnel(array['project', 'test:created', 'test_run:viewed'], interval '7 days', "
        "cast(:since as timestamptz)) order by step",
        since=datetime.combine(today() - timedelta(days=30), datetime.min.time(), UTC),
    )
    assert [str(users) for (users,) in expected] == [row["People"] for row in found]


def test_endpoints(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """The table of endpoints is endpoint_performance_between, those that fail most first."""
    found = table(dashboard(demo_url), "/performance", "endpoints")

    expected = views(
        demo,
        "select method || ' ' || endpoint, requests, errors, p50_ms, p95_ms, p99_ms "
        "from endpoint_performance_between(:first, :last) where deployment_type = 'all'",
        first=today() - timedelta(days=27),
        last=today(),
    )
    rates = [float(row["Error rate"]) for row in found]
    assert rates == sorted(rates, reverse=True)
    assert {(*map(str, row[:3]), *(f"{value.normalize():f}" for value in row[3:])) for row in expected} == {
        tuple(row[name] for name in ("Endpoint", "Requests", "Errors", "p50", "p95", "p99")) for row in found
    }


def test_latency_of_one_endpoint(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """An endpoint's quantiles by day are the view's; all endpoints' together are no mean of them."""
    found = table(dashboard(demo_url), "/performance/one?method=GET&endpoint=/tests", "latency")

    expected = views(
        demo,
        "select day, p50_ms, p95_ms, p99_ms from endpoint_performance where deployment_type = 'all' "
        "and method = 'GET' and endpoint = '/tests' and day > :after order by day",
        after=today() - timedelta(days=28),
    )
    shown = [tuple(row.values()) for row in found if row["p50"]]
    assert [(str(day), *(f"{value.normalize():f}" for value in values)) for day, *values in expected] == shown


def test_latency_of_all_endpoints(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """The quantiles of a day are those of all its requests, at most 1 % off; late requests count with the others."""
    found = table(dashboard(demo_url), "/performance", "latency")

    expected = {
        str(day): quantiles
        for day, *quantiles in views(
            demo,
            """
            select
                ("timestamp" at time zone 'UTC')::date,
                percentile_disc(0.5) within group (order by duration_ms),
                percentile_disc(0.95) within group (order by duration_ms),
                percentile_disc(0.99) within group (order by duration_ms)
            from analytics_endpoint_usage
            where duration_ms is not null
                and ("timestamp" at time zone 'UTC')::date between :first and :last
            group by 1
            """,
            first=today() - timedelta(days=27),
            last=today(),
        )
    }
    shown = {row["Day"]: [float(row[name]) for name in ("p50", "p95", "p99")] for row in found if row["p50"]}
    assert shown.keys() == expected.keys()
    for day, quantiles in shown.items():
        assert quantiles == pytest.approx(expected[day], rel=0.01), day


def test_installations(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """Installations by day are the view's."""
    found = table(dashboard(demo_url), "/versions", "installations")

    expected = views(
        demo, "select * from installations where day > :after order by day", after=today() - timedelta(days=28)
    )
    assert [tuple(map(str, row)) for row in expected] == [tuple(row.values()) for row in found]


COMPARED = (
    ("/features", "most-used", "Feature", ("People a day", "Uses")),
    ("/features", "adoption", "", ()),
    ("/features/one?name=test", "trend", "", ()),
    ("/features/one?name=test", "actions", "Action", ("Uses",)),
    ("/performance", "latency", "", ()),
    ("/performance", "failures", "", ()),
    ("/performance", "slowest", "Endpoint", ("p95",)),
    ("/performance", "endpoints", "Endpoint", ("Requests", "Error rate", "p95")),
    ("/performance/one?method=GET&endpoint=/tests", "histogram", "Up to, ms", ("Requests",)),
    ("/versions", "spread", "", ()),
    ("/versions", "installations", "", ()),
)


@pytest.mark.parametrize(("path", "name", "key", "columns"), COMPARED, ids=[f"{one[0]} {one[1]}" for one in COMPARED])
def test_what_was_before(
    dashboard: Dashboard, demo_url: str, path: str, name: str, key: str, columns: tuple[str, ...]
) -> None:
    """Each column of the past has the numbers that the page shows for those days by themselves."""
    client = dashboard(demo_url)
    last = today() - timedelta(days=10)
    link = f"{path}{'&' if '?' in path else '?'}"
    span = f"from={last - timedelta(days=6)}&to={last}"
    before = f"from={last - timedelta(days=13)}&to={last - timedelta(days=7)}"

    compared = table(client, f"{link}{span}&compare=previous", name)
    alone = table(client, f"{link}{before}", name)

    names = columns or [one for one in compared[0] if f"{one}, before" in compared[0]]
    assert names
    by_key = {row[key]: row for row in alone} if key else {}
    for number, row in enumerate(compared):
        was = (by_key.get(row[key], {}) if key else alone[number]) or {}
        for one in names:
            if one in was:
                assert was[one] == row[f"{one}, before"], (row, was)


def test_retention_before(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """The average of the 90 days before is of the cohorts that came in them."""
    (first,) = table(dashboard(demo_url), "/retention?compare=year&show=count", "n-day")[:1]
    (again,) = table(dashboard(demo_url), "/retention?compare=previous&show=count", "n-day")[:1]

    expected = views(
        demo,
        "select sum(retained) from retention_n_day where n = 1 and deployment_type = 'all' "
        "and cohort_day between :first and :last",
        first=today() - timedelta(days=180),
        last=today() - timedelta(days=91),
    )
    assert first["Average of 90 days, before"] == ""
    assert again["Average of 90 days, before"] == ("" if expected[0][0] is None else str(expected[0][0]))


@pytest.mark.parametrize("path", ["/performance", "/versions", "/features", "/retention"])
def test_a_comparison_is_in_the_address(dashboard: Dashboard, demo_url: str, path: str) -> None:
    """A page that can compare offers it, and its links to other pages keep it."""
    page = dashboard(demo_url).get(f"{path}?compare=previous").text

    assert "compare=year" in page
    assert 'href="/?compare=previous"' in page


def test_dead_letters_and_what_is_kept(dashboard: Dashboard, database_url: str, write: Write) -> None:
    """Pipeline shows what maintenance wrote down, and says plainly what nobody knows."""
    client = dashboard(database_url)
    write(database_url, "insert into analytics_daily_events values (current_date - 1, 'all', 1)")
    unknown = client.get("/pipeline").text
    write(
        database_url,
        "update analytics_upkeep set retention_months = 3, rejected_retention_days = 9, dead_letters = 12, "
        "dead_letters_at = '2026-11-25T10:00Z'",
    )
    known = client.get("/pipeline").text
    kept = [row["Kept for"] for row in table(client, "/pipeline", "kept")]

    assert "not counted here" in unknown
    assert "not known before the first run of maintenance" in unknown
    assert re.search(r"Dead letters</h2>.*?<strong>12</strong>.*?at 2026-11-25 10:00", known, re.DOTALL)
    assert kept[0].startswith("3 months")
    assert "9 days" in kept


def counted_anew(database_url: str) -> None:
    """Have the rollups know all events, as `maintain` does."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connection:
        rollups.refresh(connection, datetime.now(UTC) + timedelta(minutes=6), all_days=True)
        with connection.begin():
            assert not connection.execute(text("select count(*) from analytics_stale_days()")).scalar_one()
    engine.dispose()


def test_the_error_budget(dashboard: Dashboard, database_url: str, write: Write) -> None:
    """What came late, what was not stored, how much of it is allowed, and what is left of that."""
    client = dashboard(database_url)
    write(database_url, "insert into analytics_daily_events values (current_date - 1, 'all', 0)")
    write(
        database_url,
        """
        insert into analytics_user_activity (id, "timestamp", received_at, event_type, key_epoch, deployment_type)
        select gen_random_uuid(), at - delay, at, 'login', 1, 'cloud'
        from (
            select
                now() - interval '2 days' as at,
                case when number <= 10 then interval '6 minutes' else interval '4 minutes' end as delay
            from generate_series(1, 1999) as number
            union all
            select now() - interval '31 days', interval '1 day'
        ) as events
        """,
    )
    write(
        database_url,
        "insert into analytics_rejected_spans (id, received_at, reason) "
        "select gen_random_uuid(), now() - at, 'missing' from unnest('{1 day,40 days}'::interval[]) as at",
    )

    stored, on_time = table(client, "/pipeline", "budget")
    counted_anew(database_url)
    assert table(client, "/pipeline", "budget") == [stored, on_time]
    write(database_url, "update analytics_upkeep set dead_letters = 3, dead_letters_at = now()")
    worse, _ = table(client, "/pipeline", "budget")

    assert (stored["Events"], stored["Broken"], stored["Allowed"]) == ("2000", "1", "2.0")
    assert float(stored["Budget left"]) == pytest.approx(0.5)
    assert (on_time["Events"], on_time["Broken"]) == ("1999", "10")
    assert float(on_time["Budget left"]) == pytest.approx(1 - 10 / (1999 * 0.05))
    assert worse["Broken"] == "4"
    assert float(worse["Budget left"]) < 0
    assert "0\u00a0% of the error budget is left" in client.get("/pipeline").text
