"""Where a person's choice is kept, and the router by which it is made: on a real Postgres, and on SQLite."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.testclient import TestClient

import rhesis_telemetry.frameworks.alembic  # noqa: F401 - adds the operations
from recorder import Recorder, answering
from rhesis_telemetry import (
    consent,
    contract,
    flush_telemetry,
    initialize_telemetry,
    set_telemetry_enabled,
    telemetry_counts,
    track_feature_usage,
)
from rhesis_telemetry.frameworks.fastapi import telemetry_router
from rhesis_telemetry.frameworks.sqlalchemy import TelemetryConsent

STATUS, CHOICE, ENABLE, DISABLE, DATA = (
    f"/api/users/telemetry/{name}" for name in ("status", "choice", "enable", "disable", "data")
)


class Base(DeclarativeBase):
    pass


class User(TelemetryConsent, Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[str]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database as an app has it before it knows of telemetry, with a person in it, migrated."""
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql('create table "user" (id integer primary key, organization_id text not null)')
        connection.exec_driver_sql("insert into \"user\" values (1, 'o1'), (2, 'o2')")
        Operations(MigrationContext.configure(connection)).add_telemetry_consent("user")  # type: ignore[attr-defined]
    yield engine
    engine.dispose()


@pytest.fixture
def browser(telemetry: Recorder, engine: Engine) -> Iterator[TestClient]:  # noqa: ARG001 - telemetry is on
    """The app, and whoever is logged in by the header `user`."""
    app = FastAPI()

    def get_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    def get_user(request: Request, session: Annotated[Session, Depends(get_session)]) -> User:
        user = session.get(User, int(request.headers.get("user", "0")))
        if user is None:
            raise HTTPException(401)
        set_telemetry_enabled(user.telemetry_agreed, user.id, user.organization_id)
        return user

    @app.get("/test_runs")
    def test_runs(user: Annotated[User, Depends(get_user)]) -> int:
        track_feature_usage("test_run", "viewed")
        return user.id

    app.include_router(telemetry_router(get_user, get_session))
    initialize_telemetry(app)
    with TestClient(app) as browser:
        yield browser


AS_ONE = {"user": "1"}


def test_a_person_decides(telemetry: Recorder, browser: TestClient) -> None:
    """And the answers are exactly those that the old backend gave."""
    assert browser.get(STATUS, headers=AS_ONE).json() == {"telemetry_enabled": False, "user_id": "1"}
    browser.get("/test_runs", headers=AS_ONE)
    assert browser.put(ENABLE, headers=AS_ONE).json() == {
        "telemetry_enabled": True,
        "message": "Thank you for helping improve Rhesis!",
    }
    assert browser.get(STATUS, headers=AS_ONE).json() == {"telemetry_enabled": True, "user_id": "1"}
    assert browser.get(STATUS, headers={"user": "2"}).json() == {"telemetry_enabled": False, "user_id": "2"}
    browser.get("/test_runs", headers=AS_ONE)
    assert flush_telemetry()
    browser.get("/test_runs", headers=AS_ONE)
    assert browser.put(DISABLE, headers=AS_ONE).json() == {
        "telemetry_enabled": False,
        "message": "Telemetry has been disabled.",
    }
    assert browser.get(STATUS, headers=AS_ONE).json() == {"telemetry_enabled": False, "user_id": "1"}
    browser.get("/test_runs", headers=AS_ONE)
    assert flush_telemetry()

    routes = [event.get("http.route") for event in telemetry.events if event["event.category"] == "endpoint_usage"]
    assert routes == [ENABLE, STATUS, "/test_runs"]
    assert {event["user.id"] for event in telemetry.events} == {consent.hashed(1)}
    assert telemetry_counts().discarded == 2


def test_who_is_to_be_asked_is_told_from_who_said_no(browser: TestClient, engine: Engine) -> None:
    """Nobody who said no is asked again in another browser; a yes to less than is collected now is asked for again."""

    def choice() -> object:
        return browser.get(CHOICE, headers=AS_ONE).json()

    assert choice() == {"telemetry_enabled": None, "contract_version": contract.VERSION}
    browser.put(DISABLE, headers=AS_ONE)
    assert choice() == {"telemetry_enabled": False, "contract_version": contract.VERSION}
    browser.put(ENABLE, headers=AS_ONE)
    assert choice() == {"telemetry_enabled": True, "contract_version": contract.VERSION}
    with Session(engine) as session:
        session.get_one(User, 1).telemetry_consent_version = contract.VERSION - 1
        session.commit()
    assert choice() == {"telemetry_enabled": None, "contract_version": contract.VERSION}


