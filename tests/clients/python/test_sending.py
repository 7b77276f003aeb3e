"""Whatever the server does, the app does not notice; what could not be sent is kept within bounds, and counted."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry import context, trace

from recorder import Answer, Recorder, answering, endless, recording, refusing_connections, rejecting, silent
from rhesis_telemetry import (
    Counts,
    client,
    flush_telemetry,
    initialize_telemetry,
    set_telemetry_enabled,
    telemetry_counts,
    track_feature_usage,
)
from rhesis_telemetry.sending import background
from rhesis_telemetry.sending.buffer import EVENTS


def track(number: int = 1) -> None:
    set_telemetry_enabled(True, "u")
    for index in range(number):
        track_feature_usage(f"f{index}")


def test_a_retried_event_is_the_same_event(telemetry: Recorder) -> None:
    """The server tells by its ids, and counts it once."""
    telemetry.answer = answering(503)
    track()
    assert not flush_telemetry()
    telemetry.answer = answering()
    assert flush_telemetry()

    first, second = telemetry.requests
    assert first.body == second.body
    assert telemetry_counts() == Counts(sent=1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_the_server_cannot_take_now_waits(telemetry: Recorder, status: int) -> None:
    """It is not asked more than once at a time; the exporter does not retry by itself."""
    telemetry.answer = answering(status)
    track(3)

    assert not flush_telemetry()
    assert telemetry_counts() == Counts(waiting=3)
    assert len(telemetry.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        answering(400),
        answering(401),
        answering(404),
        answering(500),
        answering(204),
        answering(301, headers="Location: http://127.0.0.1:1/elsewhere\r\n"),
        answering(307, headers="Location: http://127.0.0.1:1/elsewhere\r\n", body=b"x" * 10, length=10**12),
        answering(body=b"<html>Please log in</html>", content_type="text/html"),
        answering(body=b"\xff\xff not protobuf"),
        answering(body=b"\xff", length=10**12),
        answering(body=b"{}", content_type="application/json"),
        endless,
        lambda connection: connection.sendall(b"\x00\xff nonsense\r\n\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 X\r\n" + b"a: b\r\n" * 1000 + b"\r\n"),
    ],
    ids=range(14),
)
def test_a_server_that_refuses_or_lies(telemetry: Recorder, answer: Answer) -> None:
    """It gets one request, nothing of its answer is believed, and what it refused is lost and counted."""

    def answered(connection: object) -> None:
        answer(connection)  # type: ignore[arg-type]
        # What announces more than it sends would be waited for.
        raise OSError

    telemetry.answer = answered
    track(2)
    flush_telemetry()

    counts = telemetry_counts()
    assert counts.sent == 0
    assert counts.refused + counts.waiting == 2
    assert len(telemetry.requests) == 1


def test_elsewhere_gets_nothing(telemetry: Recorder) -> None:
    """A redirect is not followed, whoever it names."""
    with recording() as elsewhere:
        telemetry.answer = answering(308, headers=f"Location: {elsewhere.url}/v1/traces\r\n")
        track()
        flush_telemetry()

        assert elsewhere.connections == 0
    assert telemetry_counts().refused == 1


@pytest.mark.parametrize(("told", "believed"), [(1, 1), (2**62, 2), (-5, 0)])
def test_what_breaks_the_contract_is_counted(telemetry: Recorder, told: int, believed: int) -> None:
    """A partial success, as far as it can be true."""
    telemetry.answer = rejecting(told)
    track(2)

    assert flush_telemetry()
    assert telemetry_counts() == Counts(sent=2 - believed, rejected=believed)


def test_a_batch_that_is_too_large_is_divided(telemetry: Recorder) -> None:
    """Until it passes."""

    def picky(connection: object) -> None:
        (resource,) = telemetry.requests[-1].export.resource_spans
        answering(413 if len(resource.scope_spans[0].spans) > 2 else 200)(connection)  # type: ignore[arg-type]

    telemetry.answer = picky
    track(8)

    assert flush_telemetry()
    assert telemetry_counts() == Counts(sent=8)


def test_the_oldest_gives_way(telemetry: Recorder) -> None:
    """The buffer is bounded, and what it loses is counted."""
    telemetry.answer = answering(503)
    track()
    assert not flush_telemetry()
    track(EVENTS + 10)
    telemetry.answer = answering()
    telemetry.requests.clear()
    assert flush_telemetry()

    assert telemetry_counts() == Counts(sent=EVENTS, dropped=11)
    assert telemetry.events[0]["feature.name"] == "f10"
    assert telemetry.events[-1]["feature.name"] == f"f{EVENTS + 9}"


def test_what_waits_too_long_is_dropped(telemetry: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """And counted."""
    monkeypatch.setattr(background, "AGE_SECONDS", -1)
    telemetry.answer = answering(503)
    track(2)
    flush_telemetry()

    assert telemetry_counts() == Counts(dropped=2)


def test_a_server_that_never_answers(telemetry: Recorder) -> None:
    """The app goes on at once; a flush waits as long as it is told."""
    telemetry.answer = silent(telemetry)
    track(2)
    assert not flush_telemetry(0.1)
    track(2)

    assert telemetry_counts().waiting == 2


def test_a_server_that_is_not_there(environment: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    """Events wait for it, and the log says so once."""
    caplog.set_level(logging.INFO)
    with refusing_connections() as url:
        environment(OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_RHESIS_TELEMETRY_ENABLED="true")
        initialize_telemetry()
        track(2)
        assert not flush_telemetry()
        assert not flush_telemetry()

    assert telemetry_counts() == Counts(waiting=2)
    sender = [record for record in caplog.records if record.threadName == "rhesis-telemetry"]
    assert [record.getMessage() for record in sender] == [
        "telemetry can't be delivered now (ConnectionError); it waits"
    ]


def test_a_server_that_refuses_for_long(telemetry: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so once, and when it is over."""
    caplog.set_level(logging.INFO)
    caplog.clear()
    for answer in (answering(401), answering(401), answering()):
        telemetry.answer = answer
        track()
        assert flush_telemetry()

    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["telemetry is refused (status 401): its events are lost", "telemetry is delivered again"]


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer other"}, "authorization"),
        ({"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-honeycomb-team=secret"}, "x-honeycomb-team"),
    ],
)
def test_the_apps_own_secrets_go_nowhere(
    environment: Callable[..., None], recorder: Recorder, variables: dict[str, str], header: str
) -> None:
    """Headers that the environment has for the app's tracing are not ours."""
    environment(
        OTEL_EXPORTER_OTLP_ENDPOINT=f"{recorder.url}/",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://127.0.0.1:9/elsewhere",
        OTEL_RHESIS_TELEMETRY_ENABLED="true",
        OTEL_API_KEY="the-key",
        HTTP_PROXY="http://127.0.0.1:9",
        http_proxy="http://127.0.0.1:9",
        **variables,
    )
    initialize_telemetry()
    track()
    assert flush_telemetry()

    (request,) = recorder.requests
    assert request.path == "/v1/traces"
    assert request.headers["x-api-key"] == "the-key"
    assert header not in request.headers
    assert request.headers.keys() == {
        "accept-encoding",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-api-key",
    }


