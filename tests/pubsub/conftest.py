"""Two brokers, one set of promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers import LocalBroker, google_emulator, local_broker
from pubsub.bus import Bus, bus_at
from pubsub.push_endpoint import PushEndpoint, push_endpoint


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a broker of ours that all tests share."""
    with local_broker(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture(scope="session")
def google() -> Iterator[str]:
    """`host:port` of Google's emulator."""
    with google_emulator() as address:
        yield address


@pytest.fixture(scope="session", params=["local", "google"])
def host(request: pytest.FixtureRequest) -> str:
    """`host:port` of ours, then of Google's."""
    address: str = request.getfixturevalue(request.param)
    return address


@pytest.fixture
def bus(host: str) -> Iterator[Bus]:
    """Google's clients, at either broker."""
    with bus_at(host) as clients:
        yield clients


@pytest.fixture
def local_bus(local: str) -> Iterator[Bus]:
    """Google's clients, at ours."""
    with bus_at(local) as clients:
        yield clients


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A broker of ours that a test may stop and kill."""
    process = LocalBroker(tmp_path)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.kill()


@pytest.fixture
def own_bus(broker: LocalBroker) -> Iterator[Bus]:
    """Google's clients, at that broker."""
    with bus_at(broker.host) as clients:
        yield clients


@pytest.fixture
def endpoint() -> Iterator[PushEndpoint]:
    """A push endpoint that acknowledges until it is told otherwise."""
    with push_endpoint() as server:
        yield server
