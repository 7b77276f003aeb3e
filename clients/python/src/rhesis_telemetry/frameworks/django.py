"""Django: `"rhesis_telemetry.frameworks.django.TelemetryMiddleware"`, first in `MIDDLEWARE`."""

import re
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from rhesis_telemetry import consent
from rhesis_telemetry.tracking import track_endpoint_usage

_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.|\([^()]*\))*\)")
_ANCHORS = re.compile(r"[\^$]|\\[AZz]")


class TelemetryMiddleware:
    """Tracks each request that has a route, until its response begins; passes on all as it is."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Handle a request."""
        if self._is_async:
            return self._awaited(request)
        with consent.request():
            start = time.time_ns()
            # Errors are responses by now: Django converts exceptions around each middleware.
            response = cast("HttpResponseBase", self._get_response(request))
            _track(request, response, start)
            return response

    async def _awaited(self, request: HttpRequest) -> HttpResponseBase:
        with consent.request():
            start = time.time_ns()
            response = await cast("Awaitable[HttpResponseBase]", self._get_response(request))
            _track(request, response, start)
            return response


def _track(request: HttpRequest, response: HttpResponseBase, start: int) -> None:
    track_endpoint_usage(request.method or "", partial(_matched, request), response.status_code, start, time.time_ns())


def _matched(request: HttpRequest) -> str | None:
    return None if request.resolver_match is None else template(request.resolver_match.route)


def template(route: str) -> str:
    """A route of Django's, of `path()` or `re_path()`, in the form `/test_runs/{id}`."""
    named = _PARAMETER.sub(r"{\1}", _GROUP.sub(r"{\1}", route))
    return "/" + _ANCHORS.sub("", named).lstrip("/")
