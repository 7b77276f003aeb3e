"""`telemetry up --demo`: a pipeline that begins with something in it, and that maintains itself."""

import shutil
from collections.abc import Iterator

import pytest

from postgres import server_directory
from stack import Pipeline, running
from waiting import until


@pytest.fixture(scope="module")
def up() -> Iterator[Pipeline]:
    """A pipeline of this module's own."""
    directory = server_directory()
    with running(directory, "--port=0", "--demo") as pipeline:
        yield pipeline
    shutil.rmtree(directory)


def counted(up: Pipeline, query: str) -> int:
    return int(up.query(f"select count(*) from {query}")[0][0])


def test_the_demo_is_stored_and_answers_questions(up: Pipeline) -> None:
    """All that was played went by the bus, and shows as ninety days of people."""
    until(lambda: counted(up, "analytics_endpoint_usage") > 40_000, 60)
    until(lambda: counted(up, "analytics_feature_usage where \"timestamp\" > now() - interval '30 hours'"), 60)

    assert counted(up, "daily_active_users where deployment_type = 'all'") >= 85


def test_maintain_runs_by_itself_and_at_once(up: Pipeline) -> None:
    """It is a part of the stack with a schedule of its own; `telemetry maintain --now` says what it did."""
    assert up.about["pids"]["maintain"]
    assert up.about["pids"]["scheduler"]
    until(lambda: (up.directory / "logs" / "scheduler.log").read_text().count(": 200\n"), 60)

    done = up.telemetry("maintain", "--now")

    assert done.returncode == 0, done.stderr
    assert "rollups" in done.stdout
    assert counted(up, "analytics_rolled_days") >= 85
