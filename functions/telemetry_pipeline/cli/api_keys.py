"""`telemetry api-keys`: make, list and revoke the keys that senders may bear."""

import re
from pathlib import Path

import click

from telemetry_pipeline.configuration import API_KEY_NAME, parse_api_keys
from telemetry_pipeline.files import write_private
from telemetry_pipeline.ingest import api_keys
from telemetry_pipeline.settings import IngestSettings

_VARIABLE = IngestSettings.variable("api_keys")

_FILE = click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".local/api-keys"),
    show_default=True,
    help="Where the hashes are kept; `telemetry up` reads it. Without its directory they are in the settings alone.",
)


@click.group("api-keys")
def keys() -> None:
    """Make, list and revoke API keys; only their SHA-256 hashes are kept."""


@keys.command()
@click.argument("name")
@_FILE
@click.pass_obj
def create(obj: dict[str, str], name: str, file: Path) -> None:
    """Make a key and show it once; NAME says who is to have it."""
    if not re.fullmatch(API_KEY_NAME, name):
        raise click.BadParameter("a name has small letters, digits, - and _, such as backend-2", param_hint="NAME")
    found = _read(obj, file)
    if name in found:
        raise click.ClickException(f"there is a key {name} already; revoke it, or choose another name")
    key = api_keys.new_key()
    _keep(file, found | {name: api_keys.hashed(key).hex()})
    click.echo(f"\nThe key, which is not shown again:\n\n  OTEL_API_KEY={key}")


@keys.command("list")
@_FILE
@click.pass_obj
def list_keys(obj: dict[str, str], file: Path) -> None:
    """List the keys' names and how their hashes begin."""
    for name, known in sorted(_read(obj, file).items()):
        click.echo(f"{name:<24} {known[:12]}…")


@keys.command()
@click.argument("name")
@_FILE
@click.pass_obj
def revoke(obj: dict[str, str], name: str, file: Path) -> None:
    """Revoke a key: from the next start of `ingest` on, its bearers are answered 401."""
    found = _read(obj, file)
    if found.pop(name, None) is None:
        raise click.ClickException(f"there is no key {name}; `telemetry api-keys list` shows those there are")
    _keep(file, found)


def _read(obj: dict[str, str], file: Path) -> dict[str, str]:
    text = ",".join(file.read_text().split()) if file.is_file() else obj.get(_VARIABLE, "")
    try:
        return {name: known.hex() for name, known in parse_api_keys(text)}
    except ValueError as error:
        raise click.ClickException(f"{file if file.is_file() else _VARIABLE}: {error}") from None


def _keep(file: Path, keys_now: dict[str, str]) -> None:
    """Write them down where there is a place for them, and tell what to set elsewhere."""
    pairs = [f"{name}={known}" for name, known in sorted(keys_now.items())]
    if file.parent.is_dir():
        write_private(file, "".join(f"{pair}\n" for pair in pairs))
        click.echo(f"kept in {file}; `telemetry up` takes it when it starts next")
    if not pairs:
        click.echo("no key is left, so that everybody may claim to be hosted", err=True)
    click.echo(f"for ingest elsewhere:\n\n  {_VARIABLE}={','.join(pairs)}\n")
    terraform = ", ".join(f'"{name}" = "{known}"' for name, known in sorted(keys_now.items()))
    click.echo(f"for Terraform:\n\n  api_keys = {{ {terraform} }}")
