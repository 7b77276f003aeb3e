"""Fixtures: the function `mirror`, on a dataset of the test's own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from mirror_under_test import MirrorUnderTest, ServeMirror
from telemetry_pipeline.instance import Once
from telemetry_pipeline.mirror import function
from telemetry_pipeline.mirror.function import Mirror
from telemetry_pipeline.settings import MirrorSettings
from warehouse import Warehouse


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServeMirror]:
    """Starts a fresh instance of the function on a dataset."""
    with ExitStack() as stack:

        def start(warehouse: Warehouse) -> MirrorUnderTest:
            for name, value in (warehouse.environment | {"FUNCTION_TARGET": "mirror"}).items():
                monkeypatch.setenv(name, value)
            instance = Once(lambda: Mirror.made_from(MirrorSettings.read(os.environ)))
            monkeypatch.setattr(function, "mirror", instance)
            stack.callback(lambda: instance().writer.close())
            return MirrorUnderTest(warehouse)

        yield start


@pytest.fixture
def mirror(serve: ServeMirror, dataset: Warehouse) -> MirrorUnderTest:
    """The function on empty tables."""
    return serve(dataset)
