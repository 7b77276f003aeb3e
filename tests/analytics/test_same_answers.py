"""Postgres and BigQuery give the same answers to the same events.

One seeded data set goes through the real `ingest`, `store` and `mirror` into an embedded Postgres and the BigQuery
emulator. Two things are the emulator's and not BigQuery's, and are evened out here: a date that was computed comes as
midnight, and numbers lose the zeros at their end.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

import exports
import seeded
from messages import ingested
from telemetry_local.postgres import Postgres
from telemetry_pipeline import bus, contract
from telemetry_pipeline.analytics import PUBLISHED, VIEWS
from telemetry_pipeline.analytics.warehouse import install
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import history, links, retention, rollups
from telemetry_pipeline.maintain.partitions import make_partitions
from telemetry_pipeline.mirror.function import Mirror
from telemetry_pipeline.mirror.tables import EXPIRY_DAYS
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.rows.columns import COLUMNS
from telemetry_pipeline.settings import DatabaseSettings, MirrorSettings, StoreSettings
from telemetry_pipeline.store.function import Store
from warehouse import Emulator, Warehouse, dataset_of

SEED = 7

PSEUDONYMS = {"user_id": "person", "installation_id": "place"}
"""What changes with a rotation of the key, though somebody is the same."""

Row = tuple[str, ...]
Take = Callable[[Iterable[bus.Message]], None]

STEPS = ["project", "test_set:created", "test_run", "test_run"]

CALLS = {
    "feature_funnel": (
        f"(array{STEPS}, interval '7 days', now() - interval '60 days')",
        f"({STEPS}, interval 7 day, timestamp_sub(current_timestamp(), interval 60 day), 'all')",
    ),
    "endpoint_performance_between": (
        "((now() at time zone 'UTC')::date - 20, (now() at time zone 'UTC')::date)",
        "(date_sub(current_date('UTC'), interval 20 day), current_date('UTC'))",
    ),
}
"""How the questions with parameters are asked, in Postgres and in BigQuery."""

CALLS_BEYOND = CALLS | {
    "endpoint_performance_between": (
        "((now() at time zone 'UTC')::date - 480, (now() at time zone 'UTC')::date - 3)",
        "(date_sub(current_date('UTC'), interval 480 day), date_sub(current_date('UTC'), interval 3 day))",
    ),
}


@dataclass(frozen=True, slots=True)
class Both:
    """The same events in both."""

    postgres: Connection
    bigquery: Warehouse

    def in_postgres(self, source: str, arguments: str = "") -> tuple[set[str], list[Row]]:
        """The columns and the rows of a table, view or function."""
        with self.postgres.begin():
            found = self.postgres.execute(text(f"select * from {source}{arguments}"))
            return set(found.keys()), _ordered(dict(row) for row in found.mappings())

    def in_bigquery(self, source: str, arguments: str = "") -> tuple[set[str], list[Row]]:
        """The columns and the rows of a view or function."""
        rows = self.bigquery.rows(f"select * from `{self.bigquery.settings.bigquery_dataset}.{source}`{arguments}")
        return set(rows[0]) if rows else set(), _ordered(rows)

    def link(self) -> None:
        """Tell BigQuery whose pseudonyms are whose, as `maintain` does."""
        links.write(self.postgres, self.bigquery.client, self.bigquery.settings.bigquery_dataset)


def _ordered(rows: Iterable[dict[str, Any]]) -> list[Row]:
    return sorted(tuple(_plain(row[name]) for name in sorted(row)) for row in rows)


def _plain(value: object) -> str:
    match value:
        case Decimal() | float():
            return f"{Decimal(str(value)).normalize():f}"
        case datetime(tzinfo=None):
            return repr(value.date())
        case UUID():
            return repr(str(value))
    return repr(value)


@pytest.fixture(scope="module")
def both(postgres_server: Postgres, session_emulator: Emulator) -> Iterator[Both]:
    """The data set in both."""
    with made(postgres_server, session_emulator, "same_answers") as (made_both, take):
        take(seeded.messages(SEED))
        made_both.link()
        yield made_both


@contextmanager
def made(server: Postgres, emulator: Emulator, name: str) -> Iterator[tuple[Both, Take]]:
    """Both stores, and what delivers messages to them: to BigQuery every third one again, as Pub/Sub may do."""
    server.create_database(name, template="migrated")
    url = server.url(name)
    store = Store.made_from(StoreSettings(database_url=url))
    with dataset_of(emulator) as dataset:
        dataset.create_tables()
        install(dataset.client, dataset.settings.bigquery_dataset, k=1)
        mirror = Mirror.made_from(MirrorSettings.read(dataset.environment))

        def take(messages: Iterable[bus.Message]) -> None:
            for number, message in enumerate(messages):
                store.take(Delivery(message.data))
                for _ in range(2 if number % 3 == 0 else 1):
                    mirror.take(Delivery(message.data))
            # Each open stream occupies one of the emulator's threads, and it has few.
            mirror.writer.close()

        engine = connect(DatabaseSettings(database_url=url), "tests")
        with engine.connect() as connection:
            yield Both(connection, dataset), take
        engine.dispose()
    store.engine.dispose()


@pytest.fixture(scope="module")
def beyond(postgres_server: Postgres, session_emulator: Emulator) -> Iterator[Both]:
    """Seventeen months of events in both, and what is older than twelve gone, twice: two months ago, and now."""
    now = datetime.now(UTC)
    with made(postgres_server, session_emulator, "beyond_retention") as (both, take):
        make_partitions(both.postgres, now.date(), 18, 3)
        take(seeded.messages(SEED, days=450, days_ago=60, rotated=False))
        take([visits(now, 60, returner=(480, 470), faithful=(490, 200), leaver=(410, 64))])
        retain(both, now - timedelta(days=60))
        take(seeded.messages(SEED + 1, days=60, rotated=True))
        take([visits(now, 0, returner=(20, 3), faithful=(21,), leaver=(330,), latecomer=(345, 335, 5))])
        retain(both, now)
        yield both


def visits(now: datetime, days_ago: int, **people: tuple[int, ...]) -> bus.Message:
    """People's logins, so many days before now, in a message that came some days ago, on an installation of each."""
    spans = [
        exports.span(
            exports.LOGIN | {"user.id": person},
            start_time_unix_nano=round((now - timedelta(days=days)).timestamp() * 10**9),
        )
        for person, logins in people.items()
        for days in logins
    ]
    installation = {"rhesis.installation.id": f"installation of {'-'.join(people)}"}
    came = round((now - timedelta(days=days_ago)).timestamp() * 10**9)
    return ingested(exports.traces(*spans, resource=installation), came)


