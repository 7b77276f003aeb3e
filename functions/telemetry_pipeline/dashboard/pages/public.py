"""The public page: how many people are active, and nothing that anybody could ask for."""

from dataclasses import replace
from datetime import timedelta

from telemetry_pipeline.dashboard.filters import Filters
from telemetry_pipeline.dashboard.pages import overview
from telemetry_pipeline.dashboard.people import People
from telemetry_pipeline.dashboard.view import Page
from telemetry_pipeline.dashboard.visit import Visit

PATH = "/public"
"""Where it is."""

LEAST_K = 5
"""The least k, whatever the setting."""

_DAYS = 90


def view(visit: Visit) -> Page:
    """The page: without filters, and of whole days."""
    last = visit.today - timedelta(days=1)
    filters = Filters(last - timedelta(days=_DAYS - 1), last, period="")
    fixed = replace(visit, filters=filters)
    people = People.read_published(visit.reader, filters.first, last, visit.k)
    return Page(
        title="How it is used",
        lead="Counted without knowing anybody.",
        cards=tuple(overview.cards(fixed, people)),
        charts=(overview.active(fixed, people),),
        template="public.html",
    )
