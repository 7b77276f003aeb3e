"""Which page is where."""

from collections.abc import Callable, Mapping

from telemetry_pipeline.dashboard.pages import (
    collected,
    endpoint,
    feature,
    features,
    funnel,
    overview,
    performance,
    pipeline,
    retention,
    versions,
)
from telemetry_pipeline.dashboard.view import Page
from telemetry_pipeline.dashboard.visit import Visit

PAGES: Mapping[str, Callable[[Visit], Page]] = {
    "/": overview.view,
    "/retention": retention.view,
    "/features": features.view,
    "/features/one": feature.view,
    "/features/funnel": funnel.view,
    "/performance": performance.view,
    "/performance/one": endpoint.view,
    "/versions": versions.view,
    "/pipeline": pipeline.view,
    "/collected": collected.view,
}
"""Pages by path."""

MENU: Mapping[str, str] = {
    "/": "Overview",
    "/retention": "Retention",
    "/features": "Features",
    "/performance": "Performance",
    "/versions": "Versions",
    "/pipeline": "Pipeline",
    "/collected": "What we collect",
}
"""What the menu leads to."""