def test_the_choice_is_kept_with_its_version(browser: TestClient, engine: Engine) -> None:
    """And when it was made."""
    browser.put(ENABLE, headers=AS_ONE)

    with Session(engine) as session:
        user = session.get_one(User, 1)
        assert (user.telemetry_enabled, user.telemetry_consent_version) == (True, contract.VERSION)
        assert user.telemetry_decided_at is not None
        assert not user.telemetry_must_ask
        assert session.get_one(User, 2).telemetry_must_ask


def test_a_grown_contract_asks_again(browser: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then nobody's telemetry is enabled; who said no is not asked again."""
    browser.put(ENABLE, headers=AS_ONE)
    browser.put(DISABLE, headers={"user": "2"})
    monkeypatch.setattr(contract, "VERSION", contract.VERSION + 1)

    assert browser.get(STATUS, headers=AS_ONE).json()["telemetry_enabled"] is False
    with Session(engine) as session:
        assert [user.telemetry_must_ask for user in session.scalars(sqlalchemy.select(User))] == [True, False]


@pytest.mark.parametrize(
    ("answer", "status", "erasure"),
    [(answering(), 200, "delivered"), (answering(503), 202, "waiting"), (answering(400), 503, "impossible")],
)
def test_erasure_is_answered_truthfully(
    telemetry: Recorder, browser: TestClient, answer: Callable[..., None], status: int, erasure: str
) -> None:
    """Whether the server has the request, or may get it, or never will."""
    telemetry.answer = answer

    response = browser.delete(DATA, headers=AS_ONE)

    assert (response.status_code, response.json()["erasure"]) == (status, erasure)
    request = dict(telemetry.events[0])
    receipt = request.pop("erasure.receipt")
    assert request == {"event.category": "erasure_request", "user.id": consent.hashed(1)}
    assert response.json()["receipt"] == (None if erasure == "impossible" else receipt)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", STATUS), ("GET", CHOICE), ("PUT", ENABLE), ("PUT", DISABLE), ("DELETE", DATA)]
)
def test_nobody_decides_for_others(browser: TestClient, method: str, path: str) -> None:
    """Who is not logged in is refused as the app refuses them."""
    assert browser.request(method, path).status_code == 401


def test_an_asynchronous_session(telemetry: Recorder) -> None:  # noqa: ARG001 - telemetry is on
    """Its merge and commit are waited for."""
    done: list[str] = []

    class Asynchronous:
        async def merge(self, _: object) -> None:
            done.append("merge")

        async def commit(self) -> None:
            done.append("commit")

    async def session() -> AsyncIterator[Asynchronous]:
        yield Asynchronous()

    user = User(id=1, organization_id="o")
    app = FastAPI()
    app.include_router(telemetry_router(lambda: user, session))

    assert TestClient(app).put(ENABLE).json()["telemetry_enabled"] is True
    assert done == ["merge", "commit"]
    assert user.telemetry_agreed


def columns(engine: Engine) -> dict[str, Any]:
    return {column["name"]: column for column in inspect(engine).get_columns("user")}


def test_the_operation_and_the_mixin_agree(engine: Engine) -> None:
    """A table that was migrated has what a table made from the class has; everybody begins with no."""
    migrated = columns(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql('select distinct telemetry_enabled from "user"').all() == [(0,)]
    made = create_engine("sqlite://")
    Base.metadata.create_all(made)

    for name in ("telemetry_enabled", "telemetry_decided_at", "telemetry_consent_version"):
        assert str(migrated[name]["type"]) == str(columns(made)[name]["type"])
        assert migrated[name]["nullable"] == columns(made)[name]["nullable"]
    made.dispose()


def test_the_operations_on_postgres(empty_database_url: str) -> None:
    """What is there already stays; all of it goes again."""
    url = sqlalchemy.make_url(empty_database_url).set(drivername="postgresql+pg8000")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql('create table "user" (id integer primary key, telemetry_enabled boolean not null)')
        connection.exec_driver_sql('insert into "user" values (1, true)')
        operations: Any = Operations(MigrationContext.configure(connection))
        operations.add_telemetry_consent("user")
        operations.add_telemetry_consent("user")
        row = connection.exec_driver_sql('select * from "user"').one()
        assert row == (1, True, None, None)
        operations.drop_telemetry_consent("user")
        assert connection.exec_driver_sql('select * from "user"').one() == (1,)
    engine.dispose()


def test_the_operations_as_sql() -> None:
    """For who runs migrations by hand."""
    written: list[str] = []

    class Output:
        def write(self, text: str) -> None:
            written.append(text)

        def flush(self) -> None:
            pass

    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": Output()})
    operations: Any = Operations(context)
    operations.add_telemetry_consent("user")

    assert 'ALTER TABLE "user" ADD COLUMN telemetry_enabled BOOLEAN DEFAULT false NOT NULL' in "".join(written)
