"""Fixtures: one embedded Postgres for the session, migrated once, and a fresh database for each test."""

import itertools
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from telemetry_local.postgres import Postgres
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate
from telemetry_pipeline.settings import DatabaseSettings

TEMPLATE = "migrated"

_numbers = itertools.count(1)

# A test's server may lose everything in a crash; that it need not wait for the disk makes it several times faster.
_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def server_directory() -> Path:
    """A new directory that the user which Postgres drops to can enter."""
    directory = Path(tempfile.mkdtemp(prefix="rhesis-postgres-"))
    directory.chmod(0o755)
    return directory


def migrate_to_head(url: str) -> None:
    """Run the real migrations on a database, whose views hide nothing: most tests have but a few people."""
    engine = connect(DatabaseSettings(database_url=url), "tests", statement_seconds=0)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("update analytics_upkeep set k_anonymity = 1"))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The session's server; its database `migrated` has the schema and no rows."""
    directory = server_directory()
    server = Postgres(directory, free_port(), _OPTIONS)
    server.start()
    server.create_database(TEMPLATE)
    migrate_to_head(server.url(TEMPLATE))
    yield server
    server.stop()
    shutil.rmtree(directory)


@pytest.fixture
def database_url(postgres_server: Postgres) -> str:
    """A database of the test's own, migrated and empty."""
    name = f"test_{next(_numbers)}"
    postgres_server.create_database(name, template=TEMPLATE)
    return postgres_server.url(name)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to it, beside those of what is tested."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connected:
        yield connected
    engine.dispose()


@pytest.fixture
def empty_database_url(postgres_server: Postgres) -> str:
    """A database of the test's own without any schema."""
    name = f"test_{next(_numbers)}"
    postgres_server.create_database(name)
    return postgres_server.url(name)
