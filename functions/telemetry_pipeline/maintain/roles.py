"""Who has which role, and what each sees: granted after each migration, since views are made anew.

The reader is whoever asks by SQL: it sees the published views, which hide small groups, and nothing beneath them. The
dashboard hides small groups itself, and sees the exact views, the counts they are made of, and of the events what tells
nobody. The public has no more than two functions: how many people are active, small groups hidden, and the receipt of
an erasure. The roles themselves are in migrations/versions/0003_roles.py, 0006_upkeep.py and 0013_public.py, the
writer's rights in 0003.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, text

from telemetry_pipeline import contract
from telemetry_pipeline.analytics import VIEWS

WRITER = "telemetry_writer"
READER = "telemetry_reader"
DASHBOARD = "telemetry_dashboard"
PUBLIC = "telemetry_public"


def reveal(connection: Connection) -> None:
    """Let the reader, the dashboard and the public see what they are to see, and no more than that."""
    names = {"published": list(VIEWS), "exact": list(_EXACT)}
    with connection.begin():
        for grant in (*connection.execute(_TO_ALL, names).scalars().all(), *_on_columns()):
            connection.exec_driver_sql(grant)


def _on_columns() -> Iterator[str]:
    for table, columns in _COLUMNS.items():
        yield f"grant select ({', '.join(columns)}) on {table} to {DASHBOARD}"


def _telling_nobody(event: contract.Event) -> tuple[str, ...]:
    """The columns of an event without its id, the ids of who was there, and what the app added."""
    own = (attribute for attribute in (*event.required, *event.optional) if attribute.treatment != "pseudonym")
    return ('"timestamp"', "received_at", "service_name", "service_version", *(attribute.column for attribute in own))


_COLUMNS = {
    **{event.table: _telling_nobody(event) for event in contract.EVENTS},
    "analytics_rejected_spans": ("received_at", "event", "reason", "attribute"),
    "analytics_parked_messages": ("received_at", "reason", "size_bytes"),
}


def admit(
    connection: Connection,
    writers: Iterable[str],
    readers: Iterable[str],
    dashboards: Iterable[str] = (),
    publics: Iterable[str] = (),
) -> None:
    """Give users of the database the role of the writer, of the reader, of the dashboard or of the public.

    Users that do not exist are left out.
    """
    with connection.begin():
        # In Cloud SQL who made the roles is a role that the owner is a member of (migrations/versions/0003_roles.py).
        if connection.execute(_IN_THE_CLOUD).scalar():
            connection.exec_driver_sql("set local role cloudsqlsuperuser")
        for role, users in ((WRITER, writers), (READER, readers), (DASHBOARD, dashboards), (PUBLIC, publics)):
            for grant in connection.execute(_TO_USERS, {"role": role, "users": list(users)}).scalars().all():
                connection.exec_driver_sql(grant)


_TO_ALL = text(r"""
    with relations as (
        select
            oid::regclass as place,
            relname as name,
            relkind = 'v' as is_view
        from pg_class
        where relnamespace = current_schema()::regnamespace
            and relkind in ('r', 'p', 'v')
            and not relispartition
            and (relname ~ '^(analytics|exact)_' or relname = any(:published))
    ),

    routines as (
        select
            oid::regprocedure as place,
            proname as name
        from pg_proc
        where pronamespace = current_schema()::regnamespace
            and (proname ~ '^(analytics|exact|published)_' or proname = any(:published))
    )

    select format('revoke all on %s from telemetry_reader, telemetry_dashboard, telemetry_public', place)
    from relations
    union all
    select
        format(
            'revoke execute on routine %s from public, telemetry_reader, telemetry_dashboard, telemetry_public', place
        )
    from routines
    union all
    select format('grant select on %s to telemetry_reader', place)
    from relations
    where is_view
        and name = any(:published)
    union all
    select format('grant execute on routine %s to telemetry_reader', place)
    from routines
    where name = any(:published)
        or name ~ '^published_'
    union all
    select format('grant select on %s to telemetry_dashboard', place)
    from relations
    where is_view and name ~ '^exact_'
        or name ~ '^analytics_daily_'
        or name in ('analytics_rolled_days', 'analytics_rollup_state', 'analytics_upkeep')
    union all
    select format('grant execute on routine %s to telemetry_dashboard', place)
    from routines
    where name = any(:exact)
        or name ~ '^exact_'
    union all
    select format('grant execute on routine %s to telemetry_dashboard, telemetry_public', place)
    from routines
    where name in ('analytics_erasure_receipt', 'published_active_people')
""")
_EXACT = (
    "endpoint_performance_between",
    "analytics_age",
    "analytics_bin_ms",
    "analytics_cohort_changes",
    "analytics_daily_endpoints_of",
    "analytics_daily_events_of",
    "analytics_daily_features_of",
    "analytics_daily_people_changes",
    "analytics_daily_sessions_of",
    "analytics_daily_versions_of",
    "analytics_feature_people",
    "analytics_installation_changes",
    "analytics_return_changes",
    "analytics_stale_days",
    "analytics_weekly_people_changes",
)
"""What the exact views call to count what is not rolled up yet: a view calls with the rights of whoever reads it.

The published views are functions that run with the owner's rights, so that nobody who reads them may call these.
"""
_TO_USERS = text("""
    select format('grant %I to %I', cast(:role as text), rolname)
    from pg_roles
    where rolname = any(:users)
""")
_IN_THE_CLOUD = text("select 1 from pg_roles where rolname = 'cloudsqlsuperuser'")
