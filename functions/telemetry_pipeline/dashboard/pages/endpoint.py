"""One endpoint: how its durations are spread, and whether a release made it slower."""

from datetime import timedelta
from math import ceil, log10

from telemetry_pipeline.dashboard.pages import performance
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.view import Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

_VERSIONS_DAYS = 7
_STEPS_PER_DECADE = 10


def view(visit: Visit) -> Page:
    """The page of the endpoint that the arguments `method` and `endpoint` name."""
    filters = visit.filters
    one = {"method": visit.arguments.get("method", ""), "endpoint": visit.arguments.get("endpoint", "")}
    span = {"first": filters.first, "last": filters.last, "deployment": filters.deployment}
    latency = visit.reader.rows("latency", **span, **one)
    histogram = visit.reader.rows("histogram", **span, **one)
    week = {"first": visit.today - timedelta(days=_VERSIONS_DAYS - 1), "last": visit.today}
    versions = visit.reader.rows("endpoint_versions", deployment=filters.deployment, **week, **one)
    return Page(
        title=f"{one['method']} {one['endpoint']}".strip() or "An endpoint",
        lead="One endpoint: how fast, how sound, and since when.",
        cards=performance.cards(latency),
        charts=(
            performance.quantiles(visit, latency),
            _histogram(visit, histogram),
            performance.failures(visit, latency),
            _versions(versions),
        ),
        controls=("period", "deployment"),
    )


def _histogram(visit: Visit, rows: Rows) -> Chart:
    steps: dict[int, int] = {}
    for row in rows:
        step = ceil(log10(float(row.milliseconds)) * _STEPS_PER_DECADE)
        steps[step] = steps.get(step, 0) + row.requests
    most = max(steps, key=lambda step: steps[step], default=None)
    spread = range(min(steps), max(steps) + 1) if steps else ()
    return Chart(
        "histogram",
        f"Most often between {_edge(most - 1)} and {_edge(most)} ms" if most is not None else "Durations",
        "columns",
        Table.of(
            [Column("Up to, ms", "text"), Column("Requests")], [(_edge(step), steps.get(step, 0)) for step in spread]
        ),
        f"Requests by duration, on a logarithmic scale, over {visit.filters.days} days",
        words_of("endpoint_performance"),
    )


def _edge(step: int) -> str:
    edge = 10 ** (step / _STEPS_PER_DECADE)
    return f"{edge:,.0f}" if edge >= 10 else f"{edge:.2g}"


def _versions(rows: Rows) -> Chart:
    return Chart(
        "versions",
        "By version",
        "table",
        Table.of(
            [
                Column("Version", "text"),
                Column("Requests"),
                Column("Errors"),
                Column("p50", "milliseconds"),
                Column("p95", "milliseconds"),
            ],
            [(row.service_version or "untold", row.requests, row.errors, row.p50_ms, row.p95_ms) for row in rows],
        ),
        f"Requests of the last {_VERSIONS_DAYS} days, counted one by one",
        is_wide=True,
    )
