"""Performance: how fast and how sound is the API, and what is slow?"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.filters import Filters
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.spans import days
from telemetry_pipeline.dashboard.units import Unit, shown
from telemetry_pipeline.dashboard.view import Card, Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_SLOWEST = 10
_QUANTILES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99"}

Past = Mapping[tuple[str, str], Any]
"""What each endpoint was in the days that these are compared with, by method and endpoint."""


def view(visit: Visit) -> Page:
    """The page."""
    filters = visit.filters
    now, past = latency(visit, filters), latency(visit, filters.past)
    endpoints = _endpoints(visit, filters)
    before = {(row.method, row.endpoint): row for row in _endpoints(visit, filters.past)}
    return Page(
        title="Performance",
        lead="How fast is it, and what fails?",
        cards=cards(visit, now, past),
        charts=(
            quantiles(visit, now, past),
            _slowest(visit, endpoints, before),
            failures(visit, now, past),
            _table(visit, endpoints, before),
        ),
        controls=("period", "compare", "deployment"),
    )


def latency(visit: Visit, filters: Filters | None, method: str | None = None, endpoint: str | None = None) -> Rows:
    """Days of requests to all endpoints, or to one; none where there is nothing to compare with."""
    if filters is None:
        return ()
    span = {"first": filters.first, "last": filters.last, "deployment": filters.deployment}
    return visit.reader.rows("latency", **span, method=method, endpoint=endpoint)


def _endpoints(visit: Visit, filters: Filters | None) -> Rows:
    if filters is None:
        return ()
    return visit.reader.rows("endpoints", first=filters.first, last=filters.last, deployment=filters.deployment)


def cards(visit: Visit, now: Rows, past: Rows) -> tuple[Card, ...]:
    """Requests, the share of them that failed, and the last day's p95, beside what they were."""
    requests, errors = _sum(now, "requests"), _sum(now, "errors")
    before, errors_before = _sum(past, "requests"), _sum(past, "errors")
    rate, rate_before = (
        part / whole if whole else None for part, whole in ((errors, requests), (errors_before, before))
    )
    p95 = tuple(findings.number(row.p95_ms) for row in now)
    last, last_before = (rows[-1].p95_ms if rows else None for rows in (now, past))
    is_compared = visit.filters.shift is not None
    return (
        Card(
            "Requests",
            requests,
            "count",
            *findings.change(requests, before),
            _note(is_compared, before, "count"),
            "Requests of the period, to any endpoint, anonymous ones included.",
            tuple(findings.number(row.requests) for row in now),
        ),
        Card(
            "Failed",
            rate,
            "rate",
            *findings.points(rate, rate_before),
            _note(is_compared, rate_before, "rate", "status 500 or more"),
            "Requests that were answered with a status of 500 or more, over all requests of the period.",
            tuple(findings.number(row.error_rate) for row in now),
            is_better_low=True,
        ),
        Card(
            "p95 on the last day",
            p95[-1] if p95 else None,
            "milliseconds",
            *findings.change(last, last_before),
            _note(is_compared, last_before, "milliseconds", "95 % are faster"),
            "The duration that 95 % of the last day's requests don't exceed, from a histogram: at most 1 % off.",
            p95,
            is_better_low=True,
        ),
    )


def _sum(rows: Rows, name: str) -> int:
    return int(sum(getattr(row, name) for row in rows))


def _note(is_compared: bool, before: Any, unit: Unit, otherwise: str = "") -> str:  # noqa: ANN401 - a value of the query
    return f"before: {shown(before, unit)}" if is_compared else otherwise


def quantiles(visit: Visit, now: Rows, past: Rows) -> Chart:
    """Lines of p50, p95, p99 by day."""
    columns = [Column(label, "milliseconds") for label in _QUANTILES.values()]
    return Chart(
        "latency",
        _title(visit, now, past),
        "lines",
        _by_day(visit, columns, tuple(_QUANTILES), now, past),
        "The duration that 50, 95, 99 % of a day's requests don't exceed",
        words_of("endpoint_performance_between"),
        is_wide=True,
    )


