"""Who has which role, and what the reader sees: granted after each migration, since views are made anew.

The roles themselves and the writer's rights are in migrations/versions/0003_roles.py.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from telemetry_pipeline.analytics import VIEWS

WRITER = "telemetry_writer"
READER = "telemetry_reader"


def reveal(connection: Connection) -> None:
    """Let the reader see the views."""
    with connection.begin():
        for grant in connection.execute(_ON_VIEWS, {"names": list(VIEWS)}).scalars().all():
            connection.exec_driver_sql(grant)


def admit(connection: Connection, writers: Iterable[str], readers: Iterable[str]) -> None:
    """Give users of the database the role of the writer or of the reader; users that do not exist are left out."""
    with connection.begin():
        # In Cloud SQL who made the roles is a role that the owner is a member of (migrations/versions/0003_roles.py).
        if connection.execute(_IN_THE_CLOUD).scalar():
            connection.exec_driver_sql("set local role cloudsqlsuperuser")
        for role, users in ((WRITER, writers), (READER, readers)):
            for grant in connection.execute(_TO_USERS, {"role": role, "users": list(users)}).scalars().all():
                connection.exec_driver_sql(grant)


_ON_VIEWS = text("""
    select format('grant select on %s to telemetry_reader', oid::regclass)
    from pg_class
    where relkind = 'v'
        and relnamespace = current_schema()::regnamespace
        and relname = any(:names)
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
