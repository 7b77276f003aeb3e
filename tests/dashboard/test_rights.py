"""The dashboard in the cloud has its role and no more: all its pages answer, and it could not read who anybody is."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from dashboards import PAGES, Dashboard
from telemetry_pipeline import contract
from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings


def test_every_page_answers(dashboard: Dashboard, limited_url: str) -> None:
    """No page needs more than the rights of the dashboard's role."""
    client = dashboard(limited_url)

    assert {path: client.get(path).status_code for path in PAGES.values()} == dict.fromkeys(PAGES.values(), 200)


def test_it_cannot_read_who_anybody_is(limited_url: str) -> None:
    """No column that tells a person, an organization, a session or an installation, nor what apps added."""
    engine = connect(DatabaseSettings(database_url=limited_url), "tests")
    hidden = ("user_id", "organization_id", "session_id", "installation_id", "metadata", "id")
    with engine.connect() as connection:
        tables = connection.execute(
            text("select relname from pg_class where relname like 'analytics%' and relkind = 'r'")
        )
        people = [name for name in tables.scalars() if "people" in name or "person" in name or "installation" in name]
        statements = [
            *(f"select {column} from {event.table}" for event in contract.EVENTS for column in hidden),
            *(f"select * from {table}" for table in people if not table.startswith("analytics_daily_")),
            "select payload from analytics_parked_messages",
        ]
        connection.rollback()
        for statement in statements:
            with pytest.raises(ProgrammingError), connection.begin():
                connection.exec_driver_sql(statement)
    engine.dispose()
