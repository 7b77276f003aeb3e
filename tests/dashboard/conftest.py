"""Fixtures: a database full of plausible events, and dashboards in this process that read it."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import functions_framework
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, make_url

from dashboards import Dashboard
from edge import KEY, MAIN
from postgres import TEMPLATE
from telemetry_local.demo import fill
from telemetry_local.postgres import Postgres
from telemetry_pipeline.dashboard import function
from telemetry_pipeline.dashboard.desk import Desk
from telemetry_pipeline.database import connect
from telemetry_pipeline.instance import Once
from telemetry_pipeline.maintain import roles, rollups
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, StoreSettings

USER = "dashboard@tests.iam"
STRANGER = "public@tests.iam"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def demo_url(postgres_server: Postgres) -> str:
    """A database with 90 days of plausible events, rolled up."""
    postgres_server.create_database("dashboard_demo", template=TEMPLATE)
    url = postgres_server.url("dashboard_demo")
    ingest = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes.fromhex(KEY))
    with fill.by_writer(StoreSettings(database_url=url)) as send:
        for _ in fill.fill(ingest, send, days=90, events=30_000, people=150, seed=1, now=now()):
            pass
    with _connected(url) as connection:
        rollups.refresh(connection, now() + timedelta(minutes=6))
    return url


@pytest.fixture
def demo(demo_url: str) -> Iterator[Connection]:
    """A connection to that database."""
    with _connected(demo_url) as connection:
        yield connection


@functools.cache
def _app() -> FlaskClient:
    return functions_framework.create_app("dashboard", str(MAIN)).test_client()


@pytest.fixture
def dashboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dashboard]:
    """Starts a dashboard in this process on a database; further settings are keywords."""
    desks: list[Once[Desk]] = []

    def start(url: str, **settings: str) -> FlaskClient:
        environment = {"RHESIS_DATABASE_URL": url, "RHESIS_K_ANONYMITY": "1"} | settings
        for name, setting in environment.items():
            monkeypatch.setenv(name, setting)
        desks.append(Once(lambda: Desk.open(function._SITE)))
        monkeypatch.setattr(function, "_desk", desks[-1])
        return _app()

    yield start
    for desk in desks:
        desk().engine.dispose()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = connect(DatabaseSettings(database_url=url), "tests")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def limited_url(demo_url: str) -> Iterator[str]:
    """The demo's database, as a user who has the dashboard's role and no more."""
    with _as_user(demo_url, USER, dashboards=[USER]) as url:
        yield url


@pytest.fixture
def public_url(demo_url: str) -> Iterator[str]:
    """The demo's database, as a user who has the public's role and no more."""
    with _as_user(demo_url, STRANGER, publics=[STRANGER]) as url:
        yield url


@contextmanager
def _as_user(database: str, user: str, **admitted: list[str]) -> Iterator[str]:
    with _connected(database) as connection:
        with connection.begin():
            connection.exec_driver_sql(f'drop role if exists "{user}"')
            connection.exec_driver_sql(f"create role \"{user}\" login password 'tests'")
        roles.reveal(connection)
        roles.admit(connection, [], [], **admitted)
        url = make_url(database).set(username=user, password="tests")
        yield url.render_as_string(hide_password=False)
        with connection.begin():
            connection.exec_driver_sql(f'drop role "{user}"')