def _by_day(visit: Visit, columns: list[Column], names: tuple[str, ...], now: Rows, past: Rows) -> Table:
    """Values of each day, and beside them those of the days that they are compared with."""
    shift = visit.filters.shift
    by_day: dict[date, Any] = {row.day: row for row in (*past, *now)}
    rows = []
    for day in days(visit.filters.first, visit.filters.last):
        both = (by_day.get(day), *([by_day.get(day - shift)] if shift else []))
        rows.append((day, *(getattr(row, name, None) for row in both for name in names)))
    return Table.of([Column("Day", "day"), *columns, *(one.before for one in columns if shift)], rows)


def _title(visit: Visit, now: Rows, past: Rows) -> str:
    known, before = ([row.p95_ms for row in rows if row.p95_ms is not None] for rows in (now, past))
    than = "the days before"
    if visit.filters.shift is None:
        half = len(known) // 2
        known, before, than = known[half:], known[:half], f"the {half} days before"
    if not known or not before:
        return "How long requests take"
    return findings.moved("p95", _middle(known), _middle(before), than, "How long requests take")


def _middle(values: list[Any]) -> float:
    return float(sorted(values)[len(values) // 2])


def failures(visit: Visit, now: Rows, past: Rows) -> Chart:
    """Lines of the error rate by day."""
    worst = max(now, key=lambda row: row.error_rate, default=None)
    title = "No request failed" if worst is not None and not worst.errors else "Requests that failed"
    if worst is not None and worst.errors:
        title = f"Worst on {worst.day}: {findings.share(worst.errors, worst.requests)} of requests failed"
    return Chart(
        "failures",
        title,
        "lines",
        _by_day(visit, [Column("Failed", "rate")], ("error_rate",), now, past),
        "Share of a day's requests that were answered with a status of 500 or more",
        words_of("endpoint_performance"),
    )


def _slowest(visit: Visit, endpoints: Rows, past: Past) -> Chart:
    slowest = [row for row in endpoints if row.p95_ms is not None][:_SLOWEST]
    columns = [Column("p95", "milliseconds"), Column("Requests", is_drawn=False)]
    return Chart(
        "slowest",
        f"{_name(slowest[0])} is the slowest" if slowest else "Slowest endpoints",
        "ranked",
        Table.of(
            [Column("Endpoint", "text"), *columns, *_before(visit, columns[:1])],
            [(_name(row), float(row.p95_ms), row.requests, *_were(visit, row, past, ("p95_ms",))) for row in slowest],
            [_address(visit, row) for row in slowest],
        ),
        f"The ten endpoints with the highest p95, over {visit.filters.days} days",
        words_of("endpoint_performance_between"),
    )


def _table(visit: Visit, endpoints: Rows, past: Past) -> Chart:
    columns = {
        "requests": Column("Requests"),
        "errors": Column("Errors"),
        "error_rate": Column("Error rate", "rate"),
        **{name: Column(label, "milliseconds") for name, label in _QUANTILES.items()},
        "apdex": Column("Apdex", "ratio"),
    }
    compared = ("requests", "error_rate", "p95_ms")
    rows = sorted(endpoints, key=lambda row: (-row.error_rate, -row.requests))
    return Chart(
        "endpoints",
        "All endpoints",
        "table",
        Table.of(
            [Column("Endpoint", "text"), *columns.values(), *_before(visit, [columns[name] for name in compared])],
            [
                (_name(row), *(getattr(row, name) for name in columns), *_were(visit, row, past, compared))
                for row in rows
            ],
            [_address(visit, row) for row in rows],
        ),
        f"Over {visit.filters.days} days, those that fail most first",
        words_of("endpoint_performance_between"),
        is_wide=True,
    )


def _before(visit: Visit, columns: list[Column]) -> list[Column]:
    return [column.before for column in columns] if visit.filters.shift else []


def _were(visit: Visit, row: Any, past: Past, names: tuple[str, ...]) -> list[Any]:  # noqa: ANN401 - a row of the query
    if visit.filters.shift is None:
        return []
    return [getattr(past.get((row.method, row.endpoint)), name, None) for name in names]


def _name(row: Any) -> str:  # noqa: ANN401 - a row of the query
    return f"{row.method} {row.endpoint}"


def _address(visit: Visit, row: Any) -> str:  # noqa: ANN401 - a row of the query
    return visit.link("/performance/one", method=row.method, endpoint=row.endpoint)
