"""The site's choice stands over each person's, and any "off" wins."""

import json
import multiprocessing
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder import Recorder, attributes
from rhesis_telemetry import (
    Delivery,
    choice,
    client,
    contract,
    flush_telemetry,
    initialize_telemetry,
    is_telemetry_enabled,
    request_erasure,
    set_telemetry_enabled,
    settings,
    track_user_activity,
)

ON = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_RHESIS_TELEMETRY_ENABLED": "true"}


def found(tmp_path: Path, **variables: str) -> settings.Settings:
    return settings.read({"RHESIS_TELEMETRY_DIRECTORY": str(tmp_path), **variables})


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"DO_NOT_TRACK": "1"}, "DO_NOT_TRACK"),
        ({"DO_NOT_TRACK": "yes"}, "DO_NOT_TRACK"),
        ({"OTEL_SDK_DISABLED": "True"}, "OTEL_SDK_DISABLED"),
        ({"OTEL_RHESIS_TELEMETRY_ENABLED": "false"}, "OTEL_RHESIS_TELEMETRY_ENABLED"),
        ({"OTEL_RHESIS_TELEMETRY_ENABLED": "ture"}, "OTEL_RHESIS_TELEMETRY_ENABLED"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "telemetry.example.com"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "file:///etc/passwd"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://user:password@telemetry.example.com"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ],
)
def test_every_off_wins(tmp_path: Path, variables: dict[str, str], reason: str) -> None:
    """Over a site that has said yes, in the cloud."""
    choice.enable(found(tmp_path))

    standing = choice.standing(found(tmp_path, **{**ON, "DEPLOYMENT_TYPE": "cloud", **variables}))

    assert not standing.allowed
    assert reason in standing.because


@pytest.mark.parametrize("value", ["0", "false", ""])
def test_do_not_track_may_be_unset(tmp_path: Path, value: str) -> None:
    """In the ways in which it is."""
    assert choice.standing(found(tmp_path, **ON, DO_NOT_TRACK=value)).allowed


