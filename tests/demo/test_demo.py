"""`telemetry demo`: plausible events, the same ones for the same seed, by either way."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from statistics import mean
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection

from edge import Topic
from expected_views import Event
from stored_events import rows, stored
from telemetry_local.demo import fill
from telemetry_local.demo.days import incident
from telemetry_pipeline import contract
from telemetry_pipeline.cli import main
from telemetry_pipeline.settings import IngestSettings, StoreSettings
from warehouse import Warehouse

EVENTS = 12_000
NOW = datetime.combine(datetime.now(UTC), time(12), UTC) - timedelta(days=1)

INGEST = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(32))


def play(url: str, seed: int = 1, now: datetime = NOW) -> int:
    """Play 90 days; how many events they had."""
    with fill.by_writer(StoreSettings(database_url=url)) as send:
        played = fill.fill(INGEST, send, days=90, events=EVENTS, people=100, seed=seed, now=now)
        return sum(count for _, count in played)


@pytest.fixture
def events(database_url: str, connection: Connection) -> list[Event]:
    """The events of a demo."""
    play(database_url)
    return stored(connection)


def test_it_has_about_as_many_events_as_were_asked_for(events: list[Event]) -> None:
    """Within a tenth or so, all of the contract's kinds, none rejected, none after now."""
    assert 0.85 * EVENTS < len(events) < 1.15 * EVENTS
    assert {"user_activity", "endpoint_usage", "feature_usage"} == {event.kind for event in events}
    assert max(event.timestamp for event in events) <= NOW


def test_the_same_seed_gives_the_same_events(database_url: str, connection: Connection, events: list[Event]) -> None:
    """Played again, nothing is added; later on the same day, only what happened since; another seed is another."""
    play(database_url)
    assert len(events) == len(stored(connection))

    play(database_url, now=NOW + timedelta(hours=9))
    later = {event.id for event in stored(connection)} - {event.id for event in events}
    assert later
    assert all(event.timestamp > NOW for event in stored(connection) if event.id in later)

    play(database_url, seed=2)
    assert len(stored(connection)) > 1.7 * len(events)


def test_it_has_structure(events: list[Event], connection: Connection) -> None:
    """Weekends are quiet, people leave, releases spread, an endpoint is slow, an incident shows, some are anonymous."""
    by_weekday = [sum(event.day.weekday() == day for event in events) for day in range(7)]
    assert max(by_weekday[5:]) < min(by_weekday[:5]) / 2

    cohorts = "(select age, rate from retention_cohorts where period = 'week' and deployment_type = 'all') as rates"
    rates = {age: [float(rate) for one, rate in rows(connection, cohorts) if one == age] for age in (0, 1, 8)}
    assert mean(rates[0]) > mean(rates[1]) > mean(rates[8]) > 0.1

    assert len({event.service_version for event in events}) == 5
    assert len({event.installation_id for event in events}) > 3
    assert {"cloud", "self_hosted"} == {event.deployment_type for event in events}
    assert any(event.user_id is None for event in events)
    assert any(event.session_id for event in events)

    requests = [event for event in events if event.kind == "endpoint_usage"]
    slow = [event.duration_ms or 0 for event in requests if event.endpoint == "/test_sets/generate"]
    assert mean(slow) > 1500 > 5 * mean(event.duration_ms or 0 for event in requests)

    failed = [event.day for event in requests if (event.status_code or 0) >= 500]
    assert incident(NOW.date()) == max(set(failed), key=failed.count)


def telemetry_demo(
    database_url: str, bus_host: str, *arguments: str, environment: Mapping[str, str] | None = None, exit_code: int = 0
) -> str:
    variables = {
        "RHESIS_DATABASE_URL": database_url,
        "RHESIS_EVENTS_TOPIC": "projects/tests/topics/demo",
        "RHESIS_PSEUDONYM_KEY": "6b" * 32,
        "PUBSUB_EMULATOR_HOST": bus_host,
        **(environment or {}),
    }
    done = CliRunner().invoke(main, ["demo", "--days=14", "--events=500", *arguments], env=variables)
    assert done.exit_code == exit_code, done.output
    return done.output


def test_it_goes_by_the_bus(database_url: str, bus_host: str) -> None:
    """A few events are published as ingest publishes, for all that are subscribed."""
    topic = Topic(bus_host, "demo")

    output = telemetry_demo(database_url, bus_host)

    spans = sum(int(message.attributes["spans"]) for message in topic.take())
    topic.close()
    assert 300 < spans < 700
    assert f"{spans} events of 14 days" in output


def test_many_go_by_the_writer(database_url: str, bus_host: str, connection: Connection) -> None:
    """The writer stores them, and no bus is needed."""
    output = telemetry_demo(database_url, bus_host, "--through=writer", "--people=9")

    assert f"{len(stored(connection))} events of 14 days" in output


def test_many_are_mirrored_where_bigquery_is_set_up(
    database_url: str, bus_host: str, connection: Connection, dataset: Warehouse
) -> None:
    """The same events are in both stores, and no bus is needed."""
    telemetry_demo(database_url, bus_host, "--through=writer", environment=dataset.environment)

    mirrored = [
        UUID(row["id"])
        for event in contract.EVENTS
        for row in dataset.rows(f"select id from {event.table} where timestamp > '1970-01-01'")
    ]
    assert mirrored
    assert sorted(mirrored) == sorted(event.id for event in stored(connection))


def test_a_bigquery_that_is_away_is_told(database_url: str, bus_host: str, dataset: Warehouse) -> None:
    """Where BigQuery does not take the events, the command says so and fails."""
    missing = dataset.environment | {"RHESIS_BIGQUERY_DATASET": f"{dataset.settings.bigquery_dataset}_missing"}

    output = telemetry_demo(database_url, bus_host, "--through=writer", environment=missing, exit_code=1)

    assert "could not be passed on (NOT_FOUND)" in output
