"""`telemetry backfill`: BigQuery comes to have what Postgres has."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import exports
from messages import ingested, logins
from mirror_under_test import MirrorUnderTest
from telemetry_pipeline import bus
from telemetry_pipeline.cli import main
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.settings import StoreSettings
from telemetry_pipeline.store.function import Store
from warehouse import Warehouse

HOUR = 3600 * 10**9
TABLES = ("analytics_user_activity", "analytics_endpoint_usage", "analytics_feature_usage")

Run = Callable[..., Result]
Keep = Callable[[bus.Message], object]


@pytest.fixture
def store(database_url: str) -> Iterator[Keep]:
    """Stores a message in Postgres alone."""
    made = Store.made_from(StoreSettings(database_url=database_url))
    yield lambda message: made.take(Delivery(message.data))
    made.engine.dispose()


@pytest.fixture
def backfill(database_url: str, dataset: Warehouse, tmp_path: Path) -> Run:
    """Runs the command for the last days up to today."""

    def run(days: int = 3, **environment: str) -> Result:
        today = datetime.now(UTC).date()
        span = [f"--from={today - timedelta(days=days)}", f"--to={today + timedelta(days=1)}"]
        variables = {"RHESIS_DATABASE_URL": database_url, **dataset.environment, **environment}
        return CliRunner(env=variables).invoke(main, [f"--settings={tmp_path / 'none'}", "backfill", *span])

    return run


def _message(days_ago: int) -> bus.Message:
    """An event of each kind."""
    begun = time.time_ns() - days_ago * 24 * HOUR
    content = (
        exports.LOGIN | {"metadata.plan": 'trial "ü"', "metadata.n": 3, "session.id": "one"},
        exports.ENDPOINT | {"http.response.status_code": 200, "duration_ms": 12.345},
        exports.FEATURE | {"feature.action": "created", "page.path": "/a/b"},
    )
    resource = {"service.name": "app", "service.version": "1.2", "rhesis.installation.id": "here"}
    spans = (exports.span(one, start_time_unix_nano=begun, end_time_unix_nano=begun) for one in content)
    return ingested(exports.traces(*spans, resource=resource))


def _contents(dataset: Warehouse) -> list[str]:
    """All that is in BigQuery, as JSON, with the arrival told apart from everything else."""
    found = [dataset.rows(f"select * from {table} where timestamp > '1970-01-01'") for table in TABLES]
    return sorted(json.dumps(row, default=str, sort_keys=True) for rows in found for row in rows)


def test_what_is_missing_is_loaded_as_mirror_would_have(
    store: Keep, mirror: MirrorUnderTest, backfill: Run, dataset: Warehouse
) -> None:
    """Rows that are loaded are, in every column, those that the function writes."""
    message = _message(1)
    mirror.push(message)
    mirrored = _contents(dataset)
    for table in TABLES:
        dataset.rows(f"delete from {table} where timestamp > '1970-01-01'")
    store(message)

    result = backfill()

    assert result.exit_code == 0, result.output
    assert "1 in Postgres, 1 loaded" in result.output
    assert mirrored == _contents(dataset)


def test_only_what_is_missing_is_loaded(
    store: Keep, mirror: MirrorUnderTest, backfill: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By id and day, however the two differ; a second run has nothing to do."""
    monkeypatch.setattr("telemetry_pipeline.mirror.backfill._FETCHED_ROWS", 3)
    both, here, there = logins(5), logins(7), logins(2)
    for message in (both, here):
        store(message)
    for message in (both, both, there):
        mirror.push(message)

    first, second = backfill(), backfill()

    assert "12 in Postgres, 7 loaded, 2 in BigQuery alone" in first.output.splitlines()[-1]
    assert "12 in Postgres, 0 loaded, 2 in BigQuery alone" in second.output.splitlines()[-1]
    assert mirror.warehouse.count("analytics_user_activity") == 5 * 2 + 7 + 2


def test_other_days_are_left_alone(store: Keep, backfill: Run, dataset: Warehouse) -> None:
    """Days before the first are not loaded."""
    store(_message(1))
    store(_message(9))

    assert backfill(days=5).exit_code == 0

    assert [dataset.count(table) for table in TABLES] == [1, 1, 1]


def test_a_run_that_broke_off_is_run_again(store: Keep, backfill: Run, dataset: Warehouse) -> None:
    """What BigQuery did not take is said without a traceback, and the next run loads it."""
    store(logins(3))

    broken = backfill(RHESIS_BIGQUERY_GRPC="127.0.0.1:1")
    again = backfill()

    assert broken.exit_code == 1
    assert "BigQuery refused: UNAVAILABLE" in broken.output
    assert "run it again" in broken.output
    assert again.exit_code == 0, again.output
    assert dataset.count("analytics_user_activity") == 3


@pytest.mark.parametrize(
    ("span", "fault"),
    [
        (("2026-11-02", "2026-11-01"), "is after --to"),
        (("2020-01-01", "2026-11-01"), "BigQuery keeps 366 days"),
        (("soon", "2026-11-01"), "does not match the format"),
    ],
)
def test_a_span_that_makes_no_sense_is_refused(span: tuple[str, str], fault: str) -> None:
    """The message says what is wrong with the days."""
    result = CliRunner().invoke(main, ["--settings=none", "backfill", f"--from={span[0]}", f"--to={span[1]}"])

    assert result.exit_code == 2
    assert fault in result.output
