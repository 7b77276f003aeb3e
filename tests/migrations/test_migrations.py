"""The schema, as the real migrations make it on a real Postgres."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text

import seeded
from telemetry_pipeline import contract
from telemetry_pipeline.analytics import install
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate, rollups
from telemetry_pipeline.settings import DatabaseSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.tables import COLUMNS
from telemetry_pipeline.store.writer import Writer

_TYPES = {"string": "text", "int": "integer", "double": "double precision"}
_COMMON = {
    "id": "uuid",
    "timestamp": "timestamp with time zone",
    "metadata": "jsonb",
    "service_name": "text",
    "service_version": "text",
    "installation_id": "text",
    "key_epoch": "smallint",
    "received_at": "timestamp with time zone",
}
_NULLABLE_OF_ALL = {"service_name", "service_version", "installation_id"}


EngineOf = Callable[[str], Engine]


@pytest.fixture
def engine_of() -> Iterator[EngineOf]:
    engines: list[Engine] = []

    def make(url: str) -> Engine:
        engines.append(connect(DatabaseSettings(database_url=url), "tests", statement_seconds=0))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def migrated(engine_of: EngineOf, database_url: str) -> Engine:
    return engine_of(database_url)


@pytest.fixture
def empty(engine_of: EngineOf, empty_database_url: str) -> Engine:
    return engine_of(empty_database_url)


def _rows(engine: Engine, query: str, **parameters: object) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(text(query), parameters).all()


def _schema(engine: Engine) -> Sequence[Row[Any]]:
    return _rows(
        engine,
        """
        select table_name, column_name, ordinal_position, data_type, is_nullable, column_default
        from information_schema.columns
        where table_name like 'analytics%'
        order by 1, 3
        """,
    )


def _columns(engine: Engine, table: str) -> dict[str, tuple[str, str]]:
    return {row.column_name: (row.data_type, row.is_nullable) for row in _schema(engine) if row.table_name == table}


def test_a_new_rollup_is_filled_from_those_before_it(migrated: Engine) -> None:
    """Whoever has counted already has no gap in what 0012 and 0014 add."""
    for message in seeded.messages(3, days=9):
        Writer(migrated).write(rows_of(message.data, 3650)[0])
    with migrated.connect() as connection:
        install.install(connection)
        rollups.refresh(connection, datetime.now(UTC) + timedelta(minutes=6), all_days=True)
    counted = _filled(migrated)
    with migrated.connect() as connection:
        install.remove(connection)

    migrate.downgrade(migrated, "0011")
    migrate.upgrade(migrated)

    assert all(counted)
    assert _filled(migrated) == counted


def _filled(engine: Engine) -> list[Sequence[Row[Any]]]:
    return [
        _rows(engine, "select * from analytics_daily_latency order by day, deployment_type"),
        _rows(engine, "select * from analytics_daily_events where late > 0 order by day, deployment_type"),
    ]


def test_up_down_and_up_again(empty: Engine) -> None:
    """A downgrade leaves nothing behind, and the next upgrade makes the same schema."""
    migrate.upgrade(empty)
    first = _schema(empty)
    migrate.downgrade(empty, "base")
    between = _schema(empty)
    migrate.upgrade(empty)

    assert first == _schema(empty)
    assert between == []


def test_the_revision_is_known(empty: Engine) -> None:
    """An empty database has none, a migrated one is at the head."""
    before = migrate.current(empty)
    migrate.upgrade(empty)

    assert (None, migrate.head()) == (before, migrate.current(empty))


def test_migrating_again_and_together_does_no_harm(engine_of: EngineOf, empty_database_url: str) -> None:
    """Runs that start at the same time wait for each other; the schema is made once."""
    engines = [engine_of(empty_database_url) for _ in range(5)]

    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(migrate.upgrade, engines))

    assert migrate.head() == migrate.current(engines[0])


@pytest.mark.parametrize("event", contract.EVENTS, ids=lambda event: event.name)
def test_a_table_has_the_columns_of_the_contract(migrated: Engine, event: contract.Event) -> None:
    """Each attribute has its column in its type, required ones and none else are never null; and nothing more."""
    attributes = {attribute.column: _TYPES[attribute.type] for attribute in (*event.required, *event.optional)}
    nullable = {attribute.column for attribute in event.optional} - {"deployment_type"} | _NULLABLE_OF_ALL

    columns = _columns(migrated, event.table)

    assert attributes | _COMMON == {name: kind for name, (kind, _) in columns.items()}
    assert nullable == {name for name, (_, is_nullable) in columns.items() if is_nullable == "YES"}


@pytest.mark.parametrize("table", COLUMNS)
def test_every_column_is_written(migrated: Engine, table: str) -> None:
    """What `store` writes and what the table has are the same columns."""
    columns = _columns(migrated, table).keys()
    if table == contract.ERASURE_REQUEST.table:
        columns -= {
            *("erased_at", "removed_at", "erased_events"),
            *("erased_in_bigquery_at", "removed_in_bigquery_at", "erased_events_in_bigquery"),
            *("kind", "organization_id", "subject"),  # of an operator's requests
        }

    assert set(COLUMNS[table]) == columns


@pytest.mark.parametrize("table", COLUMNS)
def test_every_table_and_column_of_our_own_is_explained(migrated: Engine, table: str) -> None:
    """Each table has a comment."""
    ((comment,),) = _rows(migrated, "select obj_description(cast(:table as regclass))", table=table)

    assert comment


def test_indexes_are_the_ones_that_are_needed(migrated: Engine) -> None:
    """An event table has its primary key and BRIN on received_at, features one for funnels: each slows every insert."""
    indexes = _rows(
        migrated,
        """
        select tablename, indexname
        from pg_indexes
        where tablename = any(:tables)
        """,
        tables=[event.table for event in contract.EVENTS],
    )

    expected = {("analytics_feature_usage", "analytics_feature_usage_by_feature")} | {
        (event.table, f"{event.table}{suffix}") for event in contract.EVENTS for suffix in ("_pkey", "_received_at")
    }
    assert expected == {tuple(row) for row in indexes}


def test_queries_of_the_last_days_read_their_partitions_only(migrated: Engine) -> None:
    """A bound on the time leaves the other months out."""
    plan = "\n".join(
        line
        for (line,) in _rows(
            migrated,
            """
            explain (analyze, costs off, timing off)
            select count(*)
            from analytics_user_activity
            where "timestamp" >= current_date - interval '30 days'
            """,
        )
    )

    assert "Subplans Removed" in plan


def test_the_migrations_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message says where they were looked for."""
    monkeypatch.setattr(migrate, "__file__", str(tmp_path / "a" / "functions" / "telemetry_pipeline" / "migrate.py"))

    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        migrate.directory()
