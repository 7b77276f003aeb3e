"""Fixtures: where functions send what they measure of themselves."""

from collections.abc import Iterator

import pytest

from receiver import Receiver
from recorder import recording


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with recording() as recorder:
        yield Receiver(recorder)
