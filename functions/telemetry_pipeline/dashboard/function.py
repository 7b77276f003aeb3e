"""The function `dashboard`: the team's pages, the public one, and receipts."""

import flask

from telemetry_pipeline.dashboard import desk, routes
from telemetry_pipeline.instance import Once
from telemetry_pipeline.observing import observed
from telemetry_pipeline.settings import DashboardSettings

_SITE = desk.Site("dashboard", DashboardSettings, routes.PAGES, routes.MENU, extent="extent")
_desk = Once(lambda: desk.Desk.open(_SITE))


@observed(_SITE.paths)
def respond(request: flask.Request) -> flask.Response:
    """Answer a request."""
    return desk.respond(request, _SITE, _desk)
