"""The function `maintain` and `telemetry maintain`: what a run does and says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from expected_views import Event
from stored_events import assert_views_answer, store
from telemetry_pipeline.cli import main
from telemetry_pipeline.maintain import migrate, run


def steps_of(client: FlaskClient, path: str = "/") -> dict[str, Any]:
    """What a run did, without the time that it took."""
    answer = client.post(path)
    assert answer.status_code == 200, answer.text
    assert answer.json
    assert answer.json["status"] == "done"
    return {
        step: {name: figure for name, figure in figures.items() if name != "seconds"}
        for step, figures in answer.json["steps"].items()
    }


def logins(count: int, ago: timedelta) -> list[Event]:
    now = datetime.now(UTC)
    return [
        Event(kind="user_activity", timestamp=now - ago, received_at=now, user_id=f"person {number}")
        for number in range(count)
    ]


def test_a_run_makes_all_that_is_missing(maintain_empty: FlaskClient) -> None:
    """On an empty database: the schema and the views; the next run finds nothing to do."""
    first = steps_of(maintain_empty)
    second = steps_of(maintain_empty)

    head = migrate.head()
    assert {"from": None, "to": head} == first["migrate"]
    assert {
        "migrate": {"from": head, "to": head},
        "partitions": {"made": []},
        "keys": {"unlinked": []},
        "rollups": {"days": 0},
        "erasure": {"requests": 0, "events": 0, "forgotten": 0},
        "retention": {"dropped": [], "postponed": [], "deleted": {}},
    } == second


def test_migrate_only_migrates(maintain_empty: FlaskClient) -> None:
    """POST /migrate brings the schema up to date and does nothing else."""
    assert {"migrate": {"from": None, "to": migrate.head()}} == steps_of(maintain_empty, "/migrate")


def test_users_are_given_the_roles_that_the_settings_name(
    maintain: FlaskClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment says who writes and who reads; a migration sees to it."""
    with connection.begin():
        connection.exec_driver_sql('drop role if exists "store@roles.iam"')
        connection.exec_driver_sql('create role "store@roles.iam" login')
    monkeypatch.setenv("RHESIS_DATABASE_WRITERS", "store@roles.iam, nobody@roles.iam")

    steps_of(maintain, "/migrate")

    members = text("select pg_has_role('store@roles.iam', 'telemetry_writer', 'member')")
    with connection.begin():
        assert connection.execute(members).scalar()
        connection.exec_driver_sql('drop role "store@roles.iam"')


def test_a_run_rolls_up_the_days_that_received_something(maintain: FlaskClient, connection: Connection) -> None:
    """Each day once; a day that is up to date is left alone, one that received more is done again."""
    events = logins(3, timedelta(days=9)) + logins(2, timedelta(days=1))
    store(connection, events)
    first = steps_of(maintain)
    late = logins(5, timedelta(days=9))
    store(connection, late)
    second, third = steps_of(maintain), steps_of(maintain)

    assert [steps["rollups"]["days"] for steps in (first, second, third)] == [2, 1, 0]
    assert_views_answer(connection, events + late)


@contextmanager
def a_run_under_way(connection: Connection) -> Iterator[None]:
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": run.LOCK})
    connection.commit()
    yield
    connection.execute(text("select pg_advisory_unlock(:key)"), {"key": run.LOCK})
    connection.commit()


def test_there_is_one_run_at_a_time(maintain: FlaskClient, connection: Connection) -> None:
    """Who comes while another run is under way does nothing and says so; afterwards it does its work."""
    store(connection, logins(1, timedelta(days=2)))
    with a_run_under_way(connection):
        answer = maintain.post("/")

    assert (answer.status_code, answer.json) == (200, {"status": "under way"})
    assert steps_of(maintain)["rollups"] == {"days": 1}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("GET", "/health", 200), ("PUT", "/", 405), ("GET", "/migrate", 405), ("POST", "/else", 404)],
)
def test_it_answers_every_request(maintain: FlaskClient, method: str, path: str, status: int) -> None:
    """Health is a GET, work is a POST, and nothing else is there."""
    answer = maintain.open(path, method=method)

    assert status == answer.status_code
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_database_that_is_away_is_a_503(maintain: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler is told to come again; what the database said stays out of the answer."""

    def away(*_: object) -> None:
        raise ConnectionRefusedError("secret")

    monkeypatch.setattr(migrate, "upgrade", away)
    answer = maintain.post("/")

    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert "secret" not in answer.text


def telemetry_maintain(url: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["maintain", "--now"], env={"RHESIS_DATABASE_URL": url}, catch_exceptions=False)
    return done.exit_code, done.output


def test_the_command_says_what_was_done(database_url: str, connection: Connection) -> None:
    """Each step has a line, with what it did and how long it took."""
    store(connection, logins(2, timedelta(days=3)))

    code, output = telemetry_maintain(database_url)

    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == [
        "migrate",
        "partitions",
        "keys",
        "rollups",
        "erasure",
        "retention",
    ]
    assert "days 1" in output
    assert "dropped nothing" in output


def test_the_command_does_not_run_beside_another_run(database_url: str, connection: Connection) -> None:
    """It ends with a fault and a word of what to do."""
    with a_run_under_way(connection):
        code, output = telemetry_maintain(database_url)

    assert code == 1
    assert "try again" in output
