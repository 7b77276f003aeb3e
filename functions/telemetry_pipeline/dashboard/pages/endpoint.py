"""One endpoint: how its durations are spread, and whether a release made it slower."""

from datetime import timedelta
from math import ceil, log10

from telemetry_pipeline.dashboard.filters import Filters
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
    now, past = performance.latency(visit, filters, **one), performance.latency(visit, filters.past, **one)
    spread, spread_before = _spread(visit, filters, one), _spread(visit, filters.past, one)
    week = {"first": visit.today - timedelta(days=_VERSIONS_DAYS - 1), "last": visit.today}
    versions = visit.reader.rows("endpoint_versions", deployment=filters.deployment, **week, **one)
    return Page(
        title=f"{one['method']} {one['endpoint']}".strip() or "An endpoint",
        lead="One endpoint: how fast, how sound, and since when.",
        cards=performance.cards(visit, now, past),
        charts=(
            performance.quantiles(visit, now, past),
            _histogram(visit, spread, spread_before),
            performance.failures(visit, now, past),
            _versions(versions),
        ),
        controls=("period", "compare", "deployment"),
    )


def _spread(visit: Visit, filters: Filters | None, one: dict[str, str]) -> dict[int, int]:
    """Requests by the step of a logarithmic scale that their duration falls on."""
    if filters is None:
        return {}
    span = {"first": filters.first, "last": filters.last, "deployment": filters.deployment}
    steps: dict[int, int] = {}
    for row in visit.reader.rows("histogram", **span, **one):
        step = ceil(log10(float(row.milliseconds)) * _STEPS_PER_DECADE)
        steps[step] = steps.get(step, 0) + row.requests
    return steps


def _histogram(visit: Visit, now: dict[int, int], past: dict[int, int]) -> Chart:
    most = max(now, key=lambda step: now[step], default=None)
    all_steps = {*now, *past}
    spread = range(min(all_steps), max(all_steps) + 1) if all_steps else ()
    counts = [now, past] if visit.filters.shift else [now]
    column = Column("Requests")
    return Chart(
        "histogram",
        f"Most often between {_edge(most - 1)} and {_edge(most)} ms" if most is not None else "Durations",
        "columns",
        Table.of(
            [Column("Up to, ms", "text"), *[column, column.before][: len(counts)]],
            [(_edge(step), *(count.get(step, 0) for count in counts)) for step in spread],
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
