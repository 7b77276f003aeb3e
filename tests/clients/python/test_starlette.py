"""FastAPI and Starlette: endpoints by their template, and the app as it was."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from recorder import Answer, Recorder, answering, endless, silent
from rhesis_telemetry import (
    consent,
    flush_telemetry,
    initialize_telemetry,
    set_telemetry_enabled,
    telemetry_counts,
    telemetry_for,
    track_feature_usage,
)
from rhesis_telemetry.frameworks.starlette import TelemetryMiddleware, route_template
from waiting import until


def agreed() -> None:
    """As a synchronous dependency, which runs in a thread."""
    set_telemetry_enabled(True, "u", "o")


async def agreed_async() -> None:
    set_telemetry_enabled(True, "u", "o")


def refused() -> None:
    set_telemetry_enabled(False, "somebody who refused", "o")


async def plain(_: Request) -> PlainTextResponse:
    set_telemetry_enabled(True, "u")
    return PlainTextResponse("plain")


def an_app() -> FastAPI:
    app = FastAPI()
    router = APIRouter(prefix="/projects/{project_id}", dependencies=[Depends(agreed)])
    mounted = FastAPI(dependencies=[Depends(agreed_async)])

    @router.get("/test_runs/{test_run_id:int}")
    def test_run(project_id: str, test_run_id: int) -> dict[str, object]:
        track_feature_usage("test_run", "viewed")
        return {"project": project_id, "test_run": test_run_id}

    @router.get("/files/{path:path}")
    async def file(path: str) -> str:
        return path

    @mounted.get("/items/{item_id}")
    async def item(item_id: str) -> str:
        return item_id

    @app.get("/stream", dependencies=[Depends(agreed)])
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        return StreamingResponse(parts())

    @app.get("/fails", dependencies=[Depends(agreed)])
    def fails() -> None:
        raise KeyError

    @app.post("/refused", dependencies=[Depends(refused)])
    def no() -> None:
        track_feature_usage("refused")

    @app.get("/undecided")
    def undecided() -> None:
        track_feature_usage("undecided")

    @app.get("/later", dependencies=[Depends(agreed)])
    async def later(tasks: BackgroundTasks) -> None:
        tasks.add_task(afterwards)

    async def afterwards() -> None:
        track_feature_usage("afterwards")
        set_telemetry_enabled(False, "somebody else")

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        set_telemetry_enabled(True, "u")
        track_feature_usage("socket")
        await websocket.close()

    app.include_router(router, prefix="/v1")
    app.mount("/tenants/{tenant}", mounted)
    app.mount(
        "/plain",
        Starlette(routes=[Route("/here/{name}", plain), Mount("/in/{name}", routes=[Route("/", plain)])]),
    )
    initialize_telemetry(app)
    initialize_telemetry(app)
    initialize_telemetry(mounted)
    return app


@pytest.fixture
def browser(telemetry: Recorder) -> TestClient:  # noqa: ARG001 - telemetry is on
    return TestClient(an_app(), raise_server_exceptions=False)


def endpoints(recorder: Recorder) -> list[tuple[Any, ...]]:
    assert flush_telemetry()
    return [
        (event["http.request.method"], event["http.route"], event["http.response.status_code"])
        for event in recorder.events
        if event["event.category"] == "endpoint_usage"
    ]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/projects/p1/test_runs/7?email=a@example.com", "/v1/projects/{project_id}/test_runs/{test_run_id}"),
        ("/v1/projects/7/test_runs/7", "/v1/projects/{project_id}/test_runs/{test_run_id}"),
        ("/v1/projects/v1/files/a/b.txt", "/v1/projects/{project_id}/files/{path}"),
        ("/tenants/t1/items/9", "/tenants/{tenant}/items/{item_id}"),
        ("/tenants/items/items/items", "/tenants/{tenant}/items/{item_id}"),
        ("/plain/here/somebody", "/plain/here/{name}"),
        ("/plain/in/somebody/", "/plain/in/{name}/"),
        ("/stream", "/stream"),
    ],
)
def test_endpoints_are_tracked_by_their_template(
    telemetry: Recorder, browser: TestClient, path: str, route: str
) -> None:
    """With the prefixes of mounts and routers, and with no value of a parameter or a query in it."""
    assert browser.get(path).status_code == 200

    assert endpoints(telemetry) == [("GET", route, 200)]
    event = telemetry.events[-1]
    assert telemetry.spans[-1].name == f"http.GET.{route}"
    assert event["user.id"] == consent.hashed("u")
    assert isinstance(event["duration_ms"], float)
    assert "http.url" not in event


def test_events_of_an_endpoint_are_the_same_persons(telemetry: Recorder, browser: TestClient) -> None:
    """Also where the dependency that decides runs in one thread and the endpoint in another."""
    browser.get("/v1/projects/p/test_runs/1")
    assert flush_telemetry()

    assert [(event["event.category"], event["user.id"]) for event in telemetry.events] == [
        ("feature_usage", consent.hashed("u")),
        ("endpoint_usage", consent.hashed("u")),
    ]


def test_an_exception_is_an_error_500(telemetry: Recorder, browser: TestClient) -> None:
    """And passes on, as it would without us."""
    assert browser.get("/fails").status_code == 500
    with pytest.raises(KeyError):
        TestClient(browser.app).get("/fails")

    assert endpoints(telemetry) == [("GET", "/fails", 500)] * 2


def test_only_who_agreed_is_tracked(telemetry: Recorder, browser: TestClient) -> None:
    """Neither who refused, nor who never decided, nor what has no route; whatever another request decided."""
    browser.get("/stream")
    browser.post("/refused")
    browser.get("/undecided")
    browser.get("/nowhere/at/all")
    browser.get("/stream")

    assert endpoints(telemetry) == [("GET", "/stream", 200)] * 2
    assert len(telemetry.events) == 2


def test_what_runs_after_the_response(telemetry: Recorder, browser: TestClient) -> None:
    """Is the same person's until it decides otherwise, which then changes nothing of the request."""
    browser.get("/later")

    assert endpoints(telemetry) == [("GET", "/later", 200)]
    assert [event.get("feature.name") for event in telemetry.events] == [None, "afterwards"]


