"""`rhesis-telemetry`: what is shown is what would be sent, and a person's yes and no."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from recorder import Recorder, answering, attributes
from rhesis_telemetry import choice, contract, preview, settings
from rhesis_telemetry.cli import main
from rhesis_telemetry.sending.exporter import Exporter, Recording
from rhesis_telemetry.sending.spans import Spans


@pytest.fixture(autouse=True)
def of_its_own(environment: Callable[..., None]) -> None:
    """No variable of the developer's."""
    environment()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(arguments)
    output = capsys.readouterr()
    return code, output.out + output.err


def shown_spans(shown: dict[str, Any]) -> Iterator[dict[str, object]]:
    for resource in ParseDict(shown, ExportTraceServiceRequest()).resource_spans:
        for scope in resource.scope_spans:
            yield from map(attributes, scope.spans)


def test_what_is_shown_is_what_is_sent(recorder: Recorder) -> None:
    """The same spans give the same bytes, whether they are recorded or sent."""
    found = settings.read({"OTEL_EXPORTER_OTLP_ENDPOINT": recorder.url, "APP_VERSION": "1.2"})
    spans = [Spans(found, "an-installation").make(event, 1, 2) for event in preview.sample()]
    bodies: list[bytes] = []

    Exporter(found, Recording(bodies.append)).send(spans)
    sender = Exporter(found)
    sender.send(spans)
    sender.close()

    assert [request.body for request in recorder.requests] == bodies


def test_a_sample_of_every_event_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing said yes to, and nothing written down."""
    code, output = run(capsys, "show")

    assert code == 0
    shown = list(shown_spans(json.loads(output)))
    assert {event["event.category"] for event in shown} == contract.EVENTS.keys()
    assert preview.SAMPLE_INSTALLATION in output
    assert not choice.path(settings.read()).exists()


def test_the_installations_id_is_shown_once_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    """As it would be sent."""
    installation_id = choice.enable(settings.read()).installation_id

    assert installation_id in run(capsys, "show")[1]


def test_stored_shows_what_the_server_would_keep(
    capsys: pytest.CaptureFixture[str], environment: Callable[..., None], recorder: Recorder
) -> None:
    """It gets the very sample, before anybody said yes."""
    environment(OTEL_EXPORTER_OTLP_ENDPOINT=recorder.url, OTEL_API_KEY="k", http_proxy="http://127.0.0.1:9")
    recorder.answer = answering(body=b'{"stored": [], "rejected": []}', content_type="application/json")

    assert run(capsys, "show", "--stored") == (0, '{\n  "stored": [],\n  "rejected": []\n}\n')
    (request,) = recorder.requests
    assert request.path == "/v1/preview"
    assert request.headers["x-api-key"] == "k"
    assert len(recorder.events) == len(contract.EVENTS)


@pytest.mark.parametrize("answer", [answering(404), answering(body=b"<html>")])
def test_stored_tells_when_the_server_does_not_answer(
    capsys: pytest.CaptureFixture[str],
    environment: Callable[..., None],
    recorder: Recorder,
    answer: Callable[..., None],
) -> None:
    """In words, not with a traceback."""
    environment(OTEL_EXPORTER_OTLP_ENDPOINT=recorder.url)
    recorder.answer = answer
    code, output = run(capsys, "show", "--stored")

    assert code == 1
    assert "/v1/preview did not answer" in output


def test_stored_sends_nothing_when_telemetry_is_off(
    capsys: pytest.CaptureFixture[str], environment: Callable[..., None], recorder: Recorder
) -> None:
    """Not even a sample."""
    environment(OTEL_EXPORTER_OTLP_ENDPOINT=recorder.url, DO_NOT_TRACK="1")

    assert run(capsys, "show", "--stored")[0] == 1
    assert recorder.connections == 0


def test_yes_and_no(capsys: pytest.CaptureFixture[str], environment: Callable[..., None]) -> None:
    """Recorded, and told by `status`."""
    environment(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", DEPLOYMENT_TYPE="self_hosted")
    assert "telemetry is off: nobody has said yes yet" in run(capsys, "status")[1]

    assert "telemetry is on" in run(capsys, "enable")[1]
    status = run(capsys, "status")[1]
    assert "telemetry is on: somebody said yes" in status
    assert choice.standing(settings.read()).installation_id in status

    assert "telemetry is off" in run(capsys, "disable")[1]
    status = run(capsys, "status")[1]
    assert "telemetry is off: it was disabled here" in status
    assert "installation: no id" in status


def test_yes_does_not_win_over_off(capsys: pytest.CaptureFixture[str], environment: Callable[..., None]) -> None:
    """And says so."""
    environment(DO_NOT_TRACK="1")

    assert "telemetry stays off: DO_NOT_TRACK is set" in run(capsys, "enable")[1]


def test_a_choice_that_cannot_be_kept(capsys: pytest.CaptureFixture[str], environment: Callable[..., None]) -> None:
    """Is told with the place."""
    environment(RHESIS_TELEMETRY_DIRECTORY=str(Path(__file__) / "nowhere"))

    assert run(capsys, "enable") == (1, f"Not a directory: {Path(__file__)}/nowhere/choice.json\n")
