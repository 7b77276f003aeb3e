"""Fixtures: the function `store`, on a database of the test's own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from store_under_test import Serve, StoreUnderTest
from telemetry_pipeline.instance import Once
from telemetry_pipeline.settings import StoreSettings
from telemetry_pipeline.store import function
from telemetry_pipeline.store.function import Store


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a fresh instance of the function on the database at a URL."""
    with ExitStack() as stack:

        def start(url: str) -> StoreUnderTest:
            monkeypatch.setenv("RHESIS_DATABASE_URL", url)
            monkeypatch.setenv("FUNCTION_TARGET", "store")
            instance = Once(lambda: Store.made_from(StoreSettings.read(os.environ)))
            monkeypatch.setattr(function, "store", instance)
            stack.callback(lambda: instance().engine.dispose())
            under_test = StoreUnderTest(url)
            stack.callback(under_test.close)
            return under_test

        yield start


@pytest.fixture
def store(serve: Serve, database_url: str) -> StoreUnderTest:
    """The function on a migrated and empty database."""
    return serve(database_url)
