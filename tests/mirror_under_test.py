"""The function `mirror` as functions-framework serves it, and its dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import functions_framework
from werkzeug.test import TestResponse

from store_under_test import wrapped
from telemetry_pipeline import bus
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
