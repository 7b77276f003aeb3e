"""A rotation in BigQuery: the same answers as Postgres while two keys overlap, and after that."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.cloud import bigquery
from sqlalchemy import Connection, text

import mirror_under_test
from exports import LOGIN, traces
from mirror_under_test import MirrorUnderTest
from rotation import Pipeline, did, pseudonym
from telemetry_pipeline.analytics.warehouse import install
from warehouse import Warehouse

VIEWS = ("daily_active_users", "retention_cohorts", "retention_n_day", "user_lifecycle", "installations")

BEFORE = {"stays": (75, 61, 47, 40), "each day": range(45, 36, -1), "leaves": (45, 44)}
AFTER = {"stays": (34, 19, 5), "each day": range(35, 0, -1), "is new": (20, 13, 6), "late": (60, 3)}


@pytest.fixture
def mirror(dataset: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[MirrorUnderTest]:
    """The function `mirror`, and a dataset with views that hide nothing, which `maintain` knows of."""
    install(dataset.client, dataset.settings.bigquery_dataset, k=1)
    with mirror_under_test.serving(monkeypatch) as start:
        yield start(dataset)


@pytest.fixture
def rotated(mirror: MirrorUnderTest, pipeline: Pipeline, maintain: FlaskClient) -> Pipeline:
    """People before and after a rotation, counted, in both; it was 35 days ago."""
    pipeline.also = mirror.push
    pipeline.hold(1)
    pipeline.visit(BEFORE)
    assert maintain.post("/").status_code == 200
    pipeline.hold(2, previous=1)
    pipeline.visit(AFTER)
    pipeline.store.execute("update analytics_pseudonym_links set first_seen = first_seen - interval '35 days'")
    assert maintain.post("/").status_code == 200
    return pipeline


def plain(value: object) -> object:
    match value:
        case Decimal() | float():
            return f"{Decimal(str(value)).normalize():f}"
        case datetime(tzinfo=None):
            return value.date()
    return value


def answers(rows: Any) -> list[str]:
    return sorted(str({name: plain(row[name]) for name in sorted(row)}) for row in rows)


def assert_same_answers(connection: Connection, warehouse: Warehouse, views: tuple[str, ...] = VIEWS) -> None:
    for view in views:
        with connection.begin():
            expected = answers(dict(row) for row in connection.execute(text(f"select * from {view}")).mappings())
        assert expected == answers(warehouse.rows(f"select * from {view}")), view


def test_both_answer_alike_after_the_end(
    rotated: Pipeline,
    mirror: MirrorUnderTest,
    maintain: FlaskClient,
    connection: Connection,
) -> None:
    """In the end BigQuery has no link either; its earlier days are counted from Postgres, and nobody is new again."""
    warehouse = mirror.warehouse
    assert len(warehouse.rows("select * from analytics_pseudonym_links")) == 2 * len(AFTER)

    rotated.store.execute("insert into analytics_key_overlaps values (2, now() - interval '35 days', now())")
    assert maintain.post("/").status_code == 200
    rotated.store.execute("update analytics_rollup_state set received_before = now()")

    assert warehouse.rows("select * from analytics_pseudonym_links") == []
    rotated.hold(2)
    rotated.post(traces(*(did(user, 0, LOGIN) for user in ("stays", "is new", "late", "newest"))))
    rotated.store.execute("update analytics_rollup_state set history_written_at = now() - interval '61 minutes'")
    assert maintain.post("/").status_code == 200
    assert_same_answers(connection, warehouse)
    first = f"select first_day from analytics_first_days where user_id = '{pseudonym(2, 'stays')}'"
    assert {str(plain(row["first_day"]))[:4] for row in warehouse.rows(first)} == {"0001"}
    former = [pseudonym(1, user) for user in AFTER]
    left = warehouse.rows(f"select user_id from analytics_first_days where user_id in unnest({former})")
    assert left == []


def test_while_bigquery_is_away_it_keeps_its_links(
    rotated: Pipeline, mirror: MirrorUnderTest, maintain: FlaskClient, connection: Connection
) -> None:
    """What was counted must be told before it is unlinked there; a later run does both."""
    warehouse = mirror.warehouse
    history = f"{warehouse.settings.bigquery_dataset}.analytics_history"
    kept = warehouse.client.get_table(history)
    warehouse.client.delete_table(history)
    rotated.store.execute("insert into analytics_key_overlaps values (2, now() - interval '35 days', now())")
    assert maintain.post("/").status_code == 200
    assert len(warehouse.rows("select * from analytics_pseudonym_links")) == 2 * len(AFTER)

    warehouse.client.create_table(bigquery.Table(history, schema=kept.schema))
    assert maintain.post("/").status_code == 200
    rotated.store.execute("update analytics_rollup_state set received_before = now()")

    assert warehouse.rows("select * from analytics_pseudonym_links") == []
    assert_same_answers(connection, warehouse, ("daily_active_users",))
