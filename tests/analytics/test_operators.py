"""What only the database's owner sees."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from telemetry_pipeline.analytics import OPERATORS
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import roles
from telemetry_pipeline.settings import DatabaseSettings


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connected:
        yield connected
    engine.dispose()


@pytest.mark.parametrize("role", [roles.READER, roles.DASHBOARD, roles.WRITER])
@pytest.mark.parametrize("view", OPERATORS)
def test_no_role_may_read_what_tells_installations_apart(connection: Connection, view: str, role: str) -> None:
    """Also after the rights were given out anew."""
    roles.reveal(connection)

    with connection.begin():
        connection.execute(text(f"set local role {role}"))
        with pytest.raises(ProgrammingError, match="permission denied"), connection.begin_nested():
            connection.execute(text(f"select * from {view}"))
