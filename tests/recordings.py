"""Versions that were recorded (tests/fixtures/upgrade): their messages, and their `store` at work."""

import json
from base64 import b64decode
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from pg8000.dbapi import DatabaseError
from sqlalchemy import Engine, PoolProxiedConnection

from telemetry_pipeline import bus

DIRECTORY = Path(__file__).parent / "fixtures" / "upgrade"

UNIQUE_VIOLATION = "23505"

LAST_MIGRATION = {"0.1.0": "0001"}
"""Recording → the revision of the schema that it was made for."""


@dataclass(frozen=True)
class Recording:
    """A version: what it publishes, and for each message the bytes that its `store` copies into each table."""

    name: str
    contract_version: int
    messages: list[bus.Message]
    rows: list[dict[str, bytes]]
    statements: dict[str, dict[str, str]]

    @property
    def spans(self) -> int:
        """How many events all messages hold."""
        return sum(int(message.attributes["spans"]) for message in self.messages)


def recordings() -> list[Recording]:
    """All of them."""
    return [_read(path) for path in sorted(DIRECTORY.glob("*.json"))]


def _read(path: Path) -> Recording:
    recorded = json.loads(path.read_text())
    return Recording(
        name=path.stem,
        contract_version=recorded["contract_version"],
        messages=[bus.Message(b64decode(one["data"]), one["attributes"]) for one in recorded["messages"]],
        rows=[{table: b64decode(raw) for table, raw in one["rows"].items()} for one in recorded["messages"]],
        statements=recorded["statements"],
    )


class RecordedStore:
    """Does to a database what a recorded version's `store` does, in its own words."""

    def __init__(self, recording: Recording, engine: Engine) -> None:
        self._recording = recording
        self._engine = engine

    def store(self, number: int) -> None:
        """Store a message of the recording: straight, or what is new of it by way of temporary tables."""
        connection = self._engine.raw_connection()
        try:
            try:
                self._copy(connection, self._recording.rows[number])
            except DatabaseError as error:
                connection.rollback()
                if error.args[0]["C"] != UNIQUE_VIOLATION:
                    raise
                self._copy_what_is_new(connection, self._recording.rows[number])
        finally:
            connection.close()

    def _copy(self, connection: PoolProxiedConnection, rows: dict[str, bytes]) -> None:
        cursor: Any = connection.cursor()
        for table, raw in rows.items():
            cursor.execute(self._recording.statements["copy"][table], stream=BytesIO(raw))
        connection.commit()

    def _copy_what_is_new(self, connection: PoolProxiedConnection, rows: dict[str, bytes]) -> None:
        cursor: Any = connection.cursor()
        if "staged" not in connection.info:
            cursor.execute(";".join((*self._recording.statements["stage"].values(), "commit")))
            connection.info["staged"] = True
        for table, raw in rows.items():
            cursor.execute(f"copy incoming_{table} from stdin with (format binary)", stream=BytesIO(raw))
        cursor.execute(";".join((*(self._recording.statements["insert"][table] for table in rows), "commit")))
