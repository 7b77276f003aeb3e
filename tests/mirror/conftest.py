"""Fixtures: the function `mirror`, on a dataset of the test's own."""

from collections.abc import Iterator

import pytest

from mirror_under_test import MirrorUnderTest, ServeMirror, serving
from warehouse import Warehouse


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServeMirror]:
    """Starts a fresh instance of the function on a dataset."""
    with serving(monkeypatch) as start:
        yield start


@pytest.fixture
def mirror(serve: ServeMirror, dataset: Warehouse) -> MirrorUnderTest:
    """The function on empty tables."""
    return serve(dataset)