def test_responses_are_the_apps(browser: TestClient) -> None:
    """Streamed ones too."""
    with browser.stream("GET", "/stream") as response:
        assert b"".join(response.iter_raw()) == b"one two"
    assert "telemetry" not in str(response.headers).lower()


def test_websockets_have_a_decision_of_their_own(telemetry: Recorder, browser: TestClient) -> None:
    """They are no endpoint's usage."""
    with browser.websocket_connect("/socket"):
        pass
    assert flush_telemetry()

    assert [event["event.category"] for event in telemetry.events] == ["feature_usage"]


@pytest.mark.parametrize("answer", [answering(503), answering(400), endless, None], ids=["busy", "no", "lying", "slow"])
def test_whatever_the_server_does(telemetry: Recorder, browser: TestClient, answer: Answer | None) -> None:
    """Every request is answered as ever, while the server is asked."""
    telemetry.answer = answer or silent(telemetry)
    browser.get("/stream")
    flush_telemetry(0)
    until(lambda: telemetry.requests, 20)

    assert {browser.get("/stream").text for _ in range(100)} == {"one two"}
    assert telemetry_counts().sent == 0


def test_shutting_down_sends_what_waits(telemetry: Recorder) -> None:
    """Servers may end the process by a signal, so it is done when the app has shut down."""
    with TestClient(an_app()) as browser:
        browser.get("/stream")
        assert telemetry.requests == []

    assert len(telemetry.events) == 1


def test_an_app_without_telemetry_has_no_middleware(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off costs nothing."""
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    app = an_app()

    assert TelemetryMiddleware not in [middleware.cls for middleware in app.user_middleware]
    assert TestClient(app).get("/stream").text == "one two"


@pytest.mark.usefixtures("telemetry")
def test_a_started_app_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    """With a word about it; so is what is no app."""
    app = FastAPI()
    TestClient(app).get("/")
    initialize_telemetry(app)
    initialize_telemetry(object())

    assert [record.getMessage().split(":")[0] for record in caplog.records if "tracked" in record.getMessage()] == [
        "endpoints are not tracked"
    ] * 2


@pytest.mark.parametrize(
    ("path", "own", "params", "root", "template"),
    [
        ("/a/1", "/a/{x}", {"x": 1}, "", "/a/{x}"),
        ("/api/a/1", "/a/{x}", {"x": 1}, "/api", "/a/{x}"),
        ("/m/01/a", "/a", {"m": 1}, "", "/a"),
        ("/m/1/a/01", "/a/{x}", {"m": 1, "x": 1}, "", "/a/{x}"),
        ("/m/a b/c", "/c", {"m": "a b"}, "", "/m/{m}/c"),
        ("/m//c", "/c", {"m": ""}, "", "/c"),
    ],
)
def test_what_can_not_be_told_is_left_out(
    path: str, own: str, params: dict[str, object], root: str, template: str
) -> None:
    """Rather than guessed: the value of a parameter never stays."""
    route = Route(own, plain)

    assert route_template({"path": path, "path_params": params, "route": route}, root) == template


def test_a_job_decides_for_itself(telemetry: Recorder) -> None:
    """Outside of any request."""
    with telemetry_for(True, "a"):
        track_feature_usage("job")
        with telemetry_for(False, "b"):
            track_feature_usage("not")
        track_feature_usage("again")
    assert flush_telemetry()

    assert [event["feature.name"] for event in telemetry.events] == ["job", "again"]
    assert telemetry_counts().sent == 2
