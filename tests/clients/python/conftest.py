"""Fixtures: a client in this process, pointed at a server that records."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recorder import Recorder, recording
from rhesis_telemetry import client, consent, initialize_telemetry
from rhesis_telemetry.sending.exporter import THREAD
from rhesis_telemetry.settings import VARIABLES


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A server that answers as it should until it is told otherwise."""
    with recording() as running:
        yield running


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Set variables; the developer's own are gone, and the site's choice is kept in a directory of the test's."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv("RHESIS_TELEMETRY_DIRECTORY", str(tmp_path / "state"))

    def set_all(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


@pytest.fixture
def telemetry(environment: Callable[..., None], recorder: Recorder) -> Iterator[Recorder]:
    """Telemetry that the site has said yes to; what arrives."""
    environment(OTEL_EXPORTER_OTLP_ENDPOINT=recorder.url, OTEL_RHESIS_TELEMETRY_ENABLED="true")
    initialize_telemetry()
    yield recorder
    forget()


def forget() -> None:
    """End this process's client, without sending what waits."""
    if client.active is not None:
        client.active.stop(0)
    client.active = None
    consent.current.set(None)


@pytest.fixture(autouse=True)
def nobody() -> Iterator[None]:
    """Begin and end without a client, without its thread and without anybody's consent."""
    forget()
    yield
    forget()
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join()
