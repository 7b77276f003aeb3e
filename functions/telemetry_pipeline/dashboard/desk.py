"""What a function that shows pages answers with: GET a page, its tables as CSV, and the files that it is made with.

Which pages there are is data: `public` has parts of `dashboard`, and the team's pages are not there to be asked for.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import flask
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from telemetry_pipeline import __version__, health
from telemetry_pipeline.dashboard import assets, export, receipt
from telemetry_pipeline.dashboard.answers import answer
from telemetry_pipeline.dashboard.filters import BadFilter, Filters
from telemetry_pipeline.dashboard.pages import public
from telemetry_pipeline.dashboard.reader import Reader, reading
from telemetry_pipeline.dashboard.rendering import render
from telemetry_pipeline.dashboard.view import Chart, Page
from telemetry_pipeline.dashboard.visit import Visit
from telemetry_pipeline.database import FAULTS, connect, look
from telemetry_pipeline.logs import log
from telemetry_pipeline.settings import DashboardSettings

_STATEMENT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Site:
    """What a function shows beside the public page and receipts.

    `pages` are by their paths, and `menu` leads to them; `extent` is the query that tells the day of the first event.
    """

    function: str
    settings: type[DashboardSettings]
    pages: Mapping[str, Callable[[Visit], Page]]
    menu: Mapping[str, str]
    extent: str

    @property
    def paths(self) -> frozenset[str]:
        """The paths that a measurement may name."""
        return frozenset((*self.pages, public.PATH, *health.PATHS))

    def link(self, path: str) -> str:
        """The path of a page, and nothing where there is none."""
        return path if path in self.pages else ""


class _Beginning:
    """The day of the first event. It is asked for until there is one: that day moves on once a month, if at all."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._day: date | None = None

    def day(self, reader: Reader) -> date | None:
        """The day, or none before the first event."""
        if self._day is None:
            self._day = reader.rows(self._question)[0].first_day
        return self._day


@dataclass(frozen=True, slots=True)
class Desk:
    """A site, and what an instance keeps to answer for it."""

    site: Site
    settings: DashboardSettings
    engine: Engine
    health: health.Health
    beginning: _Beginning

    @classmethod
    def open(cls, site: Site) -> "Desk":
        """A desk by the settings in the environment.

        Raises:
            SettingsError: Listing all that is missing or bad.
        """
        settings = site.settings.read(os.environ)
        engine = connect(settings, site.function, settings.database_pool_size, statement_seconds=_STATEMENT_SECONDS)
        return cls(site, settings, engine, health.Health(database=lambda: look(engine)), _Beginning(site.extent))

    def find(self, path: str) -> Callable[[Visit], Page] | None:
        """The page at a path; none where there is nothing."""
        if path == public.PATH:
            return public.view if self.settings.public_page else None
        return self.site.pages.get(path)

    def links(self) -> dict[str, str]:
        """Where a page leads to, but for the menu; nothing where that isn't known or isn't there."""
        url = self.settings.otlp_url
        return {
            "home": self.site.link("/"),
            "collected": self.site.link("/collected"),
            "contract": f"{url}/.well-known/telemetry.json" if url else "",
        }


def respond(request: flask.Request, site: Site, desk: Callable[[], Desk]) -> flask.Response:
    """Answer a request; whatever fails, the answer is a page that says what to do."""
    begun = time.perf_counter()
    response = _respond(request, site, desk)
    path = request.path if request.path in site.pages else "other"
    log("INFO", "request", path=path, status=response.status_code, seconds=round(time.perf_counter() - begun, 3))
    return response


def _respond(request: flask.Request, site: Site, desk: Callable[[], Desk]) -> flask.Response:
    try:
        return _route(request, site, desk)
    except BadFilter as fault:
        return _trouble(request, site, 400, "This address can't be understood", str(fault))
    except ProgrammingError as fault:
        log("ERROR", "question refused", error=type(fault).__name__)
        return _trouble(request, site, 503, *_NOT_READY)
    except FAULTS as fault:
        log("ERROR", "database unavailable", error=type(fault).__name__)
        return _trouble(request, site, 503, *_DATABASE_AWAY)
    except Exception as error:  # the framework would send the exception's text to the client
        log("CRITICAL", "request failed", error=type(error).__name__)
        return _trouble(request, site, 500, *_OUR_FAULT)


