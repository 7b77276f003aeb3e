"""Fixtures: the function `maintain`, on a database of the test's own."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from maintained import serving
from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to the test's database, besides the function's own."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests", pool_size=1)
    with engine.connect() as connected:
        yield connected
    engine.dispose()


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
