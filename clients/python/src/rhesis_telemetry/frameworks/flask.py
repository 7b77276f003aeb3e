"""Flask: a WSGI middleware, told the matched rule by Flask's signal."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import flask

from rhesis_telemetry import consent
from rhesis_telemetry.tracking import track_endpoint_usage

Environment = dict[str, Any]
App = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]

_FAILED = 500
_RULE = "rhesis_telemetry.rule"
_SEEN = "rhesis_telemetry.seen"
_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


def track_endpoints(app: flask.Flask) -> None:
    """Track the endpoints of an app."""
    app.wsgi_app = TelemetryMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    flask.request_started.connect(_note_rule, app)


def _note_rule(*_: object) -> None:
    """Keep the rule where it can be found when Flask is done with the request."""
    if flask.request.url_rule is not None:
        flask.request.environ[_RULE] = flask.request.url_rule.rule


class TelemetryMiddleware:
    """Tracks each request that has a rule, until its response is closed; passes on all as it is."""

    def __init__(self, app: App) -> None:
        self._app = app

    def __call__(self, environ: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handle a request."""
        if _SEEN in environ:
            # By the app that this one is mounted in, or the middleware was added twice.
            return self._app(environ, start_response)
        environ[_SEEN] = True
        request = _Request(environ)

        def starting(status: str, *rest: Any, **options: Any) -> Any:  # noqa: ANN401 - as the server has it
            request.status = int(status.split(" ", 1)[0])
            return start_response(status, *rest, **options)

        try:
            response = self._app(environ, starting)
        except BaseException:
            request.end(_FAILED)
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(response, wrapper):
            # The server sends it by itself, which it would not do with a wrapped one.
            request.end()
            return response
        return _Response(response, request)


class _Request:
    """One request, from its beginning until it is tracked."""

    def __init__(self, environ: Environment) -> None:
        self.status = _FAILED
        self._environ = environ
        self._start = time.time_ns()
        self._scope = ExitStack()
        self._scope.enter_context(consent.request())

    def end(self, status: int | None = None) -> None:
        """Track it, the first time that this is called."""
        if self._start:
            status_code = self.status if status is None else status
            route = partial(_template, self._environ)
            track_endpoint_usage(self._environ["REQUEST_METHOD"], route, status_code, self._start, time.time_ns())
        self._start = 0
        self._scope.close()


class _Response:
    """A response that tracks its request when it is closed."""

    def __init__(self, response: Iterable[bytes], request: _Request) -> None:
        self._response = response
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._response
        except Exception:
            self._request.end(_FAILED)
            raise

    def close(self) -> None:
        """Close the response itself, then track."""
        try:
            if hasattr(self._response, "close"):
                self._response.close()
        finally:
            self._request.end()


def _template(environ: Environment) -> str | None:
    """The matched rule, `<int:id>` as `{id}`."""
    rule = environ.get(_RULE)
    return None if rule is None else _PARAMETER.sub(r"{\1}", rule)
