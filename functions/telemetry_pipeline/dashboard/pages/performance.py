"""Performance: how fast and how sound is the API, and what is slow?"""

from typing import Any

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.view import Card, Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_SLOWEST = 10


def view(visit: Visit) -> Page:
    """The page."""
    filters = visit.filters
    latency = visit.reader.rows(
        "latency", first=filters.first, last=filters.last, deployment=filters.deployment, method=None, endpoint=None
    )
    endpoints = visit.reader.rows("endpoints", first=filters.first, last=filters.last, deployment=filters.deployment)
    return Page(
        title="Performance",
        lead="How fast is it, and what fails?",
        cards=cards(latency),
        charts=(
            quantiles(visit, latency),
            _slowest(visit, endpoints),
            failures(visit, latency),
            _table(visit, endpoints),
        ),
        controls=("period", "deployment"),
    )


def cards(latency: Rows) -> tuple[Card, ...]:
    """Requests, the share of them that failed, and the last day's p95."""
    requests, errors = (sum(getattr(row, name) for row in latency) for name in ("requests", "errors"))
    p95 = tuple(findings.number(row.p95_ms) for row in latency)
    return (
        Card("Requests", int(requests), trend=tuple(findings.number(row.requests) for row in latency)),
        Card(
            "Failed",
            errors / requests if requests else None,
            "rate",
            trend=tuple(findings.number(row.error_rate) for row in latency),
            note="status 500 or more",
        ),
        Card("p95 on the last day", p95[-1] if p95 else None, "milliseconds", trend=p95, note="95 % are faster"),
    )


def quantiles(visit: Visit, latency: Rows) -> Chart:
    """Lines of p50, p95, p99 by day."""
    by_day = {row.day: row for row in latency}
    empty: Any = None
    rows = [
        (day, *(getattr(by_day.get(day, empty), name, None) for name in ("p50_ms", "p95_ms", "p99_ms")))
        for day in days(visit.filters.first, visit.filters.last)
    ]
    return Chart(
        "latency",
        _title(rows),
        "lines",
        Table.of([Column("Day", "day"), *(Column(name, "milliseconds") for name in ("p50", "p95", "p99"))], rows),
        "The duration that 50, 95, 99 % of a day's requests don't exceed",
        words_of("endpoint_performance_between"),
        is_wide=True,
    )


def _title(rows: list[tuple[Any, ...]]) -> str:
    known = [row for row in rows if row[2] is not None]
    if len(known) < 2:
        return "How long requests take"
    half = len(known) // 2
    now, before = (_middle([row[2] for row in part]) for part in (known[half:], known[:half]))
    return findings.moved("p95", now, before, f"the {half} days before", "How long requests take")


def _middle(values: list[Any]) -> float:
    return float(sorted(values)[len(values) // 2])


def failures(visit: Visit, latency: Rows) -> Chart:
    """Lines of the error rate by day."""
    by_day = {row.day: row.error_rate for row in latency}
    worst = max(latency, key=lambda row: row.error_rate, default=None)
    title = "No request failed" if worst is not None and not worst.errors else "Requests that failed"
    if worst is not None and worst.errors:
        title = f"Worst on {worst.day}: {findings.share(worst.errors, worst.requests)} of requests failed"
    return Chart(
        "failures",
        title,
        "lines",
        Table.of(
            [Column("Day", "day"), Column("Failed", "rate")],
            [(day, by_day.get(day)) for day in days(visit.filters.first, visit.filters.last)],
        ),
        "Share of a day's requests that were answered with a status of 500 or more",
        words_of("endpoint_performance"),
    )


def _slowest(visit: Visit, endpoints: Rows) -> Chart:
    slowest = [row for row in endpoints if row.p95_ms is not None][:_SLOWEST]
    return Chart(
        "slowest",
        f"{_name(slowest[0])} is the slowest" if slowest else "Slowest endpoints",
        "ranked",
        Table.of(
            [Column("Endpoint", "text"), Column("p95", "milliseconds"), Column("Requests", is_drawn=False)],
            [(_name(row), float(row.p95_ms), row.requests) for row in slowest],
            [_address(visit, row) for row in slowest],
        ),
        f"The ten endpoints with the highest p95, over {visit.filters.days} days",
        words_of("endpoint_performance_between"),
    )


def _table(visit: Visit, endpoints: Rows) -> Chart:
    units = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99"}
    columns = [
        Column("Endpoint", "text"),
        Column("Requests"),
        Column("Errors"),
        Column("Error rate", "rate"),
        *(Column(label, "milliseconds") for label in units.values()),
        Column("Apdex", "ratio"),
    ]
    rows = sorted(endpoints, key=lambda row: (-row.error_rate, -row.requests))
    return Chart(
        "endpoints",
        "All endpoints",
        "table",
        Table.of(
            columns,
            [
                (_name(row), row.requests, row.errors, row.error_rate, *(getattr(row, one) for one in units), row.apdex)
                for row in rows
            ],
            [_address(visit, row) for row in rows],
        ),
        f"Over {visit.filters.days} days, those that fail most first",
        words_of("endpoint_performance_between"),
        is_wide=True,
    )


def _name(row: Any) -> str:  # noqa: ANN401 - a row of the query
    return f"{row.method} {row.endpoint}"


def _address(visit: Visit, row: Any) -> str:  # noqa: ANN401 - a row of the query
    return visit.link("/performance/one", method=row.method, endpoint=row.endpoint)
