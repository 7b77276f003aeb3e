"""Who a command is about: an id, as an app knows it, becomes all the pseudonyms that stand for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import click

from telemetry_pipeline.contract import Domain
from telemetry_pipeline.privacy import Pseudonymiser
from telemetry_pipeline.settings import PseudonymSettings

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody, or something, that events are about, by its id in the app: raw, or hashed as clients do."""

    domain: Domain
    identifier: str


def subject_options(command: Command) -> Command:
    """Add the options that name a subject; `chosen` makes one of their values."""
    for option in (
        click.option("--installation-id", metavar="ID", help="An installation's."),
        click.option("--organization-id", metavar="ID", help="An organization's."),
        click.option("--user-id", metavar="ID", help="A person's, raw or as clients hash it."),
    ):
        command = option(command)
    return command


def chosen(user_id: str | None, organization_id: str | None, installation_id: str | None) -> Subject | None:
    """The one subject that the options name; None where they name none.

    Raises:
        click.UsageError: They name more than one, or an empty id.
    """
    domains: dict[Domain, str | None] = {
        "user": user_id,
        "organization": organization_id,
        "installation": installation_id,
    }
    named = [Subject(domain, identifier) for domain, identifier in domains.items() if identifier is not None]
    if len(named) > 1:
        raise click.UsageError("choose one of --user-id, --organization-id, --installation-id")
    if named and not named[0].identifier.strip():
        raise click.UsageError(f"the {named[0].domain}'s id is empty")
    return named[0] if named else None


def pseudonyms_of(settings: PseudonymSettings, subject: Subject) -> tuple[str, ...]:
    """All pseudonyms that stand for a subject: under the present key, and under the one before it where that is set."""
    keys = [(settings.pseudonym_key, settings.pseudonym_key_epoch)]
    if settings.previous_pseudonym_key:
        keys.append((settings.previous_pseudonym_key, settings.pseudonym_key_epoch - 1))
    made = (Pseudonymiser(key, epoch).pseudonym(subject.domain, subject.identifier) for key, epoch in keys)
    return tuple(pseudonym for pseudonym in made if pseudonym)