_NOT_READY = (
    "The database isn't ready for this page",
    "Its schema is older than the dashboard, or this function may not read it: run `telemetry maintain --now`.",
)
_DATABASE_AWAY = (
    "The database doesn't answer",
    "Everything else may well be fine: events wait on the bus until it is back. `telemetry doctor` says more.",
)
_OUR_FAULT = ("This page failed", "It is a fault of ours. The function's log has a line about it; other pages work.")


def _route(request: flask.Request, site: Site, find_desk: Callable[[], Desk]) -> flask.Response:
    if request.method not in {"GET", "HEAD"}:
        return flask.Response(status=405, headers={"Allow": "GET, HEAD"})
    if asset := assets.find(request.path):
        return answer(request, asset.content, asset.media_type, cache_control=asset.cache_control)
    desk = find_desk()
    if request.path in health.PATHS:
        return desk.health.answer(request, {"function": site.function, "version": __version__})
    if request.path.startswith(receipt.PREFIX):
        return _receipt(request, desk)
    view = desk.find(request.path)
    if view is None:
        return _trouble(request, site, 404, "There is no such page", "The menu has all of them." if site.menu else "")
    with reading(desk.engine) as reader:
        visit = _visit(request, reader, desk)
        page = view(visit)
    response = _show(request, visit, page, desk)
    response.headers["Server-Timing"] = f"db;dur={reader.seconds * 1000:.1f}"
    return response


def _receipt(request: flask.Request, desk: Desk) -> flask.Response:
    with reading(desk.engine) as reader:
        found = receipt.find(reader, request.path)
    if found is None:
        advice = "Its request may not have arrived yet: try later."
        return _trouble(request, desk.site, 404, "There is no such receipt", advice)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return answer(request, json.dumps(found).encode(), "application/json", cache_control="no-store")
    html = render(
        "receipt.html", **desk.links(), lines=receipt.lines(found), menu={}, path=receipt.PREFIX, is_embedded=False
    )
    return answer(request, html.encode(), "text/html", cache_control="no-store")


def _visit(request: flask.Request, reader: Reader, desk: Desk) -> Visit:
    # The public page has no filters: what is asked of it is not even repeated.
    is_public = request.path == public.PATH
    # No text in Postgres holds a NUL.
    arguments = {} if is_public else {name: value.replace("\0", "") for name, value in request.args.items()}
    k = max(desk.settings.k_anonymity, public.LEAST_K) if is_public else desk.settings.k_anonymity
    today = datetime.now(UTC).date()
    first_day = desk.beginning.day(reader)
    filters = Filters.read(arguments, today, first_day or today)
    return Visit(reader, filters, k, today, arguments, first_day)


def _show(request: flask.Request, visit: Visit, page: Page, desk: Desk) -> flask.Response:
    wanted = request.args.get("csv")
    if wanted is not None:
        return _table(request, desk.site, page, wanted)
    is_embedded = request.args.get("embed") == "1"
    html = render(
        page.template,
        **desk.links(),
        page=page,
        charts=_chosen(page, request.args),
        visit=visit,
        path=request.path,
        menu={} if request.path == public.PATH else desk.site.menu,
        is_embedded=is_embedded,
        otlp_url=desk.settings.otlp_url or "https://YOUR-INGEST",
        has_public=desk.settings.public_page,
    )
    ancestors = desk.settings.embed_origins if is_embedded else "'none'"
    return answer(request, html.encode(), "text/html", ancestors=ancestors)


def _chosen(page: Page, arguments: Mapping[str, str]) -> list[Chart]:
    wanted = arguments.get("chart") if arguments.get("embed") == "1" else None
    return [chart for chart in page.charts if wanted in {None, chart.name}]


def _table(request: flask.Request, site: Site, page: Page, name: str) -> flask.Response:
    chart = next((chart for chart in page.charts if chart.name == name), None)
    if chart is None:
        return _trouble(request, site, 404, "There is no such table", "Each chart of a page has a link to its own.")
    response = answer(request, export.to_csv(chart.table).encode(), "text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _trouble(request: flask.Request, site: Site, status: int, what: str, advice: str) -> flask.Response:
    html = render(
        "trouble.html",
        what=what,
        advice=advice if site.menu or status < 500 else "Please try again later.",
        menu=site.menu,
        home=site.link("/"),
        collected=site.link("/collected"),
        contract="",
        path=request.path,
        is_embedded=False,
    )
    response = answer(request, html.encode(), "text/html", status=status, cache_control="no-store")
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response
