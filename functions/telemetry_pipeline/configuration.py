"""How settings are read: each from an environment variable, by a reader of its form, and all faults are told at once.

A reader takes the variable's text and raises a ValueError that says what was expected.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from typing import Any, Self

API_KEY_NAME = r"[a-z0-9][a-z0-9_-]{0,62}"
"""The pattern of an API key's name."""


class SettingsError(ValueError):
    """One or more settings are missing or bad; the message has one line for each, with what to write."""


def setting(read: Callable[[str], object], meaning: str, default: object = MISSING, *, secret: bool = False) -> Any:  # noqa: ANN401 - it stands for a value of the field's type
    """A field of `Settings`: how it is read, what it means, and its value where the variable is absent."""
    return field(default=default, repr=not secret, metadata={"read": read, "meaning": meaning, "secret": secret})


def matching(pattern: str, expected: str) -> Callable[[str], str]:
    """A text that a regular expression matches; `expected` names its form."""

    def read(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"expected {expected}")
        return value

    return read


def whole(minimum: int, maximum: int, unit: str) -> Callable[[str], int]:
    """A whole number within bounds."""

    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value) or not minimum <= int(value) <= maximum:
            raise ValueError(f"expected a whole number of {unit} from {minimum} to {maximum}")
        return int(value)

    return read


def seconds(minimum: float, maximum: float) -> Callable[[str], float]:
    """Seconds within bounds, with a fraction or without."""

    def read(value: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value) or not minimum <= float(value) <= maximum:
            raise ValueError(f"expected seconds from {minimum:g} to {maximum:g}")
        return float(value)

    return read


def switch(value: str) -> bool:
    """True or false."""
    if value.lower() not in {"true", "false"}:
        raise ValueError("expected true or false")
    return value.lower() == "true"


def comma_separated(value: str) -> tuple[str, ...]:
    """Names, separated by commas."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def secret_key(value: str) -> bytes:
    """At least 32 random bytes, in hexadecimal or base64."""
    try:
        key = bytes.fromhex(value) if re.fullmatch(r"[0-9a-fA-F]*", value) else b64decode(value, validate=True)
    except ValueError:
        key = b""
    if len(key) < 32:
        raise ValueError("expected at least 32 random bytes in hexadecimal or base64, as `openssl rand -hex 32` makes")
    return key


def parse_api_keys(value: str) -> tuple[tuple[str, bytes], ...]:
    """Read the names and hashes of API keys, as `RHESIS_API_KEYS` has them.

    Raises:
        ValueError: It has another form; the text does not repeat it, since somebody may have put a key there.
    """
    pairs = [pair.partition("=") for pair in comma_separated(value)]
    if not all(re.fullmatch(API_KEY_NAME, name) and re.fullmatch("[0-9a-f]{64}", known) for name, _, known in pairs):
        raise ValueError("expected NAME=SHA256,… as `telemetry api-keys create NAME` prints it, never a key itself")
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise ValueError("expected each name once")
    return tuple((name, bytes.fromhex(known)) for name, _, known in pairs)


def pseudonym_set(value: str) -> frozenset[str]:
    """Pseudonyms, separated by commas."""
    names = frozenset(comma_separated(value))
    if not all(re.fullmatch("[0-9a-f]{32}", name) for name in names):
        raise ValueError("expected pseudonyms of 32 hexadecimal digits, separated by commas")
    return names


def iso_day(value: str) -> date:
    """A day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a day as YYYY-MM-DD") from None


@dataclass(frozen=True, slots=True)
class Settings:
    """What all functions' settings have in common: how they are read."""

    @classmethod
    def variable(cls, name: str) -> str:
        """The environment variable of a field."""
        return f"RHESIS_{name.upper()}"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from environment variables; an empty variable counts as absent.

        Raises:
            SettingsError: Listing all that is missing or bad; a secret's value is never repeated.
        """
        values: dict[str, Any] = {}
        faults = []
        for one in fields(cls):
            variable = cls.variable(one.name)
            text = environment.get(variable, "").strip()
            if text:
                try:
                    values[one.name] = one.metadata["read"](text)
                except ValueError as error:
                    shown = "" if one.metadata["secret"] else f", got {text!r}"
                    faults.append(f"{variable}: {error}{shown}")
            elif one.default is MISSING:
                faults.append(f"{variable}: missing. {one.metadata['meaning']}")
        if faults:
            raise SettingsError("\n".join(faults))
        settings = cls(**values)
        if fault := settings.fault():
            raise SettingsError(fault)
        return settings

    def fault(self) -> str:
        """What is wrong with settings that are each right by themselves; empty if nothing is."""
        return ""