@pytest.mark.parametrize(
    ("variables", "allowed"),
    [
        ({"DEPLOYMENT_TYPE": "self-hosted"}, False),
        ({"DEPLOYMENT_TYPE": "self_hosted", "OTEL_RHESIS_TELEMETRY_ENABLED": "true"}, True),
        ({}, False),
        ({"DEPLOYMENT_TYPE": "cloud"}, True),
        ({"OTEL_DEPLOYMENT_TYPE": "self_hosted", "DEPLOYMENT_TYPE": "cloud"}, False),
    ],
)
def test_what_holds_before_anybody_decides(tmp_path: Path, variables: dict[str, str], allowed: bool) -> None:
    """In the cloud on with notice, elsewhere off until somebody says yes."""
    standing = choice.standing(found(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", **variables))

    assert standing.allowed is allowed
    assert bool(standing.installation_id) is allowed


def test_the_installations_id_is_random_and_kept(tmp_path: Path) -> None:
    """From the first time that telemetry is allowed until the choice is withdrawn."""
    on = found(tmp_path, **ON)
    assert choice.standing(on, record=False).installation_id == ""
    assert not choice.path(on).exists()

    first = choice.standing(on).installation_id
    assert uuid.UUID(first).version == 4
    assert choice.standing(on).installation_id == choice.enable(on).installation_id == first

    choice.disable(on)
    assert first not in choice.path(on).read_text()
    assert not choice.standing(on).allowed

    choice.enable(on)
    assert choice.standing(on).installation_id not in {first, ""}


@pytest.mark.parametrize("by", ["person", "environment"])
def test_a_grown_contract_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    """Whoever said yes said it to less; the answer says what to do, and the installation stays the same."""
    on = found(tmp_path, **(ON if by == "environment" else {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}))
    before = choice.enable(on) if by == "person" else choice.standing(on)
    monkeypatch.setattr(contract, "VERSION", contract.VERSION + 1)

    standing = choice.standing(on)
    assert not standing.allowed
    assert "rhesis-telemetry enable" in standing.because

    choice.enable(on)
    assert choice.standing(on).installation_id == before.installation_id


def test_in_the_cloud_a_grown_contract_is_on_with_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as nobody has decided for the site; each person is asked again all the same."""
    cloud = found(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", DEPLOYMENT_TYPE="cloud")
    before = choice.standing(cloud)
    monkeypatch.setattr(contract, "VERSION", contract.VERSION + 1)

    assert choice.standing(cloud) == before
    assert json.loads(choice.path(cloud).read_text())["version"] == contract.VERSION


@pytest.mark.parametrize(
    "content",
    [
        '{"enabled": true, "version": 2, "installation_id": "", "by": "nobody", "at": ""}',
        '{"enabled": "no", "version": 2, "installation_id": "", "by": "person", "at": ""}',
        "",
        "{",
        "[]",
        "null",
        '{"enabled": true}',
        '{"enabled": true, "version": "9", "installation_id": "", "by": "person", "at": ""}',
    ],
)
def test_a_file_that_cannot_be_read_is_a_no(tmp_path: Path, content: str) -> None:
    """Who wrote it may have meant one."""
    on = found(tmp_path, **ON)
    choice.path(on).write_text(content)

    assert not choice.standing(on).allowed


@pytest.mark.skipif(sys.platform != "linux", reason="needs a directory in which nobody can write")
def test_without_a_place_to_keep_it_there_is_no_id() -> None:
    """Rather than another one with every start; telemetry itself works."""
    standing = choice.standing(found(Path("/proc/nowhere"), **ON))

    assert standing.allowed
    assert standing.installation_id == ""


def _first(directory: str, barrier: object, ids: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    ids.put(choice.standing(found(Path(directory), **ON)).installation_id)  # type: ignore[attr-defined]


def test_workers_that_start_together_have_one_id(tmp_path: Path) -> None:
    """However their first events fall."""
    context = multiprocessing.get_context("fork")
    barrier, ids = context.Barrier(8), context.Queue()
    workers = [context.Process(target=_first, args=(str(tmp_path), barrier, ids)) for _ in range(8)]
    for worker in workers:
        worker.start()
    seen = {ids.get(timeout=30) for _ in workers}
    for worker in workers:
        worker.join(30)

    assert len(seen) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["choice.json"]


def test_disabling_the_site_discards_what_waits(telemetry: Recorder) -> None:
    """Also when another process disables it: the choice is looked at before anything is sent."""
    set_telemetry_enabled(True, "u")
    track_user_activity("login")
    assert client.active is not None
    choice.disable(client.active.settings)

    assert flush_telemetry()
    assert telemetry.requests == []
    assert request_erasure("u") is Delivery.DELIVERED
    (resource,) = telemetry.requests[0].export.resource_spans
    assert "rhesis.installation.id" not in attributes(resource.resource)


def test_off_is_off_for_requests_too(environment: Callable[..., None], recorder: Recorder) -> None:
    """Nothing leaves a site whose environment says so; whoever asks is told."""
    environment(OTEL_EXPORTER_OTLP_ENDPOINT=recorder.url, OTEL_RHESIS_TELEMETRY_ENABLED="true", DO_NOT_TRACK="1")
    initialize_telemetry()

    assert request_erasure("u") is Delivery.IMPOSSIBLE
    assert recorder.connections == 0


@pytest.mark.parametrize("endpoint", ["http://h:1", "http://h:1/", "http://h:1/v1/traces", " http://h:1/v1/traces/ "])
def test_the_endpoint_in_all_its_forms(endpoint: str) -> None:
    """As the former client took it."""
    assert settings.read({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}).endpoint == "http://h:1"


def test_whether_the_site_allows_it(environment: Callable[..., None], recorder: Recorder) -> None:
    """Can be asked at any time."""
    assert not is_telemetry_enabled()
    environment(OTEL_EXPORTER_OTLP_ENDPOINT=recorder.url, OTEL_RHESIS_TELEMETRY_ENABLED="true")
    initialize_telemetry()
    assert is_telemetry_enabled()
    environment(DO_NOT_TRACK="1")
    initialize_telemetry()
    assert not is_telemetry_enabled()


@pytest.mark.parametrize(("deployment", "level"), [("cloud", "WARNING"), ("self_hosted", "INFO")])
def test_the_notice(
    environment: Callable[..., None], caplog: pytest.LogCaptureFixture, deployment: str, level: str
) -> None:
    """Says that telemetry is on, where to, and how to end it; in the cloud, where nobody was asked, as a warning."""
    caplog.set_level("INFO")
    environment(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_RHESIS_TELEMETRY_ENABLED="true",
        DEPLOYMENT_TYPE=deployment,
    )
    initialize_telemetry()

    (record,) = caplog.records
    assert record.levelname == level
    assert "http://127.0.0.1:9" in record.getMessage()
    assert "rhesis-telemetry disable" in record.getMessage()


def test_debug_logs_each_payload(
    environment: Callable[..., None], recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Instead of sending it."""
    environment(
        OTEL_EXPORTER_OTLP_ENDPOINT=recorder.url, OTEL_RHESIS_TELEMETRY_ENABLED="true", RHESIS_TELEMETRY_DEBUG="1"
    )
    initialize_telemetry()
    set_telemetry_enabled(True, "u")
    track_user_activity("login")
    assert flush_telemetry()

    (logged,) = (record.getMessage() for record in caplog.records if "would be sent" in record.getMessage())
    assert json.loads(logged.partition(": ")[2])["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] == (
        "user.activity"
    )
    assert recorder.connections == 0


def test_secrets_are_not_printed() -> None:
    """A log of the settings does not hold the key."""
    assert "the-key" not in repr(settings.read({"OTEL_API_KEY": "the-key"}))


@pytest.mark.skipif(sys.platform != "linux", reason="the directory is the platform's")
@pytest.mark.parametrize(
    ("variables", "directory"),
    [
        ({"HOME": "/home/a"}, "/home/a/.local/state/rhesis-telemetry"),
        ({"HOME": "/home/a", "XDG_STATE_HOME": "/state"}, "/state/rhesis-telemetry"),
        ({"RHESIS_TELEMETRY_DIRECTORY": "/data"}, "/data"),
    ],
)
def test_where_the_choice_is_kept(variables: dict[str, str], directory: str) -> None:
    """As the platform has it, or where it is told to."""
    assert settings.read(variables).directory == Path(directory)
    assert os.fspath(choice.path(settings.read(variables))) == f"{directory}/choice.json"
