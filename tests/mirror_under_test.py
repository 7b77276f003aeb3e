"""The function `mirror` as functions-framework serves it, and its dataset."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from werkzeug.test import TestResponse

from store_under_test import wrapped
from telemetry_pipeline import bus
from telemetry_pipeline.instance import Once
from telemetry_pipeline.mirror import function
from telemetry_pipeline.mirror.function import Mirror
from telemetry_pipeline.settings import MirrorSettings
from warehouse import Warehouse

MAIN = Path(__file__).parents[1] / "functions" / "main.py"


class MirrorUnderTest:
    """Pushes messages to the function."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._app = functions_framework.create_app("mirror", str(MAIN))

    def request(self, **arguments: Any) -> TestResponse:
        """Send any request to the function."""
        return self._app.test_client().open(**({"path": "/"} | arguments))

    def push(self, message: bus.Message) -> TestResponse:
        """Push a message as Pub/Sub does."""
        return self.request(method="POST", json=wrapped(message))


ServeMirror = Callable[[Warehouse], MirrorUnderTest]
"""Starts a fresh instance of the function on a dataset."""


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServeMirror]:
    """Instances of the function, until the block ends."""
    with ExitStack() as stack:

        def start(warehouse: Warehouse) -> MirrorUnderTest:
            for name, value in (warehouse.environment | {"FUNCTION_TARGET": "mirror"}).items():
                monkeypatch.setenv(name, value)
            instance = Once(lambda: Mirror.made_from(MirrorSettings.read(os.environ)))
            monkeypatch.setattr(function, "mirror", instance)
            stack.callback(lambda: instance().writer.close())
            return MirrorUnderTest(warehouse)

        yield start
