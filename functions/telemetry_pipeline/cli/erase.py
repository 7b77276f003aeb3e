"""`telemetry erase`: forget a person, an organization or an installation, and fetch a receipt of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import click
from sqlalchemy import Engine

from telemetry_pipeline import database
from telemetry_pipeline.cli import environment, remote
from telemetry_pipeline.cli.subjects import Subject, chosen, pseudonyms_of, subject_options
from telemetry_pipeline.maintain import requests, run
from telemetry_pipeline.maintain.requests import Order
from telemetry_pipeline.privacy import receipts
from telemetry_pipeline.settings import MaintainSettings, PseudonymSettings


@click.command()
@subject_options
@click.option("--dry-run", is_flag=True, help="Only count what would be erased.")
@click.option("--yes", is_flag=True, help="Don't ask before it is done.")
@click.option("--receipt", "token", metavar="TOKEN", help="Print the receipt of an earlier request as JSON.")
@click.option("--at", "maintain_url", metavar="URL", help="Have the deployed function `maintain` there do it.")
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
    maintain_url: str | None,
) -> None:
    """Erase all events of a person, of an organization or of an installation that happened until now.

    Copies that arrive later, from the dead-letter topic or by a replay, are erased too when `maintain` runs. What is
    printed at the end is a token, with which the receipt can be fetched; it is kept nowhere.
    """
    subject = chosen(user_id, organization_id, installation_id)
    if (subject is None) == (token is None):
        raise click.UsageError("name who is to be forgotten (--user-id, …), or a receipt (--receipt)")
    with _desk(obj, maintain_url) as desk:
        if subject is None:
            _show_receipt(desk, str(token))
        else:
            _erase(desk, environment.read(PseudonymSettings, obj), subject, dry_run=dry_run, yes=yes)


class _Desk(Protocol):
    """Who does it: the database from here, or `maintain` where it is deployed."""

    def fulfil(self, order: Order) -> Mapping[str, Any]:
        """As `requests.fulfil`."""

    def receipt(self, digest: str) -> Mapping[str, Any] | None:
        """As `requests.receipt`."""


@dataclass(frozen=True, slots=True)
class _Here:
    engine: Engine
    settings: MaintainSettings

    def fulfil(self, order: Order) -> Mapping[str, Any]:
        return requests.fulfil(self.engine, self.settings, order)

    def receipt(self, digest: str) -> Mapping[str, Any] | None:
        with self.engine.connect() as connection:
            return requests.receipt(connection, digest)


@dataclass(frozen=True, slots=True)
class _There:
    url: str

    def fulfil(self, order: Order) -> Mapping[str, Any]:
        return remote.post(f"{self.url}/erase", asdict(order), remote.identity(self.url))

    def receipt(self, digest: str) -> Mapping[str, Any] | None:
        answered = remote.post(f"{self.url}/receipt", {"receipt": digest}, remote.identity(self.url))["receipt"]
        return answered if isinstance(answered, dict) else None


@contextmanager
def _desk(obj: dict[str, str], maintain_url: str | None) -> Iterator[_Desk]:
    if maintain_url:
        yield _There(maintain_url.rstrip("/"))
        return
    settings = environment.read(MaintainSettings, obj)
    engine = run.engine_of(settings)
    try:
        yield _Here(engine, settings)
    except database.FAULTS as error:
        raise click.ClickException(f"the database refused: {database.reason(error)}") from None
    finally:
        engine.dispose()


def _erase(desk: _Desk, keys: PseudonymSettings, subject: Subject, *, dry_run: bool, yes: bool) -> None:
    token = receipts.new_token()
    pseudonyms = pseudonyms_of(keys, subject)
    order = Order(subject.domain, pseudonyms, keys.pseudonym_key_epoch, str(receipts.digest(token)), dry_run=True)
    if dry_run or not yes:
        for place, tables in desk.fulfil(order)["found"].items():
            for table, count in tables.items():
                click.echo(f"{table}: {count} in {place}")
    if dry_run:
        return
    if not yes:
        click.confirm(f"Erase all events of this {subject.domain}, for good?", abort=True)
    erased = desk.fulfil(replace(order, dry_run=False))["erased"]
    if erased is None:
        click.echo("maintenance is under way; the next run erases them")
    else:
        click.echo(f"erased {_words(erased)}")
    click.echo(f"receipt: {token}")


_PLACES = {"events": "in Postgres", "events_in_bigquery": "in BigQuery"}


def _words(erased: Mapping[str, int | str]) -> str:
    return ", ".join(f"{erased[name]} {place}" for name, place in _PLACES.items() if name in erased)


def _show_receipt(desk: _Desk, token: str) -> None:
    digest = receipts.digest(token)
    if digest is None:
        raise click.BadParameter("no token: 22 to 128 letters, digits, hyphens or underscores", param_hint="--receipt")
    receipt = desk.receipt(digest)
    if receipt is None:
        raise click.ClickException("no request has this token, or it has not arrived yet")
    click.echo(json.dumps(receipt, indent=2))