@pytest.mark.usefixtures("telemetry")
def test_instrumentation_does_not_see_our_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks OpenTelemetry's context whether to look away."""
    import requests

    seen: list[object] = []
    send = requests.adapters.HTTPAdapter.send

    def instrumented(*arguments: object, **options: object) -> requests.Response:
        seen.append(context.get_value(context._SUPPRESS_INSTRUMENTATION_KEY))
        return send(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", instrumented)
    track()
    assert flush_telemetry()

    assert seen == [True]


@pytest.mark.usefixtures("telemetry")
def test_the_apps_provider_stays_the_apps() -> None:
    """Ours is nobody else's."""
    before = trace.get_tracer_provider()
    track()
    assert flush_telemetry()

    assert trace.get_tracer_provider() is before


@pytest.mark.usefixtures("telemetry")
def test_nothing_of_ours_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when no thread can be started."""

    def fail(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    track()

    assert telemetry_counts().faults == 1


@pytest.mark.usefixtures("telemetry")
def test_the_thread_outlives_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exporter's own faults cost what it was to send, and no more."""
    track()
    assert client.active is not None
    sending = client.active._sending
    assert sending is not None
    monkeypatch.setattr(sending.background._exporter, "_exporter", None)
    assert flush_telemetry()
    monkeypatch.undo()
    track()
    flush_telemetry()

    assert telemetry_counts().refused == 1
    assert telemetry_counts().sent == 1


SCRIPT = """
import os, sys, time
from rhesis_telemetry import initialize_telemetry, set_telemetry_enabled, track_feature_usage
initialize_telemetry()
set_telemetry_enabled(True, "u")
track_feature_usage("parent")
"""


def run(script: str, directory: Path, url: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
        env={
            "PATH": os.environ["PATH"],
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_RHESIS_TELEMETRY_ENABLED": "true",
            "RHESIS_TELEMETRY_DIRECTORY": str(directory),
        },
    )


def test_what_waits_is_sent_at_exit(recorder: Recorder, tmp_path: Path) -> None:
    """By itself."""
    run(SCRIPT, tmp_path, recorder.url)

    assert len(recorder.spans) == 1


def test_exit_does_not_wait_for_a_server_that_is_silent(recorder: Recorder, tmp_path: Path) -> None:
    """Not longer than the timeout."""
    recorder.answer = silent(recorder)
    run(SCRIPT, tmp_path, recorder.url)

    assert len(recorder.requests) == 1


def test_exit_does_not_wait_for_a_server_that_is_dead(tmp_path: Path) -> None:
    """Nor say anything."""
    with refusing_connections() as url:
        assert run(SCRIPT, tmp_path, url).stderr == ""


FORK = (
    SCRIPT
    + """
children = []
for number in range(3):
    child = os.fork()
    if not child:
        track_feature_usage(f"child {number}")
        sys.exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_forked_processes_send_their_own_events_once(recorder: Recorder, tmp_path: Path) -> None:
    """The parent's stay with the parent, and both have a thread that works."""
    run(FORK, tmp_path, recorder.url)

    assert sorted(str(event["feature.name"]) for event in recorder.events) == [
        "child 0",
        "child 1",
        "child 2",
        "parent",
    ]
    resources = {request.export.resource_spans[0].resource.SerializeToString() for request in recorder.requests}
    assert len(resources) == 1


def test_a_signals_handler_may_track(telemetry: Recorder) -> None:
    """Even when it interrupts tracking."""
    set_telemetry_enabled(True, "u")
    before = signal.signal(signal.SIGALRM, lambda *_: track_feature_usage("signal"))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        deadline = time.monotonic() + 20
        while telemetry_counts().waiting + telemetry_counts().sent < 500 and time.monotonic() < deadline:
            track_feature_usage("f")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert telemetry_counts().faults == 0
    assert flush_telemetry()
    assert "signal" in {event["feature.name"] for event in telemetry.events}
