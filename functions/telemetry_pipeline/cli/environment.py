"""The environment that a command works in: the process's own variables over those of a settings file."""

import os
from pathlib import Path
from typing import TypeVar

import click

from telemetry_pipeline.configuration import Settings, SettingsError

S = TypeVar("S", bound=Settings)


def load(file: Path) -> dict[str, str]:
    """Read the settings file, if there is one, and lay the process's environment over it.

    What stands in the file is also set for this process, since Google's libraries look for their variables there.
    """
    for line in file.read_text().splitlines() if file.is_file() else ():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())
    return dict(os.environ)


def read(settings: type[S], environment: dict[str, str]) -> S:
    """Read settings for a command.

    Raises:
        click.ClickException: Settings are missing or bad; the message lists them.
    """
    try:
        return settings.read(environment)
    except SettingsError as error:
        raise click.ClickException(f"these settings need attention:\n{error}") from None
