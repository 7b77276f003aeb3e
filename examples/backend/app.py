"""A small product with telemetry: people log in, run tests, and decide. `make example` starts it."""

import os
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, HTTPException, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from rhesis_telemetry import initialize_telemetry, set_telemetry_enabled, track_feature_usage, track_user_activity
from rhesis_telemetry.frameworks.fastapi import telemetry_router
from rhesis_telemetry.frameworks.sqlalchemy import TelemetryConsent

FRONTEND = Path(__file__).parents[1] / "frontend" / "dist"
ORGANIZATION = "example"


def _new_id() -> str:
    return str(uuid.uuid4())


class Base(DeclarativeBase):
    """What is kept."""


class User(TelemetryConsent, Base):
    """Somebody who has an account. The mixin keeps what they chose about telemetry."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(primary_key=True, default=_new_id)
    name: Mapped[str] = mapped_column(unique=True)
    organization_id: Mapped[str] = mapped_column(default=ORGANIZATION)
    tests_per_run: Mapped[int] = mapped_column(default=5)


class Login(Base):
    """A browser in which somebody is logged in. Telemetry gets its id; the token is a secret."""

    __tablename__ = "login"
    id: Mapped[str] = mapped_column(primary_key=True, default=_new_id)
    token: Mapped[str] = mapped_column(unique=True, default=secrets.token_urlsafe)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"))
    user: Mapped[User] = relationship()


class TestRun(Base):
    """Tests that were run, and how many of them passed."""

    __tablename__ = "test_run"
    id: Mapped[str] = mapped_column(primary_key=True, default=_new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str]
    tests: Mapped[int]
    passed: Mapped[int]


class Account(BaseModel):
    """Who is logged in, as the frontend knows them; with where it sends telemetry if they agree."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str
    organization_id: str
    tests_per_run: int
    telemetry_endpoint: str = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


class Named(BaseModel):
    """What somebody is, or calls something."""

    name: Annotated[str, Field(min_length=1, max_length=80)]


class Settings(BaseModel):
    """What a person may set."""

    tests_per_run: Annotated[int, Field(ge=1, le=1000)]


class Run(BaseModel):
    """A test run as the frontend shows it."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str
    tests: int
    passed: int


engine = create_engine(os.environ.get("DATABASE_URL", "sqlite:///example.db"))
Base.metadata.create_all(engine)

app = FastAPI(title="Example")
initialize_telemetry(app)


def get_session() -> Iterator[Session]:
    """A session of the database for a request."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


Database = Annotated[Session, Depends(get_session)]


def get_login(database: Database, token: Annotated[str, Cookie(alias="session")] = "") -> Login | None:
    """The login that the browser's cookie stands for; from here on telemetry knows who acts and whether they agreed."""
    login = database.scalar(select(Login).where(Login.token == token))
    if login is not None:
        _tell_telemetry(login.user)
    return login


def get_current_user(login: Annotated[Login | None, Depends(get_login)]) -> User:
    """Who is logged in."""
    if login is None:
        raise HTTPException(401, "Please log in.")
    return login.user


CurrentLogin = Annotated[Login | None, Depends(get_login)]
CurrentUser = Annotated[User, Depends(get_current_user)]


def _tell_telemetry(user: User) -> None:
    set_telemetry_enabled(user.telemetry_agreed, user.id, user.organization_id)


@app.get("/api/account")
def get_account(login: CurrentLogin) -> Account | None:
    """Who is logged in, if anybody is."""
    return None if login is None else Account.model_validate(login.user)


@app.post("/api/login")
def log_in(given: Named, database: Database, response: Response) -> Account:
    """Log in; whoever is new gets an account. A real product would ask for more than a name."""
    user = database.scalar(select(User).where(User.name == given.name)) or User(name=given.name)
    login = Login(user=user)
    database.add(login)
    database.commit()
    response.set_cookie("session", login.token, httponly=True, samesite="strict")
    _tell_telemetry(user)
    track_user_activity("login", session_id=login.id, login_method="form")
    return Account.model_validate(user)


@app.post("/api/logout", status_code=204)
def log_out(login: CurrentLogin, database: Database, response: Response) -> None:
    """Log out."""
    if login is not None:
        track_user_activity("logout", session_id=login.id)
        database.delete(login)
        database.commit()
    response.delete_cookie("session")


@app.get("/api/test_runs")
def list_test_runs(user: CurrentUser, database: Database) -> list[Run]:
    """The person's test runs."""
    return [Run.model_validate(run) for run in database.scalars(select(TestRun).where(TestRun.user_id == user.id))]


@app.post("/api/test_runs", status_code=201)
def create_test_run(given: Named, user: CurrentUser, database: Database) -> Run:
    """Run tests; chance stands for them here."""
    passed = secrets.randbelow(user.tests_per_run + 1)
    run = TestRun(user_id=user.id, name=given.name, tests=user.tests_per_run, passed=passed)
    database.add(run)
    database.commit()
    track_feature_usage("test_run", "created", test_count=run.tests)
    return Run.model_validate(run)


@app.get("/api/test_runs/{test_run_id}")
def get_test_run(test_run_id: str, user: CurrentUser, database: Database) -> Run:
    """One of the person's test runs."""
    run = database.get(TestRun, test_run_id)
    if run is None or run.user_id != user.id:
        raise HTTPException(404, "There is no such test run.")
    return Run.model_validate(run)


@app.put("/api/settings")
def change_settings(settings: Settings, user: CurrentUser, database: Database) -> Settings:
    """Keep the person's settings."""
    user.tests_per_run = settings.tests_per_run
    database.commit()
    track_feature_usage("settings", "changed")
    return settings


app.include_router(telemetry_router(get_current_user, get_session))
app.mount("/assets", StaticFiles(directory=FRONTEND / "assets"))


@app.get("/{path:path}", include_in_schema=False)
def show_frontend(path: str) -> FileResponse:
    """The frontend, at each of its own routes."""
    if path.startswith("api/"):
        raise HTTPException(404)
    return FileResponse(FRONTEND / "index.html")
