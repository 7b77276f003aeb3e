"""How the database is reached."""

from sqlalchemy import text

from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings


def test_a_session(database_url: str) -> None:
    """It speaks UTC, says whose it is, and cancels a statement that takes too long."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests", statement_seconds=7)

    with engine.connect() as connection:
        names = ("timezone", "application_name", "statement_timeout")
        found = [connection.execute(text(f"show {name}")).scalar() for name in names]
    engine.dispose()

    assert found == ["UTC", "tests", "7s"]


def test_a_statement_without_a_limit(database_url: str) -> None:
    """Migrations may take their time."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests", statement_seconds=0)

    with engine.connect() as connection:
        limit = connection.execute(text("show statement_timeout")).scalar()
    engine.dispose()

    assert limit == "0"
