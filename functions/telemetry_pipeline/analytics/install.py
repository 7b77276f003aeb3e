"""The views and what they stand on, made in Postgres."""

from hashlib import sha256

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from telemetry_pipeline.analytics import OPERATORS, PUBLISHED, VIEWS, definition

_BELOW = (
    "resolved",
    "resolved_requests",
    "events",
    "stale_days",
    "age",
    "bin",
    "funnel_depth",
    "people_of",
    "person_changes",
    "daily_people_changes",
    "weekly_people_changes",
    "cohort_changes",
    "return_changes",
    "installation_changes",
    "daily_events_of",
    "daily_features_of",
    "daily_endpoint_bins_of",
    "daily_endpoints_of",
    "daily_sessions_of",
    "daily_versions_of",
    "feature_people",
    "fingerprints",
    "refresh_people",
    "refresh_installations",
    "refresh_day",
    "relinked_days",
    "uncounted_days",
    "is_counted",
    "forget",
    "unlink",
    "history",
    "erasure_receipt",
)
"""What the views are made of, each after those that it uses, and what `maintain` and the receipts call."""


def install(connection: Connection) -> bool:
    """Make the views as this version has them, in one transaction; False if they are so already.

    They are replaced where that is possible, which keeps what was granted on them, and made anew where it is not.
    """
    names = (
        *(f"rollups/{one}" for one in _BELOW),
        *VIEWS,
        *(f"published/{one}" for one in (*PUBLISHED, "active_people")),
        *(f"operators/{one}" for one in OPERATORS),
    )
    definitions = [definition("postgres", name) for name in names]
    digest = sha256("\0".join(definitions).encode()).hexdigest()
    with connection.begin():
        state = connection.execute(text("select definitions from analytics_rollup_state for update"))
        if state.scalar_one() == digest:
            return False
        try:
            with connection.begin_nested():
                _create(connection, definitions)
        except ProgrammingError:
            _drop(connection)
            _create(connection, definitions)
        connection.execute(text("update analytics_rollup_state set definitions = :digest"), {"digest": digest})
    return True


def remove(connection: Connection) -> None:
    """Drop the views and what they stand on, so that the tables beneath can change; `install` makes them again."""
    with connection.begin():
        _drop(connection)
        if connection.execute(text("select to_regclass('analytics_rollup_state')")).scalar():
            connection.execute(text("update analytics_rollup_state set definitions = ''"))


def _create(connection: Connection, definitions: list[str]) -> None:
    for sql in definitions:
        connection.exec_driver_sql(sql)


def _drop(connection: Connection) -> None:
    ours = {"names": [*VIEWS, *OPERATORS]}
    drops = connection.execute(
        text("""
            select format('drop view if exists %s cascade', oid::regclass)
            from pg_class
            where relkind = 'v'
                and relnamespace = current_schema()::regnamespace
                and (relname = any(:names) or relname ~ '^(analytics|exact|resolved)_')
            union all
            select format('drop routine if exists %s cascade', oid::regprocedure)
            from pg_proc
            where pronamespace = current_schema()::regnamespace
                and (proname = any(:names) or proname ~ '^(analytics|exact|published)_')
                and proname <> 'analytics_received_late'
        """),
        ours,
    ).scalars()
    for drop in list(drops):
        connection.exec_driver_sql(drop)
