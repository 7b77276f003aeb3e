"""Questions to the database: each is a file in queries/, and all of a page's see the same moment."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, Engine, Row, TextClause, text

from telemetry_pipeline.dashboard import queries
from telemetry_pipeline.observing import Operation, metrics

Rows = Sequence[Row[Any]]


class Reader:
    """One page's questions; `seconds` is how long the answers took, together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.seconds = 0.0

    def rows(self, name: str, **parameters: object) -> Rows:
        """The answer to queries/NAME.sql."""
        begun = time.perf_counter()
        with Operation(metrics.DATABASE, name, "postgresql", "SELECT", name):
            found = self._connection.execute(_question(name), parameters).all()
        self.seconds += time.perf_counter() - begun
        return found


@contextmanager
def reading(engine: Engine) -> Iterator[Reader]:
    """A reader in a transaction of its own, which can't write."""
    with engine.connect() as connection:
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            reader = Reader(connection)
            reader.rows("plans")
            yield reader


@cache
def _question(name: str) -> TextClause:
    return text(files(queries).joinpath(f"{name}.sql").read_text())