def retain(both: Both, now: datetime) -> None:
    """Do what `maintain` and BigQuery do in the course of time."""
    rollups.refresh(both.postgres, now, all_days=True)
    retention.drop_expired(both.postgres, retention.first_kept_day(now.date(), contract.RETENTION_MONTHS))
    for event in contract.EVENTS:
        expired = f"date(timestamp, 'UTC') <= '{now.date() - timedelta(days=EXPIRY_DAYS)}'"
        both.bigquery.rows(f"delete from {event.table} where {expired}")
    dataset = both.bigquery.settings.bigquery_dataset
    history.write(both.postgres, both.bigquery.client, dataset, now, contract.RETENTION_MONTHS)
    both.link()


@pytest.mark.parametrize("event", contract.EVENTS, ids=lambda event: event.name)
def test_the_events_are_the_same(both: Both, event: contract.Event) -> None:
    """Every column of every event, its id included; each event once, however often it was delivered."""
    columns = ", ".join(f"event.{column}" for column in COLUMNS[event.table] if column not in PSEUDONYMS)
    known = ", ".join(f"coalesce({name}.previous, event.{column}) as {column}" for column, name in PSEUDONYMS.items())
    joins = " ".join(
        f"left join analytics_pseudonym_links as {name} on {name}.pseudonym = event.{column}"
        for column, name in PSEUDONYMS.items()
    )
    expected = both.in_postgres(f"(select {columns}, {known} from {event.table} as event {joins}) as known")

    assert expected[1]
    assert expected == both.in_bigquery(event.name)
    assert len(both.in_postgres("analytics_pseudonym_links")[1]) > seeded.PEOPLE / 2
    assert len(expected[1]) < both.bigquery.count(event.table)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_the_same_rows(both: Both, view: str) -> None:
    """The same columns, the same rows, the same numbers to the last digit."""
    in_postgres, in_bigquery = CALLS.get(view, ("", ""))

    expected = both.in_postgres(view, in_postgres)

    assert expected[1]
    assert expected == both.in_bigquery(view, in_bigquery)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_the_same_rows_beyond_the_events(beyond: Both, view: str) -> None:
    """What was counted of events that are gone stays, and nobody is new who is known from before."""
    name = f"exact_{view}" if view in PUBLISHED else view
    in_postgres, in_bigquery = CALLS_BEYOND.get(view, ("", ""))

    expected = beyond.in_postgres(name, in_postgres)

    assert expected[1]
    assert expected == beyond.in_bigquery(name, in_bigquery)


