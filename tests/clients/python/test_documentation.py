"""docs/clients/python.md: what it says of code and commands holds."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations

from documented import DOCS, files
from recorder import Recorder
from rhesis_telemetry import flush_telemetry
from rhesis_telemetry.settings import read

PAGE = "clients/python.md"
FILES = files(PAGE)

REST_OF_THE_SETTINGS = """
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = ()
SECRET_KEY = "a key"
"""
DJANGO = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "django_settings"
django.setup()
from django.test import Client
assert Client().get("/nowhere").status_code == 404
"""


def run(script: str, directory: Path, recorder: Recorder) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        check=True,
        cwd=directory,
        text=True,
        stdout=subprocess.PIPE,
        env={
            "PATH": os.environ["PATH"],
            "OTEL_EXPORTER_OTLP_ENDPOINT": recorder.url,
            "OTEL_RHESIS_TELEMETRY_ENABLED": "true",
            "RHESIS_TELEMETRY_DIRECTORY": str(directory),
        },
    ).stdout


def test_every_example_has_a_test() -> None:
    """app.py has its own, in test_pipeline."""
    assert FILES.keys() == {"app.py", "migration.py", "tracking.py", "flask_app.py", "django_settings.py"}


def test_the_generated_parts_are_up_to_date(tmp_path: Path) -> None:
    """`make generate` would change nothing."""
    page = tmp_path / "python.md"

    subprocess.run([sys.executable, DOCS / "generate_python_client.py", page], check=True)

    assert (DOCS / PAGE).read_text() == page.read_text()


def test_functions_blocks_and_jobs(tmp_path: Path, recorder: Recorder) -> None:
    """Only who agreed is tracked."""
    assert run(FILES["tracking.py"], tmp_path, recorder) == "read\nread\n"

    assert [event.get("feature.name", event.get("event.type")) for event in recorder.events] == [
        "report",
        "report_read",
    ]


def test_flask(tmp_path: Path, recorder: Recorder) -> None:
    """Endpoints are tracked."""
    act = 'app.test_client().get("/test_runs/7", headers={"x-user-id": "1"}, buffered=True)'
    run(f"{FILES['flask_app.py']}\n{act}", tmp_path, recorder)

    assert [event["http.route"] for event in recorder.events] == ["/test_runs/{test_run_id}"]


def test_django(tmp_path: Path, recorder: Recorder) -> None:
    """The settings work."""
    (tmp_path / "django_settings.py").write_text(FILES["django_settings.py"] + REST_OF_THE_SETTINGS)

    run(DJANGO, tmp_path, recorder)


def test_the_migration(tmp_path: Path) -> None:
    """Up and down."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    migration: dict[str, Callable[[], None]] = {}
    with engine.begin() as connection:
        connection.exec_driver_sql('create table "user" (id integer primary key)')
        with Operations.context(MigrationContext.configure(connection)):
            exec(FILES["migration.py"], migration)  # noqa: S102 - the page's own
            migration["upgrade"]()
            assert len(sqlalchemy.inspect(connection).get_columns("user")) == 4
            migration["downgrade"]()
    assert len(sqlalchemy.inspect(engine).get_columns("user")) == 1
    engine.dispose()


@pytest.mark.usefixtures("telemetry")
def test_where_the_choice_is_kept() -> None:
    """In the file that the page names."""
    from rhesis_telemetry import set_telemetry_enabled, track_user_activity

    set_telemetry_enabled(True, "u")
    track_user_activity("login")
    flush_telemetry()

    assert (read().directory / "choice.json").exists()
