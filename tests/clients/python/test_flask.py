"""Flask: endpoints by their rule, and the app as it was."""

from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.wsgi import FileWrapper

from recorder import Recorder
from rhesis_telemetry import flush_telemetry, initialize_telemetry, set_telemetry_enabled, track_feature_usage


@pytest.fixture
def browser(telemetry: Recorder) -> FlaskClient:  # noqa: ARG001 - telemetry is on
    app = flask.Flask(__name__)
    blueprint = flask.Blueprint("v1", __name__, url_prefix="/v1/<tenant>")

    @app.before_request
    def decide() -> None:
        if (decided := flask.request.args.get("agreed")) is not None:
            set_telemetry_enabled(decided == "yes", decided)

    @blueprint.get("/test_runs/<int:test_run_id>")
    def test_run(tenant: str, test_run_id: int) -> str:
        track_feature_usage("test_run", "viewed")
        return f"{tenant} {test_run_id}"

    @app.get("/stream")
    def stream() -> flask.Response:
        def parts() -> Iterator[bytes]:
            yield b"one "
            yield b"two"

        return flask.Response(parts())

    @app.get("/fails")
    def fails() -> str:
        raise KeyError

    @app.get("/breaks")
    def breaks() -> flask.Response:
        def parts() -> Iterator[bytes]:
            yield b"one "
            raise KeyError

        return flask.Response(parts())

    @app.get("/file")
    def file() -> flask.Response:
        return flask.send_file(Path(__file__))

    app.register_blueprint(blueprint)
    initialize_telemetry(app)
    initialize_telemetry(app)
    return app.test_client()


def endpoints(recorder: Recorder) -> list[tuple[object, object]]:
    assert flush_telemetry()
    return [
        (event["http.route"], event["http.response.status_code"])
        for event in recorder.events
        if event["event.category"] == "endpoint_usage"
    ]


def test_endpoints_are_tracked_by_their_rule(telemetry: Recorder, browser: FlaskClient) -> None:
    """With the blueprint's prefix, and with no value of a parameter in it."""
    assert browser.get("/v1/t1/test_runs/7?agreed=yes", buffered=True).text == "t1 7"

    assert endpoints(telemetry) == [("/v1/{tenant}/test_runs/{test_run_id}", 200)]
    assert [event["event.category"] for event in telemetry.events] == ["feature_usage", "endpoint_usage"]


def test_only_who_agreed_is_tracked(telemetry: Recorder, browser: FlaskClient) -> None:
    """In a thread that has answered others before."""
    for path in ("/stream?agreed=yes", "/stream?agreed=no", "/stream", "/nowhere?agreed=yes"):
        with browser.get(path) as response:
            response.get_data()

    assert endpoints(telemetry) == [("/stream", 200)]


def test_errors_are_500(telemetry: Recorder, browser: FlaskClient) -> None:
    """Whether Flask answers or the exception passes on, before or while the response is sent."""
    assert browser.get("/fails?agreed=yes", buffered=True).status_code == 500
    browser.application.testing = True
    with pytest.raises(KeyError):
        browser.get("/fails?agreed=yes")
    with pytest.raises(KeyError):
        browser.get("/breaks?agreed=yes").get_data()

    assert endpoints(telemetry) == [("/fails", 500), ("/fails", 500), ("/breaks", 500)]


def test_files_are_the_servers_to_send(telemetry: Recorder, browser: FlaskClient) -> None:
    """The wrapper by which a server sends files itself stays what it is."""
    environ = {"wsgi.file_wrapper": FileWrapper, "REQUEST_METHOD": "GET", "PATH_INFO": "/file"}
    browser.application.testing = True
    seen: list[str] = []
    response = browser.application.wsgi_app(
        {**flask.Flask.test_request_context(browser.application, "/file?agreed=yes").request.environ, **environ},
        lambda status, *_: seen.append(status),
    )
    response.close()

    assert isinstance(response, FileWrapper)
    assert seen == ["200 OK"]
    assert endpoints(telemetry) == [("/file", 200)]
