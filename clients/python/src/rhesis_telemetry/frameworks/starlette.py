"""FastAPI, Starlette, and whatever else is ASGI and puts `route` and `path_params` into the scope."""

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from typing import Any

from rhesis_telemetry import client, consent
from rhesis_telemetry.tracking import track_endpoint_usage

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_FAILED = 500
_SEEN = "rhesis_telemetry.seen"


class TelemetryMiddleware:
    """Tracks each request that has a route, until the last of its response is handed over; passes on all as it is."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, _flushing(send))
            return
        if _SEEN in scope:
            # By the app that this one is mounted in, or the middleware was added twice.
            await self._app(scope, receive, send)
            return
        scope[_SEEN] = True
        with consent.request() as place:
            if scope["type"] == "http":
                await self._tracked(scope, receive, send, place)
            else:
                await self._app(scope, receive, send)

    async def _tracked(self, scope: Scope, receive: Receive, send: Send, place: consent.Place) -> None:
        start = time.time_ns()
        mounted_at = scope.get("root_path", "")
        status = 0
        tracked = False

        def track(status_code: int) -> None:
            nonlocal tracked
            # What runs after the response decides for itself whom it is about.
            place.shared = False
            if not tracked:
                tracked = True
                route = partial(route_template, scope, mounted_at)
                track_endpoint_usage(scope["method"], route, status_code, start, time.time_ns())

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                track(status)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            track(_FAILED)
            raise
        track(status or _FAILED)


def _flushing(send: Send) -> Send:
    """Send what waits when the app has shut down: servers may end the process by a signal, and `atexit` never comes."""

    async def sending(message: Message) -> None:
        if message["type"].startswith("lifespan.shutdown."):
            client.leave(for_good=False)
        await send(message)

    return sending


def route_template(scope: Mapping[str, Any], mounted_at: str = "") -> str | None:
    """The whole template of a request's route, mounts and prefixes of routers included; None where none matched.

    A route knows its own part of it. What is before that is taken from the path, with the parameters' names in the
    place of their values; where those can't be told, the route's own part must do.

    Args:
        scope: The request's scope after routing.
        mounted_at: The root path that the server itself was given.
    """
    route = scope.get("route")
    own = getattr(route, "path_format", None) or getattr(route, "path", None)
    if not isinstance(own, str):
        return None
    values = {name: str(value) for name, value in scope.get("path_params", {}).items()}
    inner = {name for name in values if f"{{{name}}}" in own}
    tail = own
    for name in inner:
        tail = tail.replace(f"{{{name}}}", values[name])
    path = str(scope.get("path", "")).removeprefix(mounted_at)
    if not path.endswith(tail):
        return own
    before = path.removesuffix(tail)
    for name in values.keys() - inner:
        named = f"{before}/".replace(f"/{values[name]}/", f"/{{{name}}}/", 1)
        if named == f"{before}/" or not values[name]:
            return own
        before = named[:-1]
    return before + own
