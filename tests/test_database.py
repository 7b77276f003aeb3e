"""How functions connect: by a URL, or to a Cloud SQL instance by its connector, which settings decide."""

from typing import Any, ClassVar

import google.cloud.sql.connector
import pg8000.dbapi
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from telemetry_pipeline import database
from telemetry_pipeline.configuration import SettingsError
from telemetry_pipeline.instance import Once
from telemetry_pipeline.settings import DatabaseSettings

INSTANCE = {
    "RHESIS_DATABASE_INSTANCE": "project:europe-west1:telemetry",
    "RHESIS_DATABASE_USER": "store@project.iam",
}


class ConnectorInReach:
    """Stands for Google's connector, which needs Google Cloud: same calls, but it opens the tests' Postgres."""

    url = ""
    made: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        type(self).made = options

    def connect(self, instance: str, driver: str, **arguments: Any) -> pg8000.dbapi.Connection:
        if not self.url:
            raise RuntimeError("no route to the instance")
        type(self).asked = {"instance": instance, "driver": driver} | arguments
        url = make_url(self.url)
        kept = {name: arguments[name] for name in ("application_name", "timeout", "startup_params")}
        return pg8000.dbapi.connect(
            url.username, host=url.host, port=url.port, database=url.database, password=url.password, **kept
        )


@pytest.fixture
def connector(monkeypatch: pytest.MonkeyPatch) -> type[ConnectorInReach]:
    monkeypatch.setattr(google.cloud.sql.connector, "Connector", ConnectorInReach)
    monkeypatch.setattr(database, "_connector", Once(database._make_connector))
    monkeypatch.setattr(ConnectorInReach, "url", "")
    return ConnectorInReach


def test_an_instance_is_reached_by_iam_over_its_private_address(
    connector: type[ConnectorInReach], database_url: str
) -> None:
    """The connector refreshes lazily, as a throttled CPU needs; the connection speaks UTC and has its timeouts."""
    connector.url = database_url
    engine = database.connect(DatabaseSettings.read(INSTANCE), "tests")

    with engine.connect() as connection:
        shown = [connection.execute(text(f"show {name}")).scalar() for name in ("timezone", "statement_timeout")]
    engine.dispose()

    assert shown == ["UTC", "20s"]
    assert {"PRIVATE", "LAZY"} == {option.name for option in connector.made.values()}
    expected = {
        "instance": "project:europe-west1:telemetry",
        "driver": "pg8000",
        "user": "store@project.iam",
        "db": "telemetry",
        "enable_iam_auth": True,
    }
    assert expected.items() <= connector.asked.items()


def test_a_user_with_a_password_logs_in_with_it(connector: type[ConnectorInReach], database_url: str) -> None:
    """As the schema's owner does."""
    connector.url = database_url
    engine = database.connect(DatabaseSettings.read(INSTANCE | {"RHESIS_DATABASE_PASSWORD": "s3cret"}), "tests")

    with engine.connect():
        pass
    engine.dispose()

    assert connector.asked["password"] == "s3cret"
    assert "enable_iam_auth" not in connector.asked


@pytest.mark.usefixtures("connector")
def test_an_instance_that_cannot_be_reached_is_a_fault_of_the_connection() -> None:
    """Whatever the connector raises is one of the faults that callers know."""
    engine = database.connect(DatabaseSettings.read(INSTANCE), "tests")

    with pytest.raises(database.FAULTS) as caught:
        engine.connect()

    assert database.reason(caught.value) == "Cloud SQL could not be reached: RuntimeError"


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({}, "RHESIS_DATABASE_URL: set it, or RHESIS_DATABASE_INSTANCE"),
        (INSTANCE | {"RHESIS_DATABASE_URL": "postgresql://h/d"}, "but not both"),
        ({"RHESIS_DATABASE_INSTANCE": "p:r:i"}, "RHESIS_DATABASE_USER: missing"),
        ({"RHESIS_DATABASE_INSTANCE": "telemetry"}, "expected an instance as PROJECT:REGION:INSTANCE"),
    ],
)
def test_there_is_exactly_one_way_to_the_database(environment: dict[str, str], fault: str) -> None:
    """Neither, both or half of one is a message."""
    with pytest.raises(SettingsError, match=fault):
        DatabaseSettings.read(environment)


def test_a_pool_that_stays_empty_is_a_fault_of_the_database(database_url: str) -> None:
    """Whoever waits in vain for others to give a connection back is told as where the database is away."""
    settings = DatabaseSettings(database_url=database_url)
    engine = database.connect(settings, "tests", pool_size=1, statement_seconds=0.1)
    with engine.connect(), pytest.raises(database.FAULTS):
        engine.connect()
    engine.dispose()
