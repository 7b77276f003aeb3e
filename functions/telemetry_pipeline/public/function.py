"""The function `public`: receipts, and how many people are active where that is turned on.

In the cloud the dashboard is closed to all but the team. This has a login of its own to the database, which can read
nothing more than these two.
"""

import flask

from telemetry_pipeline.dashboard import desk
from telemetry_pipeline.instance import Once
from telemetry_pipeline.observing import observed
from telemetry_pipeline.settings import PublicSettings

_SITE = desk.Site("public", PublicSettings, pages={}, menu={}, extent="public_extent")
_desk = Once(lambda: desk.Desk.open(_SITE))


@observed(_SITE.paths, is_public=True)
def respond(request: flask.Request) -> flask.Response:
    """Answer a request."""
    return desk.respond(request, _SITE, _desk)
