"""Fixtures: the function `maintain`, on a database of the test's own."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

import mirror_under_test
import store_under_test
from erasures import run
from maintained import serving
from mirror_under_test import MirrorUnderTest
from store_under_test import StoreUnderTest
from warehouse import Warehouse


@pytest.fixture
def maintain(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A fresh instance of the function on the test's database."""
    with serving(database_url, monkeypatch) as client:
        yield client


@pytest.fixture
def maintain_empty(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A fresh instance of the function on a database without a schema."""
    with serving(empty_database_url, monkeypatch) as client:
        yield client


@pytest.fixture
def store(maintain: FlaskClient, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreUnderTest]:
    """The function `store` on the database that `maintain` keeps."""
    run(maintain)
    with store_under_test.serving(monkeypatch) as start:
        yield start(database_url)


@pytest.fixture
def bigquery(dataset: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[MirrorUnderTest]:
    """The function `mirror`, and a dataset that `maintain` knows of."""
    for name, value in dataset.environment.items():
        monkeypatch.setenv(name, value)
    with mirror_under_test.serving(monkeypatch) as start:
        yield start(dataset)
