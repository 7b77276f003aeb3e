"""How Alembic runs a migration here: over the connection it is given, or over one to RHESIS_DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import Connection, text

from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings


def run(connection: Connection) -> None:
    # A migration that waits for a lock makes everybody behind it wait too: it gives up and is run again instead.
    connection.execute(text("set lock_timeout = '5s'"))
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("reset lock_timeout"))
    connection.commit()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = connect(DatabaseSettings.read(os.environ), "alembic", statement_seconds=0)
    with engine.connect() as connection:
        run(connection)
