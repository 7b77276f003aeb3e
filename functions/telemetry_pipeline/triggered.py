"""A function that Pub/Sub triggers: one pushed message in, one answer and one line of the log out."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import flask

from telemetry_pipeline import __version__, health
from telemetry_pipeline.logs import log
from telemetry_pipeline.observing import Operation, metrics
from telemetry_pipeline.push import Delivery, delivery_of

ROUTES = frozenset(("/", *health.PATHS))

_RETRY_AFTER = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message.

    `done` is the word for it, such as "stored"; `spans` is how many it had and `rejected` how many of them broke the
    contract. `fault` says why all of it was put aside, and is empty otherwise.
    """

    done: str
    spans: int = 0
    rejected: int = 0
    fault: str = ""


def respond(
    request: flask.Request,
    function: str,
    take: Callable[[Delivery], Outcome],
    postponed: tuple[type[Exception], ...],
    state: health.Health,
) -> flask.Response:
    """Answer a request: 204 once `take` is done with a pushed message, 503 so that Pub/Sub delivers it again.

    Args:
        request: A push, or whoever asks which function this is.
        function: Its name.
        take: Does what there is to do with a message.
        postponed: What `take` raises where it can't now; its text may be logged.
        state: What it needs.
    """
    if request.method != "POST":
        return _about(request, function, state)
    try:
        return _receive(request, take)
    except postponed as fault:
        metrics.MESSAGES.add(1, "postponed")
        log("ERROR", "push postponed", error=type(fault).__name__, detail=str(fault))
    except Exception as error:  # the framework would send the exception's text
        metrics.MESSAGES.add(1, "failed")
        log("CRITICAL", "push failed", error=type(error).__name__)
    return flask.Response(status=503, headers=_RETRY_AFTER)


def _receive(request: flask.Request, take: Callable[[Delivery], Outcome]) -> flask.Response:
    begun = time.perf_counter()
    with Operation(metrics.PROCESSING, "process", "gcp_pubsub", "process", "process"):
        outcome = take(delivery_of(request))
    metrics.MESSAGES.add(1, outcome.done)
    metrics.ROWS.add(outcome.spans - outcome.rejected, "written")
    if outcome.rejected:
        metrics.ROWS.add(outcome.rejected, "rejected")
    fields: dict[str, str | float] = {"spans": outcome.spans, "rejected": outcome.rejected}
    if outcome.fault:
        fields["reason"] = outcome.fault
    milliseconds = round((time.perf_counter() - begun) * 1000, 1)
    log("WARNING" if outcome.fault else "INFO", f"push {outcome.done}", **fields, milliseconds=milliseconds)
    return flask.Response(status=204)


def _about(request: flask.Request, function: str, state: health.Health) -> flask.Response:
    if request.method not in {"GET", "HEAD"}:
        return flask.Response(status=405, headers={"Allow": "GET, HEAD, POST"})
    if request.path not in ROUTES:
        return flask.Response(status=404)
    if request.path in health.PATHS:
        return state.answer(request, {"function": function, "version": __version__})
    return flask.jsonify(function=function, status="ok", version=__version__)
