"""A request to a function: measured, and traced where it is marked."""

import time
from collections.abc import Callable, Collection
from functools import wraps

import flask

from telemetry_pipeline.observing import export
from telemetry_pipeline.observing.instruments import Switch
from telemetry_pipeline.observing.metrics import HTTP_REQUESTS
from telemetry_pipeline.observing.traces import TRACES, Span, Trace

Respond = Callable[[flask.Request], flask.Response]

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"))


def observed(routes: Collection[str], *, is_public: bool = False) -> Callable[[Respond], Respond]:
    """Measure a function's requests.

    Args:
        routes: The paths that it knows; of any other nothing is noted.
        is_public: Whether anybody may call it, so that the ids that a request brings are not ours to keep.
    """

    def decorate(respond: Respond) -> Respond:
        @wraps(respond)
        def observing(request: flask.Request) -> flask.Response:
            if not Switch.is_on:
                return respond(request)
            export.begin()
            begun = time.time_ns()
            with TRACES.of_request(request.headers.get("traceparent", ""), is_public=is_public) as trace:
                status = 500
                try:
                    response = respond(request)
                    status = response.status_code
                    return response
                finally:
                    _note(request, routes, status, begun, trace)

        return observing

    return decorate


def _note(request: flask.Request, routes: Collection[str], status: int, begun: int, trace: Trace | None) -> None:
    method = request.method if request.method in _METHODS else "_OTHER"
    route = request.path if request.path in routes else ""
    error = str(status) if status >= 500 else ""
    values = (method, route, status, request.scheme, error)
    ended = time.time_ns()
    HTTP_REQUESTS.record((ended - begun) / 1e9, *values)
    if trace:
        name = f"{method} {route}".rstrip()
        trace.request = Span(name, "SERVER", begun, ended, HTTP_REQUESTS.named(values), error)
