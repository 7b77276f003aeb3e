"""Postgres and BigQuery give the same answers to the same events.

One seeded data set goes through the real `ingest`, `store` and `mirror` into an embedded Postgres and the BigQuery
emulator. Two things are the emulator's and not BigQuery's, and are evened out here: a date that was computed comes as
midnight, and numbers lose the zeros at their end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

import seeded
from telemetry_local.postgres import Postgres
from telemetry_pipeline import contract
from telemetry_pipeline.analytics import VIEWS
from telemetry_pipeline.analytics.warehouse import install
from telemetry_pipeline.database import connect
from telemetry_pipeline.mirror.function import Mirror
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.settings import DatabaseSettings, MirrorSettings, StoreSettings
from telemetry_pipeline.store.function import Store
from warehouse import Emulator, Warehouse, dataset_of

SEED = 5

Row = tuple[str, ...]

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
        return set(rows[0]), _ordered(rows)


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
    """The data set in both; BigQuery was delivered every third message again, as Pub/Sub may do."""
    postgres_server.create_database("same_answers", template="migrated")
    url = postgres_server.url("same_answers")
    store = Store.made_from(StoreSettings(database_url=url))
    with dataset_of(session_emulator) as dataset:
        dataset.create_tables()
        install(dataset.client, dataset.settings.bigquery_dataset)
        mirror = Mirror.made_from(MirrorSettings.read(dataset.environment))
        for number, message in enumerate(seeded.messages(SEED)):
            store.take(Delivery(message.data))
            for _ in range(2 if number % 3 == 0 else 1):
                mirror.take(Delivery(message.data))
        engine = connect(DatabaseSettings(database_url=url), "tests")
        with engine.connect() as connection:
            yield Both(connection, dataset)
        engine.dispose()
        mirror.writer.close()
    store.engine.dispose()


@pytest.mark.parametrize("event", contract.EVENTS, ids=lambda event: event.name)
def test_the_events_are_the_same(both: Both, event: contract.Event) -> None:
    """Every column of every event, its id included; each event once, however often it was delivered."""
    expected = both.in_postgres(event.table)

    assert expected[1]
    assert expected == both.in_bigquery(event.name)
    assert len(expected[1]) < both.bigquery.count(event.table)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_the_same_rows(both: Both, view: str) -> None:
    """The same columns, the same rows, the same numbers to the last digit."""
    in_postgres, in_bigquery = CALLS.get(view, ("", ""))

    expected = both.in_postgres(view, in_postgres)

    assert expected[1]
    assert expected == both.in_bigquery(view, in_bigquery)
