"""Fixtures: a pipeline whose key can be rotated."""

import itertools
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

import store_under_test
from edge import Topic
from maintained import serving
from rotation import Pipeline
from store_under_test import StoreUnderTest

_numbers = itertools.count()


@pytest.fixture
def maintain(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A fresh instance of the function on the test's database, which it has prepared."""
    with serving(database_url, monkeypatch) as client:
        assert client.post("/").status_code == 200
        yield client


@pytest.fixture
def store(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreUnderTest]:
    """The function `store` on the test's database."""
    with store_under_test.serving(monkeypatch) as start:
        yield start(database_url)


@pytest.fixture
def pipeline(bus_host: str, store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """An `ingest` without a key yet, and the store."""
    topic = Topic(bus_host, f"rotation-{next(_numbers)}")
    yield Pipeline(topic, store, monkeypatch)
    topic.close()
