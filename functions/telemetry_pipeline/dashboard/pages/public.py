"""The public page: how many people are active, and nothing that could be narrowed down."""

from dataclasses import replace
from datetime import timedelta

from telemetry_pipeline.dashboard.filters import Filters
from telemetry_pipeline.dashboard.pages import overview
from telemetry_pipeline.dashboard.view import Page
from telemetry_pipeline.dashboard.visit import Visit

_DAYS = 90
_LEAST_K = 5


def view(visit: Visit) -> Page:
    """The page; without filters, of whole days, and never of fewer than five people."""
    last = visit.today - timedelta(days=1)
    filters = Filters(last - timedelta(days=_DAYS - 1), last, period="")
    narrow = replace(visit, filters=filters, k=max(visit.k, _LEAST_K))
    people = overview.read(narrow)
    return Page(
        title="How it is used",
        lead="Counted without knowing anybody.",
        cards=tuple(overview.cards(narrow, people)),
        charts=(overview.active(narrow, people),),
        template="public.html",
    )
