"""Who has which role, and what the reader sees: granted after each migration, since views are made anew.

The roles themselves and the writer's rights are in migrations/versions/0003_roles.py.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, text

from telemetry_pipeline import contract
from telemetry_pipeline.analytics import VIEWS

WRITER = "telemetry_writer"
READER = "telemetry_reader"


def reveal(connection: Connection) -> None:
    """Let the reader see the views, the counts they are made of, and of the events what tells nobody."""
    with connection.begin():
        for grant in (*connection.execute(_ON_VIEWS, {"names": list(VIEWS)}).scalars().all(), *_on_columns()):
            connection.exec_driver_sql(grant)


def _on_columns() -> Iterator[str]:
    for table, columns in _COLUMNS.items():
        yield f"grant select ({', '.join(columns)}) on {table} to {READER}"


def _telling_nobody(event: contract.Event) -> tuple[str, ...]:
    """The columns of an event without its id, the ids of who was there, and what the app added."""
    own = (attribute for attribute in (*event.required, *event.optional) if attribute.treatment != "pseudonym")
    return ('"timestamp"', "received_at", "service_name", "service_version", *(attribute.column for attribute in own))


_COLUMNS = {
    **{event.table: _telling_nobody(event) for event in contract.EVENTS},
    "analytics_rejected_spans": ("received_at", "event", "reason", "attribute"),
    "analytics_parked_messages": ("received_at", "reason", "size_bytes"),
}


def admit(connection: Connection, writers: Iterable[str], readers: Iterable[str]) -> None:
    """Give users of the database the role of the writer or of the reader; users that do not exist are left out."""
    with connection.begin():
        # In Cloud SQL who made the roles is a role that the owner is a member of (migrations/versions/0003_roles.py).
        if connection.execute(_IN_THE_CLOUD).scalar():
            connection.exec_driver_sql("set local role cloudsqlsuperuser")
        for role, users in ((WRITER, writers), (READER, readers)):
            for grant in connection.execute(_TO_USERS, {"role": role, "users": list(users)}).scalars().all():
                connection.exec_driver_sql(grant)


_ON_VIEWS = text(r"""
    select format('grant select on %s to telemetry_reader', oid::regclass)
    from pg_class
    where relnamespace = current_schema()::regnamespace
        and (
            (relkind = 'v' and relname = any(:names))
            or relname like 'analytics\_daily\_%'
            or relname in ('analytics_rolled_days', 'analytics_rollup_state')
        )
        and relkind in ('r', 'v')
    union all
    select format('grant execute on routine %s to telemetry_reader', oid::regprocedure)
    from pg_proc
    where pronamespace = current_schema()::regnamespace
        and proname = any(:names)
""")
_TO_USERS = text("""
    select format('grant %I to %I', cast(:role as text), rolname)
    from pg_roles
    where rolname = any(:users)
""")
_IN_THE_CLOUD = text("select 1 from pg_roles where rolname = 'cloudsqlsuperuser'")
