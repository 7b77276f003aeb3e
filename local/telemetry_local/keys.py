"""`telemetry keys rotate` and `destroy-previous`: the keys of a pipeline on this machine, and advice for others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import text

from telemetry_local.home import Home, Keys
from telemetry_pipeline import contract, database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.cli.keys import SHORTEST_DAYS
from telemetry_pipeline.settings import DatabaseSettings

_directory = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".local"),
    show_default=True,
    help="Where the pipeline on this machine keeps its keys.",
)

_FULL_DAYS = 2
"""How many days after the rotation's own the new key names log records: by then every instance has it."""


@click.command()
@_directory
@click.option("--cloud", is_flag=True, help="Say what to write for Terraform, as where no keys are.")
@click.pass_obj
def rotate(obj: dict[str, str], *, directory: Path, cloud: bool) -> None:
    """Begin a new key, and keep the one before it, so that nobody is counted as two.

    On this machine `ingest` is restarted with both. In Google Cloud Terraform makes the key: no person and no command
    may read one or add one, so this says which variables to set.
    """
    home = Home(directory)
    since = datetime.now(UTC).date() + timedelta(days=_FULL_DAYS)
    keys = home.kept_keys()
    if cloud or not keys:
        click.echo(_variables(_epoch(obj), f"{since:%Y-%m-%d}"))
        return
    if keys.previous:
        raise click.ClickException(
            f"keys {keys.epoch - 1} and {keys.epoch} still overlap; end that first: `telemetry keys destroy-previous`"
        )
    home.write_keys(keys.rotated(f"{since:%Y-%m-%d}"))
    click.echo(
        f"key {keys.epoch + 1} is in use, and key {keys.epoch} is kept beside it; ingest is restarted where it runs\n"
        "`telemetry keys status` says what is linked and until when"
    )


@click.command("destroy-previous")
@_directory
@click.option("--yes", is_flag=True, help="Don't ask.")
def destroy_previous(*, directory: Path, yes: bool) -> None:
    """Destroy the previous key, for ever: who was there before can't be told from their events any more."""
    home = Home(directory)
    keys = home.kept_keys()
    if not keys:
        raise click.ClickException(
            f"no key is kept in {directory}. In Google Cloud, set pseudonym_key_previous to null, apply, and destroy "
            "the version: `gcloud secrets versions destroy VERSION --secret=telemetry-pseudonym-key`"
        )
    if not keys.previous:
        raise click.ClickException("there is no previous key")
    if not yes:
        click.confirm(
            f"Key {keys.epoch - 1} can't be had back. Within {SHORTEST_DAYS} days of the rotation, people are counted "
            "twice among the active. Destroy it?",
            abort=True,
        )
    home.write_keys(Keys(keys.epoch, keys.key, unlinked_epoch=keys.epoch))
    click.echo(
        f"key {keys.epoch - 1} is destroyed; the next run of maintain deletes the links: `telemetry maintain --now`\n"
        "Copies of the directory, if there are any, still have the key."
    )


def _epoch(obj: dict[str, str]) -> int:
    """The newest epoch that is stored, or 1."""
    engine = database.connect(environment.read(DatabaseSettings, obj), "telemetry keys", statement_seconds=0)
    try:
        with engine.connect() as connection:
            return int(connection.execute(_NEWEST).scalar_one())
    except database.FAULTS as error:
        raise click.ClickException(f"the database refused: {database.reason(error)}") from None
    finally:
        engine.dispose()


def _variables(epoch: int, since: str) -> str:
    return f"""\
The newest events are of epoch {epoch}. Terraform makes the next key; write into terraform.tfvars, and apply:

    pseudonym_key_epoch = {epoch + 1}
    pseudonym_key_previous = {{
      version = "{epoch}"
      since   = "{since}"
    }}

version is the present key's in Secret Manager, most often its epoch; this lists them:

    gcloud secrets versions list telemetry-pseudonym-key"""


_TABLES = " union all ".join(f"select max(key_epoch) as epoch from {event.table}" for event in contract.EVENTS)  # noqa: S608 - names of the contract
_NEWEST = text(f"select coalesce(max(epoch), 1) from ({_TABLES}) as epochs")  # noqa: S608 - as above
