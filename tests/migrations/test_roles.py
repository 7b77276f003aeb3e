"""What the writer and the reader of the analytics database may do, and what they may not."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from exports import ENDPOINT, LOGIN, span, traces
from messages import ingested
from postgres import free_port, server_directory
from telemetry_local.postgres import Postgres
from telemetry_pipeline import contract
from telemetry_pipeline.analytics import VIEWS
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate, roles
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.settings import DatabaseSettings, StoreSettings
from telemetry_pipeline.store.function import Store

USERS = {
    "writer@tests.iam": roles.WRITER,
    "reader@tests.iam": roles.READER,
    "dashboard@tests.iam": roles.DASHBOARD,
    "public@tests.iam": roles.PUBLIC,
}
RAW = [event.table for event in contract.EVENTS]
INSUFFICIENT_PRIVILEGE = "42501"


@pytest.fixture
def owner(database_url: str) -> Iterator[Engine]:
    """The owner's connections to a database whose users have their roles."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connection:
        with connection.begin():
            for user in USERS:
                if not connection.execute(
                    text("select 1 from pg_roles where rolname = :user"), {"user": user}
                ).scalar():
                    connection.exec_driver_sql(f"create role \"{user}\" login password 'tests'")
        roles.admit(
            connection,
            ["writer@tests.iam", "missing@tests.iam"],
            ["reader@tests.iam"],
            ["dashboard@tests.iam"],
            ["public@tests.iam"],
        )
    yield engine
    engine.dispose()


def url_of(owner: Engine, user: str) -> str:
    return make_url(owner.url).set(username=user, password="tests", drivername="postgresql").render_as_string(False)


@contextmanager
def connected(owner: Engine, user: str) -> Iterator[Connection]:
    engine = connect(DatabaseSettings(database_url=url_of(owner, user)), "tests")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def refused(connection: Connection, statement: str) -> bool:
    """Whether a statement is refused, and for want of a right."""
    try:
        with connection.begin():
            connection.exec_driver_sql(statement)
    except ProgrammingError as error:
        return INSUFFICIENT_PRIVILEGE in str(error.orig)
    return False


def test_the_writer_is_all_that_the_store_needs(owner: Engine) -> None:
    """As the writer, the store writes new events, redelivered ones, and its record of a rejected span."""
    store = Store.made_from(StoreSettings(database_url=url_of(owner, "writer@tests.iam")))
    first, second = ingested(traces(span(LOGIN), span(ENDPOINT))), ingested(traces(span(LOGIN)), rotated=True)

    for message in (first, first, second):
        store.take(Delivery(message.data, message.attributes))
    store.take(Delivery(b"not a message"))
    store.engine.dispose()

    with owner.connect() as connection:
        counts = [connection.execute(text(f"select count(*) from {table}")).scalar() for table in RAW]
        parked, linked = (
            connection.execute(text(f"select count(*) from {table}")).scalar()
            for table in ("analytics_parked_messages", "analytics_pseudonym_links")
        )
    assert counts == [2, 1, 0]
    assert parked == linked == 1


def test_the_writer_changes_nothing_and_reads_nothing_else(owner: Engine) -> None:
    """It may not update, delete, truncate or drop, nor read rollups or views."""
    with owner.connect() as connection:
        others = connection.exec_driver_sql(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') "
            "and not relispartition and relname not in ('analytics_rejected_spans', 'analytics_parked_messages', "
            "'analytics_erasure_requests', 'analytics_pseudonym_links', 'analytics_key_overlaps')"
        )
        names = others.scalars().all()

    assert names
    with connected(owner, "writer@tests.iam") as connection:
        for table in (*RAW, "analytics_erasure_requests"):
            for statement in (
                f"update {table} set user_id = null",
                f"delete from {table}",
                f"truncate {table}",
                f"drop table {table}",
                f"alter table {table} add column more text",
            ):
                assert refused(connection, statement), statement
        for statement in (
            "update analytics_pseudonym_links set previous = ''",
            "delete from analytics_pseudonym_links",
            "insert into analytics_key_overlaps values (1, now(), now())",
            "delete from analytics_key_overlaps",
        ):
            assert refused(connection, statement), statement
        for name in names:
            assert refused(connection, f"select * from {name} limit 1"), name


def names(owner: Engine, kinds: str) -> list[str]:
    """The relations of some kinds, but for partitions."""
    with owner.connect() as connection:
        found = connection.execute(
            text(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and not relispartition "
                "and relkind = any(cast(:kinds as char[]))"
            ),
            {"kinds": list(kinds)},
        )
        return list(found.scalars())


