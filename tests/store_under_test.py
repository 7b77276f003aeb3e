"""The function `store` as functions-framework serves it, and its tables."""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from telemetry_pipeline import bus
from telemetry_pipeline.database import connect
from telemetry_pipeline.instance import Once
from telemetry_pipeline.settings import DatabaseSettings, StoreSettings
from telemetry_pipeline.store import function
from telemetry_pipeline.store.function import Store

MAIN = Path(__file__).parents[1] / "functions" / "main.py"

Row = dict[str, Any]


class StoreUnderTest:
    """Pushes messages to the function, and looks at its tables."""

    def __init__(self, url: str) -> None:
        self._app = functions_framework.create_app("store", str(MAIN))
        self._engine = connect(DatabaseSettings(database_url=url), "tests")

    def request(self, **arguments: Any) -> TestResponse:
        """Send any request to the function."""
        return self._app.test_client().open(**({"path": "/"} | arguments))

    def post(self, data: bytes, **arguments: Any) -> TestResponse:
        """Post a body as it is."""
        return self.request(method="POST", data=data, **arguments)

    def push(self, message: bus.Message) -> TestResponse:
        """Push a message as Pub/Sub does."""
        return self.request(method="POST", json=wrapped(message))

    def rows(self, query: str) -> list[Row]:
        """The rows of a query."""
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query)).mappings()]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        (row,) = self.rows(f"select count(*) as count from {table}")
        return int(row["count"])

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with self._engine.begin() as connection:
            connection.execute(text(statement))

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


def wrapped(message: bus.Message, message_id: str = "7") -> dict[str, Any]:
    """The JSON body of a push."""
    return {
        "message": {
            "data": base64.b64encode(message.data).decode(),
            "attributes": dict(message.attributes),
            "messageId": message_id,
            "publishTime": "2026-11-25T07:00:00Z",
        },
        "subscription": "projects/tests/subscriptions/store",
    }


Serve = Callable[[str], StoreUnderTest]
"""Starts a fresh instance of the function on the database at a URL."""


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Instances of the function, until the block ends."""
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
