"""`telemetry erase`: forget a person, an organization or an installation, and fetch a receipt of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import click
from sqlalchemy import Engine

from telemetry_pipeline import database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.cli.subjects import Subject, chosen, pseudonyms_of, subject_options
from telemetry_pipeline.maintain import requests, run
from telemetry_pipeline.privacy import receipts
from telemetry_pipeline.settings import MaintainSettings, PseudonymSettings


@click.command()
@subject_options
@click.option("--dry-run", is_flag=True, help="Only count what would be erased.")
@click.option("--yes", is_flag=True, help="Don't ask before it is done.")
@click.option("--receipt", "token", metavar="TOKEN", help="Print the receipt of an earlier request as JSON.")
@click.pass_obj
def erase(
    obj: dict[str, str],
    *,
    user_id: str | None,
    organization_id: str | None,
    installation_id: str | None,
    dry_run: bool,
    yes: bool,
    token: str | None,
) -> None:
    """Erase all events of a person, of an organization or of an installation that happened until now.

    Copies that arrive later, from the dead-letter topic or by a replay, are erased too when `maintain` runs. What is
    printed at the end is a token, with which the receipt can be fetched; it is kept nowhere.
    """
    subject = chosen(user_id, organization_id, installation_id)
    if (subject is None) == (token is None):
        raise click.UsageError("name who is to be forgotten (--user-id, …), or a receipt (--receipt)")
    settings = environment.read(MaintainSettings, obj)
    with _engine(settings) as engine:
        if subject is None:
            _show_receipt(engine, str(token))
        else:
            _erase(engine, settings, environment.read(PseudonymSettings, obj), subject, dry_run=dry_run, yes=yes)


@contextmanager
def _engine(settings: MaintainSettings) -> Iterator[Engine]:
    engine = run.engine_of(settings)
    try:
        yield engine
    except database.FAULTS as error:
        raise click.ClickException(f"the database refused: {database.reason(error)}") from None
    finally:
        engine.dispose()


def _erase(
    engine: Engine,
    settings: MaintainSettings,
    keys: PseudonymSettings,
    subject: Subject,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    pseudonyms = pseudonyms_of(keys, subject)
    _tell_found(engine, settings, subject, pseudonyms)
    if dry_run:
        return
    if not yes:
        click.confirm(f"Erase all events of this {subject.domain}, for good?", abort=True)
    token = receipts.new_token()
    with engine.connect() as connection:
        requests.ask(connection, subject.domain, pseudonyms, keys.pseudonym_key_epoch, str(receipts.digest(token)))
    try:
        erased = run.obey(engine, settings).steps["erasure"]
    except run.UnderWay:
        click.echo("maintenance is under way; the next run erases them")
    else:
        click.echo(f"erased {_words({name: erased[name] for name in _FIGURES.keys() & erased.keys()})}")
    click.echo(f"receipt: {token}")


_FIGURES = {"events": "in Postgres", "events_in_bigquery": "in BigQuery"}


def _words(figures: Mapping[str, int | str]) -> str:
    return ", ".join(f"{figures[name]} {place}" for name, place in _FIGURES.items() if name in figures)


def _tell_found(engine: Engine, settings: MaintainSettings, subject: Subject, pseudonyms: tuple[str, ...]) -> None:
    with engine.connect() as connection:
        for table, count in requests.found(connection, subject.domain, pseudonyms).items():
            click.echo(f"{table}: {count} in Postgres")
    for table, count in _in_bigquery(settings, subject, pseudonyms).items():
        click.echo(f"{table}: {count} in BigQuery")


def _in_bigquery(settings: MaintainSettings, subject: Subject, pseudonyms: tuple[str, ...]) -> Mapping[str, int]:
    if settings.warehouse is None:
        return {}
    from google.api_core.exceptions import GoogleAPIError

    from telemetry_pipeline import warehouse

    try:
        with closing(warehouse.client(settings.warehouse)) as client:
            dataset = settings.warehouse.bigquery_dataset
            return requests.found_in_bigquery(client, dataset, subject.domain, pseudonyms, datetime.now(UTC))
    except (GoogleAPIError, OSError) as error:
        click.echo(f"BigQuery did not tell what it has: {type(error).__name__}", err=True)
        return {}


def _show_receipt(engine: Engine, token: str) -> None:
    digest = receipts.digest(token)
    if digest is None:
        raise click.BadParameter("no token: 22 to 128 letters, digits, hyphens or underscores", param_hint="--receipt")
    with engine.connect() as connection:
        receipt = requests.receipt(connection, digest)
    if receipt is None:
        raise click.ClickException("no request has this token, or it has not arrived yet")
    click.echo(json.dumps(receipt, indent=2))
