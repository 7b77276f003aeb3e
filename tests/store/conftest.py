"""Fixtures: the function `store`, on a database of the test's own."""

from collections.abc import Iterator

import pytest

from store_under_test import Serve, StoreUnderTest, serving


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a fresh instance of the function on the database at a URL."""
    with serving(monkeypatch) as start:
        yield start


@pytest.fixture
def store(serve: Serve, database_url: str) -> StoreUnderTest:
    """The function on a migrated and empty database."""
    return serve(database_url)