def test_anomalies_are_the_same(postgres_server: Postgres, session_emulator: Emulator) -> None:
    """Who sent a hundred times the median of a day: an installation, and those of a service that name none."""
    now = datetime.now(UTC)

    def sent(events: int, days_ago: int, **resource: str) -> bus.Message:
        came = round((now - timedelta(days=days_ago)).timestamp() * 10**9)
        spans = (exports.span(exports.LOGIN, start_time_unix_nano=came - number * 10**9) for number in range(events))
        named = {name.replace("_", "."): value for name, value in resource.items()}
        return ingested(exports.traces(*spans, resource=named), came)

    with made(postgres_server, session_emulator, "anomalies") as (both, take):
        take(sent(2, 1, rhesis_installation_id=f"quiet {number}") for number in range(4))
        take([sent(150, 1, rhesis_installation_id="loud"), sent(50, 1, rhesis_installation_id="loud")])
        take([sent(199, 1, rhesis_installation_id="nearly"), sent(300, 1, service_name="old"), sent(9, 1)])
        # On these days there is nobody to compare with, and too long ago.
        take([sent(500, 2, rhesis_installation_id="alone")])
        take(sent(400 if number == 0 else 2, 40, rhesis_installation_id=f"long ago {number}") for number in range(4))

        columns, expected = both.in_postgres("sending_anomalies")
        with both.postgres.begin():
            rows = both.postgres.execute(text("select * from sending_anomalies order by events")).mappings().all()

        assert (columns, expected) == both.in_bigquery("sending_anomalies")
    figures = [(one["events"], one["median_events"], one["times_median"]) for one in rows]
    assert figures == [(200, 2, 100), (300, 2, 150)]
    assert [one["service_name"] for one in rows] == [None, "old"]
    assert [one["installation_id"] is not None for one in rows] == [True, False]
    assert {(now - timedelta(days=1)).date()} == {one["day"] for one in rows}


@pytest.mark.parametrize("view", PUBLISHED)
def test_what_readers_see_is_the_same(both: Both, view: str) -> None:
    """With small groups hidden, the same rows, and the same of them hidden."""
    in_postgres, in_bigquery = CALLS.get(view, ("", ""))
    with both.postgres.begin():
        both.postgres.execute(text("update analytics_upkeep set k_anonymity = 3"))
    install(both.bigquery.client, both.bigquery.settings.bigquery_dataset, k=3)

    _, expected = both.in_postgres(view, in_postgres)

    assert expected == both.in_bigquery(view, in_bigquery)[1]
