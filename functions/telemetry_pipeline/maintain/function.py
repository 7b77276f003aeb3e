"""The function `maintain`: a POST runs maintenance, POST /migrate brings the schema up to date and no more.

POST /smoke counts the events of a deployment's smoke test and takes them away. POST /erase and /receipt are what
`telemetry erase --at` calls: ids come here as pseudonyms, and tokens as digests.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import flask
from sqlalchemy import Engine

from telemetry_pipeline import __version__, health
from telemetry_pipeline.database import FAULTS, look
from telemetry_pipeline.instance import Once
from telemetry_pipeline.logs import log
from telemetry_pipeline.maintain import migrate, requests, run, smoke
from telemetry_pipeline.observing import metrics, observed
from telemetry_pipeline.settings import MaintainSettings

_RETRY_AFTER = {"Retry-After": "60"}


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What an instance keeps between requests."""

    settings: MaintainSettings
    engine: Engine

    @classmethod
    def made_from(cls, settings: MaintainSettings) -> "Maintenance":
        """Connect to nothing yet; the first run does."""
        return cls(settings, run.engine_of(settings))


maintenance = Once(lambda: Maintenance.made_from(MaintainSettings.read(os.environ)))

_health = health.Health(database=lambda: look(maintenance().engine), schema=lambda: migrate.look(maintenance().engine))

_WORK: dict[str, Callable[[Maintenance], run.Report]] = {
    "/": lambda the: run.run(the.engine, the.settings),
    "/migrate": lambda the: run.migrate_only(the.engine, the.settings),
    "/smoke": lambda the: smoke.take(the.engine),
}


def _erase(the: Maintenance, body: object) -> object:
    return requests.fulfil(the.engine, the.settings, requests.Order.read(body))


def _receipt(the: Maintenance, body: object) -> object:
    digest = body.get("receipt") if isinstance(body, dict) else None
    if not isinstance(digest, str):
        raise ValueError("a receipt is asked for by its digest")  # noqa: TRY004 - what was sent is at fault
    with the.engine.connect() as connection:
        return {"receipt": requests.receipt(connection, digest)}


_ORDERS: dict[str, Callable[[Maintenance, object], object]] = {"/erase": _erase, "/receipt": _receipt}


@observed(frozenset((*_WORK, *_ORDERS, *health.PATHS)))
def respond(request: flask.Request) -> flask.Response:
    """Answer with a report of what was done, once it is done; 503 if the database refused."""
    order = _ORDERS.get(request.path)
    if request.method in {"GET", "HEAD"} and request.path in health.PATHS:
        return _health.answer(request, {"function": "maintain", "version": __version__})
    if request.method in {"GET", "HEAD"} and request.path == "/":
        return flask.jsonify(function="maintain", status="ok", version=__version__)
    if order is None and request.path not in _WORK:
        return flask.Response(status=404)
    if request.method != "POST":
        return flask.Response(status=405, headers={"Allow": "GET, HEAD, POST"})
    return _fulfil(order, request) if order else _answer(_WORK[request.path])


def _fulfil(order: Callable[[Maintenance, object], object], request: flask.Request) -> flask.Response:
    try:
        answer = order(maintenance(), request.get_json(silent=True))
    except ValueError as fault:
        return flask.Response(f"{fault}\n", 400, mimetype="text/plain")
    except FAULTS as fault:
        log("ERROR", "order failed", error=type(fault).__name__)
        return flask.Response(status=503, headers=_RETRY_AFTER)
    return flask.jsonify(answer)


def _answer(work: Callable[[Maintenance], run.Report]) -> flask.Response:
    try:
        report = work(maintenance())
    except run.UnderWay:
        metrics.RUNS.add(1, "under way")
        log("INFO", "maintenance is under way")
        return flask.jsonify(status="under way")
    except FAULTS as fault:
        metrics.RUNS.add(1, "failed")
        log("ERROR", "maintenance failed", error=type(fault).__name__)
        return flask.Response(status=503, headers=_RETRY_AFTER)
    metrics.RUNS.add(1, "done")
    log("INFO", "maintained", **{f"{step}_seconds": figures["seconds"] for step, figures in report.steps.items()})
    return flask.jsonify(status="done", steps=report.steps)
