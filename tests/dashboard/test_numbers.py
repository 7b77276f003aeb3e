"""The numbers on the pages are the views' numbers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from dashboards import Dashboard, table


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
        "select method || ' ' || endpoint, requests, errors from endpoint_performance_between(:first, :last) "
        "where deployment_type = 'all'",
        first=today() - timedelta(days=27),
        last=today(),
    )
    rates = [float(row["Error rate"]) for row in found]
    assert rates == sorted(rates, reverse=True)
    assert {tuple(map(str, row)) for row in expected} == {
        (row["Endpoint"], row["Requests"], row["Errors"]) for row in found
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


def test_installations(dashboard: Dashboard, demo_url: str, demo: Connection) -> None:
    """Installations by day are the view's."""
    found = table(dashboard(demo_url), "/versions", "installations")

    expected = views(
        demo, "select * from installations where day > :after order by day", after=today() - timedelta(days=28)
    )
    assert [tuple(map(str, row)) for row in expected] == [tuple(row.values()) for row in found]
