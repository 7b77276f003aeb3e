"""`telemetry psql`: Postgres' own shell, from the embedded Postgres' wheel, on the pipeline's database."""

import os
from urllib.parse import unquote, urlsplit

import click

from telemetry_local.postgres import binaries
from telemetry_pipeline.cli import environment
from telemetry_pipeline.settings import DatabaseSettings


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(obj: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Open psql on the database; ARGUMENTS are psql's own, such as -c 'select 1'."""
    url = urlsplit(environment.read(DatabaseSettings, obj).database_url)
    if not url.hostname:
        raise click.ClickException("psql needs RHESIS_DATABASE_URL; for a Cloud SQL instance use `gcloud sql connect`")
    variables = {
        "PGHOST": url.hostname,
        "PGPORT": str(url.port or 5432),
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": url.path.lstrip("/"),
    }
    command = str(binaries() / "psql")
    os.execve(command, [command, *arguments], {**os.environ, **variables})  # noqa: S606 - that is the command
