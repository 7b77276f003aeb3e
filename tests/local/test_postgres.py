"""The embedded Postgres."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pg8000.dbapi
import pytest
from sqlalchemy import text

from postgres import free_port, server_directory
from telemetry_local.postgres import Postgres, PostgresError
from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings


@pytest.fixture
def directory() -> Iterator[Path]:
    made = server_directory()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def server(directory: Path) -> Iterator[Postgres]:
    made = Postgres(directory, free_port())
    made.start()
    yield made
    made.stop()


def _run(server: Postgres, statement: str) -> object:
    engine = connect(DatabaseSettings(database_url=server.url("postgres")), "tests")
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        value = result.scalar() if result.returns_rows else None
    engine.dispose()
    return value


def test_the_next_start_finds_its_data(server: Postgres) -> None:
    """What was written before a stop is there after the start."""
    _run(server, "create table kept as select 5 as number")

    server.stop()
    server.start()

    assert _run(server, "select number from kept") == 5


def test_a_server_that_was_left_behind_is_replaced(server: Postgres) -> None:
    """A run that was killed leaves its server running; the next run takes over its data."""
    _run(server, "create table kept as select 5 as number")

    successor = Postgres(server.directory, free_port())
    successor.start()
    number = _run(successor, "select number from kept")
    successor.stop()

    assert number == 5


def test_only_who_has_the_password_gets_in(server: Postgres) -> None:
    """Others on the machine are kept out, and can't read the password."""
    with pytest.raises(pg8000.dbapi.DatabaseError):
        pg8000.dbapi.connect("rhesis", host="127.0.0.1", port=server.port, database="postgres", password="guess")

    assert (server.directory / "password").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken(server: Postgres, directory: Path) -> None:
    """The error says where to read why."""
    second = Postgres(directory / "second", server.port)

    with pytest.raises(PostgresError, match=str(directory / "second" / "log")):
        second.start()
    second.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to drop to another user")
def test_a_directory_that_can_not_be_entered(directory: Path) -> None:
    """What root's Postgres can't enter, such as a clone in /root, is exchanged for a place that it can, and kept."""
    closed = directory / "closed" / "postgres"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)

    servers = [Postgres(closed, free_port()) for _ in range(2)]
    for one in servers:
        one.start()
        one.stop()

    assert servers[0].directory == servers[1].directory != closed
    shutil.rmtree(servers[0].directory)
