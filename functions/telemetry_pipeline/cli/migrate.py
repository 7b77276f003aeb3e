"""`telemetry migrate`: bring the database's schema up to date."""

import click

from telemetry_pipeline import database
from telemetry_pipeline.cli import environment, remote
from telemetry_pipeline.maintain import migrate as migrations
from telemetry_pipeline.settings import DatabaseSettings


@click.command()
@click.option("--at", "maintain_url", metavar="URL", help="Have the deployed function `maintain` there do it.")
@click.pass_obj
def migrate(obj: dict[str, str], maintain_url: str | None) -> None:
    """Bring the database's schema up to date; it is safe to run again, and beside a pipeline that works."""
    if maintain_url:
        report = remote.post(f"{maintain_url.rstrip('/')}/migrate", headers=remote.identity(maintain_url))
        _tell(report["steps"]["migrate"]["from"], report["steps"]["migrate"]["to"])
    else:
        _tell(*_migrate(obj))


def _migrate(obj: dict[str, str]) -> tuple[str | None, str | None]:
    engine = database.connect(environment.read(DatabaseSettings, obj), "telemetry migrate", statement_seconds=0)
    try:
        before = migrations.current(engine)
        migrations.upgrade(engine)
        return before, migrations.current(engine)
    except database.FAULTS as error:
        raise click.ClickException(f"the database refused: {database.reason(error)}") from None


def _tell(before: str | None, after: str | None) -> None:
    click.echo(f"the schema is at {after} already" if before == after else f"the schema went from {before} to {after}")
