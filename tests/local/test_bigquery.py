"""`telemetry up --bigquery`: the pipeline with a mirror, on one machine."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from exports import LOGIN, span, traces
from postgres import server_directory
from stack import Pipeline, running, uncoloured
from telemetry_local.bigquery import DATASET, EmulatorMissingError, command
from telemetry_pipeline import warehouse
from telemetry_pipeline.settings import WarehouseSettings
from waiting import until


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where a stack keeps what it has, if the emulator is installed."""
    try:
        command(0, 0)
    except EmulatorMissingError as missing:
        pytest.skip(str(missing))
    made = server_directory()
    yield made
    shutil.rmtree(made)


def post(pipeline: Pipeline, logins: int) -> None:
    body = traces(*(span(LOGIN) for _ in range(logins))).SerializeToString()
    headers = {"Content-Type": "application/x-protobuf"}
    requests.post(f"{pipeline.otlp_url}/v1/traces", data=body, headers=headers, timeout=10).raise_for_status()


def mirrored(pipeline: Pipeline) -> int:
    """How many events a view counts."""
    settings = WarehouseSettings(bigquery_dataset=DATASET, bigquery_rest=pipeline.about["bigquery_url"])
    with closing(warehouse.client(settings)) as client:
        query = f"select events from `{DATASET}.deployment_mix` where deployment_type = 'all'"
        return sum(row["events"] for row in client.query(query).result())


def has(pipeline: Pipeline, events: int) -> Callable[[], bool]:
    return lambda: mirrored(pipeline) == events


def test_events_are_in_both(directory: Path) -> None:
    """What is posted is in Postgres and in BigQuery's views, and still there after a restart; doctor is content."""
    with running(directory, "--port=0", "--bigquery") as first:
        post(first, 3)
        until(has(first, 3), 30)
        assert first.query("select count(*) from analytics_user_activity") == [(3,)]
        assert {"mirror", "bigquery"} <= {name for name, pid in first.about["pids"].items() if pid}
        assert DATASET in first.output.read_text()
        doctor = first.telemetry("doctor")
        assert "ok    settings of mirror: complete" in uncoloured(doctor.stdout)
        assert doctor.returncode == 0
        assert first.stop() == 0

    with running(directory, "--port=0", "--bigquery") as second:
        assert mirrored(second) == 3
        post(second, 2)
        until(has(second, 5), 30)


def test_a_mirror_that_is_killed_misses_nothing(directory: Path) -> None:
    """The mirror, or the emulator, is started again, and what was posted meanwhile arrives."""
    with running(directory, "--port=0", "--bigquery") as pipeline:
        posted = 0
        for name in ("mirror", "bigquery"):
            killed = pipeline.about["pids"][name]
            os.kill(killed, signal.SIGKILL)
            post(pipeline, 4)
            posted += 4
            until(lambda name=name, killed=killed: pipeline.about["pids"][name] != killed, 20)
            until(lambda posted=posted: answers(pipeline) and mirrored(pipeline) == posted, 90)


def answers(pipeline: Pipeline) -> bool:
    try:
        return requests.get(f"{pipeline.about['bigquery_url']}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_days_without_a_mirror_are_filled_in(directory: Path) -> None:
    """What was posted while there was no mirror comes into BigQuery by `telemetry backfill`."""
    with running(directory, "--port=0") as without:
        post(without, 3)
        until(lambda: without.query("select count(*) from analytics_user_activity") == [(3,)], 30)
        assert without.about["bigquery_url"] is None
        ((day,),) = without.query("select distinct (timestamp at time zone 'UTC')::date from analytics_user_activity")

    with running(directory, "--port=0", "--bigquery") as pipeline:
        assert mirrored(pipeline) == 0
        done = pipeline.telemetry("backfill", f"--from={day}", f"--to={day}")
        assert done.returncode == 0, done.stderr
        assert "3 loaded" in done.stdout
        until(has(pipeline, 3), 30)
