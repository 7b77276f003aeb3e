"""Django: endpoints by their route, synchronous and asynchronous."""

import asyncio

import pytest

django = pytest.importorskip("django")

from django.conf import settings  # noqa: E402
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse  # noqa: E402
from django.test import AsyncClient, Client  # noqa: E402
from django.urls import include, path, re_path  # noqa: E402

from recorder import Recorder  # noqa: E402
from rhesis_telemetry import flush_telemetry, set_telemetry_enabled  # noqa: E402
from rhesis_telemetry.frameworks.django import template  # noqa: E402


def view(request: HttpRequest, **_: object) -> HttpResponse:
    if "agreed" in request.GET:
        set_telemetry_enabled(request.GET["agreed"] == "yes", request.GET["agreed"])
    return HttpResponse("seen")


async def view_async(request: HttpRequest, **arguments: object) -> HttpResponse:
    return view(request, **arguments)


def fails(request: HttpRequest) -> HttpResponse:
    view(request)
    raise KeyError


def stream(request: HttpRequest) -> StreamingHttpResponse:
    view(request)
    return StreamingHttpResponse(iter([b"one ", b"two"]))


urlpatterns = [
    path("v1/<slug:tenant>/", include([path("test_runs/<int:test_run_id>/", view)])),
    re_path(r"^articles/(?P<year>[0-9]{4})/(?P<slug>[\w-]+)/$", view),
    path("async/<int:number>", view_async),
    path("fails", fails),
    path("stream", stream),
]


@pytest.fixture(autouse=True, scope="module")
def configured() -> None:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["rhesis_telemetry.frameworks.django.TelemetryMiddleware"],
        ROOT_URLCONF=tuple(urlpatterns),
    )
    django.setup()


def endpoints(recorder: Recorder) -> list[tuple[object, object]]:
    assert flush_telemetry()
    return [(event["http.route"], event["http.response.status_code"]) for event in recorder.events]


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("/v1/t1/test_runs/7/", "/v1/{tenant}/test_runs/{test_run_id}/"),
        ("/articles/2026/a-title/", "/articles/{year}/{slug}/"),
        ("/async/7", "/async/{number}"),
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_endpoints_are_tracked_by_their_route(telemetry: Recorder, kind: type, address: str, route: str) -> None:
    """With no value of a parameter in it."""
    response = kind().get(f"{address}?agreed=yes")
    response = asyncio.run(response) if asyncio.iscoroutine(response) else response

    assert response.content == b"seen"
    assert endpoints(telemetry) == [(route, 200)]


def test_only_who_agreed_is_tracked(telemetry: Recorder) -> None:
    """Whoever was served before."""
    for address in ("/stream?agreed=yes", "/stream?agreed=no", "/stream", "/nowhere?agreed=yes"):
        Client().get(address)

    assert endpoints(telemetry) == [("/stream", 200)]


def test_errors_are_500(telemetry: Recorder) -> None:
    """As Django answers them."""
    assert Client(raise_request_exception=False).get("/fails?agreed=yes").status_code == 500

    assert endpoints(telemetry) == [("/fails", 500)]


def test_streams_are_streamed(telemetry: Recorder) -> None:
    """By Django itself."""
    assert list(Client().get("/stream?agreed=yes").streaming_content) == [b"one ", b"two"]
    assert endpoints(telemetry) == [("/stream", 200)]


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("", "/"),
        (r"^(?P<a>(x|y)+)/b$", "/{a}/b"),
        (r"^x/(?P<a>[^()]+)\Z", "/x/{a}"),
        ("x/<a>/<path:b>", "/x/{a}/{b}"),
    ],
)
def test_templates(route: str, expected: str) -> None:
    """Of either of Django's kinds of route."""
    assert template(route) == expected
