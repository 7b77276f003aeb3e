"""Migrations: bring the analytics database to a revision, by Alembic, one run at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from telemetry_pipeline.analytics import install
from telemetry_pipeline.maintain import roles

_LOCK = 0x7268_6573_6973
"""The key of the advisory lock that a run holds: "rhesis" in ASCII."""


class Behind(Exception):
    """The schema is older than this code, or newer."""


def look(engine: Engine) -> None:
    """Return if the schema is the one that this code expects.

    Raises:
        Behind: It isn't.
        DBAPIError, OSError: The database does not answer.
    """
    if current(engine) != head():
        raise Behind


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to a revision, and at the head make the views as they are now. Waits for a run that is under way."""
    with _locked(engine) as connection:
        command.upgrade(_config(connection), revision)
        if revision == "head":
            install.install(connection)
            roles.reveal(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to a revision; `base` takes everything away, the events too."""
    with _locked(engine) as connection:
        install.remove(connection)
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision that this code expects.

    Raises:
        FileNotFoundError: There is no directory `migrations`.
    """
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise FileNotFoundError(f"{directory()} holds no migration")
    return revision


def directory() -> Path:
    """Where the migrations are: beside main.py in the deployed archive, at the repository's root otherwise.

    Raises:
        FileNotFoundError: In neither place; the message names both.
    """
    archive = Path(__file__).parents[2]
    for root in (archive, archive.parent):
        if (root / "migrations" / "alembic.ini").is_file():
            return root / "migrations"
    raise FileNotFoundError(f"there is no directory migrations in {archive} or in {archive.parent}")


def _config(connection: Connection | None = None) -> Config:
    config = Config(directory() / "alembic.ini")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
