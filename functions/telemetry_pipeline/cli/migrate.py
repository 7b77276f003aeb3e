"""`telemetry migrate`: bring the database's schema up to date."""

import click

from telemetry_pipeline import database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.maintain import migrate as migrations
from telemetry_pipeline.settings import DatabaseSettings


@click.command()
@click.pass_obj
def migrate(obj: dict[str, str]) -> None:
    """Bring the database's schema up to date; it is safe to run again, and beside a pipeline that works."""
    engine = database.connect(environment.read(DatabaseSettings, obj), "telemetry migrate", statement_seconds=0)
    try:
        before = migrations.current(engine)
        migrations.upgrade(engine)
        after = migrations.current(engine)
    except database.FAULTS as error:
        raise click.ClickException(f"the database refused: {database.reason(error)}") from None
    click.echo(f"the schema is at {after} already" if before == after else f"the schema went from {before} to {after}")