def test_the_reader_sees_the_published_views_and_nothing_beneath_them(owner: Engine) -> None:
    """Every view answers it; no table, no exact view and no function that counts exactly does."""
    views = [view for view in names(owner, "v") if view in VIEWS]
    with owner.connect() as connection:
        columns = (
            connection.execute(
                text("select distinct column_name from information_schema.columns where table_name = any(:views)"),
                {"views": views},
            )
            .scalars()
            .all()
        )
        callable_by_all = connection.exec_driver_sql(
            "select count(*) from pg_proc where pronamespace = 'public'::regnamespace and prokind in ('f', 'p') "
            "and proname ~ '^(analytics|exact)_' and has_function_privilege('reader@tests.iam', oid, 'execute')"
        ).scalar()

    with connected(owner, "reader@tests.iam") as connection:
        for view in views:
            assert not refused(connection, f"select * from {view} limit 1"), view
        for name in {*names(owner, "rpv")} - {*views}:
            assert refused(connection, f"select 1 from {name} limit 1"), name
        assert not refused(connection, "select * from feature_funnel(array['a'], interval '1 day')")
        assert refused(connection, "select * from exact_feature_funnel(array['a'], interval '1 day')")
        assert refused(connection, "select * from analytics_daily_events_of(current_date)")
    assert callable_by_all == 0
    assert len(views) >= 10
    assert not {"user_id", "organization_id", "session_id", "installation_id"} & set(columns)


def test_the_dashboard_sees_exact_counts_and_nobody(owner: Engine) -> None:
    """Every exact view answers it, and the counts do; no table with an id in it does."""
    with connected(owner, "dashboard@tests.iam") as connection:
        for view in names(owner, "v"):
            assert refused(connection, f"select * from {view} limit 1") != view.startswith("exact_"), view
        for table in names(owner, "rp"):
            is_count = table.startswith("analytics_daily_") or table in {
                "analytics_rolled_days",
                "analytics_rollup_state",
                "analytics_upkeep",
            }
            assert refused(connection, f"select * from {table} limit 1") != is_count, table
        assert refused(connection, "update analytics_upkeep set k_anonymity = 1")


def test_the_public_has_two_functions_and_no_table(owner: Engine) -> None:
    """It reads no relation at all, and no function answers it but those of receipts and of how many are active."""
    with owner.connect() as connection:
        callable_ = connection.exec_driver_sql(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace and prokind in ('f', 'p') "
            "and prorettype <> 'trigger'::regtype and has_function_privilege('public@tests.iam', oid, 'execute')"
        ).scalars()
        assert sorted(callable_) == ["analytics_erasure_receipt", "published_active_people"]

    with connected(owner, "public@tests.iam") as connection:
        relations = names(owner, "rpv")
        assert len(relations) >= 30
        for name in relations:
            assert refused(connection, f"select 1 from {name} limit 1"), name
        assert not refused(connection, "select * from published_active_people(1)")
        assert not refused(connection, "select analytics_erasure_receipt('0')")
        assert refused(connection, "select * from published_daily_active_users(1)")


def test_an_owner_as_cloud_sql_has_them_can_do_it_all() -> None:
    """Neither superuser nor allowed to create roles, but a member of one that is."""
    directory = server_directory()
    server = Postgres(directory, free_port())
    server.start()
    engine = connect(DatabaseSettings(database_url=server.url("postgres")), "tests")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (
            "create role cloudsqlsuperuser createrole createdb",
            "create role \"maintain@tests.iam\" login password 'tests' in role cloudsqlsuperuser",
            "create role \"store@tests.iam\" login password 'tests'",
            'create database telemetry owner "maintain@tests.iam"',
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    url = make_url(server.url("telemetry")).set(username="maintain@tests.iam", password="tests")
    owner = connect(DatabaseSettings(database_url=url.render_as_string(hide_password=False)), "tests")

    migrate.upgrade(owner)
    with owner.connect() as connection:
        roles.admit(connection, ["store@tests.iam"], [])
    with connected(owner, "store@tests.iam") as connection:
        assert not refused(connection, "select * from analytics_user_activity")
        assert refused(connection, "delete from analytics_user_activity")
    migrate.downgrade(owner, "base")
    owner.dispose()
    server.stop()
    shutil.rmtree(directory)
