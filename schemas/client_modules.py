"""The contract as the clients have it: what they may send, and what never leaves them."""

import json
import re

from registry import Attribute, Event, Registry

METADATA_KEY = "[A-Za-z][A-Za-z0-9._-]{0,63}"

PYTHON = '''\
"""The contract: which events may be sent, with which attributes.

{notice}
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = {version}
"""What a person consents to; it rises when more is collected than before."""

METADATA_KEYS = {keys}
"""Most keys of an event's metadata."""

METADATA_CHARACTERS = {characters}
"""Longest text of an event's metadata."""

METADATA_KEY = "{key}"
"""The form of a metadata key, a regular expression for all of it."""

SENSITIVE_WORDS = frozenset({{{words}}})
"""Words that a metadata key may not contain."""


@dataclass(frozen=True)
class Event:
    """One kind of event: its table, and the names of its attributes."""

    table: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


EVENTS: Mapping[str, Event] = {{
{events}}}
"""Each event by its name."""
'''

TYPESCRIPT = """\
// The contract: which events may be sent, with which attributes.
// {notice}

/** What a person consents to; it rises when more is collected than before. */
export const CONTRACT_VERSION = {version};

/** Most keys of an event's metadata. */
export const METADATA_KEYS = {keys};

/** Longest text of an event's metadata, in characters. */
export const METADATA_CHARACTERS = {characters};

/** Words that a metadata key may not contain, separated by blanks. */
export const SENSITIVE_WORDS =
  "{words}";

/** How the app is deployed. */
export type DeploymentType = {deployments};

/** What a value of metadata may be. */
export type MetadataValue = string | number | boolean;

"""


def python_module(contract: Registry, notice: str) -> str:
    """The Python client's `contract`, yet to be formatted."""
    events = "".join(
        f"    {_text(event.name)}: Event({_text(event.table)}, {_tuple(event.required)}, {_tuple(event.optional)}),\n"
        for event in (*contract.events, *contract.requests)
    )
    words = ", ".join(map(_text, _words(contract)))
    return PYTHON.format(
        notice=notice, version=contract.version, key=METADATA_KEY, words=words, events=events, **_limits(contract)
    )


def typescript_module(contract: Registry, notice: str) -> str:
    """The web client's `contract`, as prettier has it."""
    deployments = " | ".join(map(_text, contract.attributes["deployment.type"].members))
    head = TYPESCRIPT.format(
        notice=notice,
        version=contract.version,
        words=" ".join(_words(contract)),
        deployments=deployments,
        **_limits(contract),
    )
    return head + "\n".join(_interface(event) for event in (*contract.events, *contract.requests))


def _interface(event: Event) -> str:
    lines = [f"/** {event.brief} */", f"export interface {event.name.title().replace('_', '')} {{"]
    for attribute in event.attributes:
        lines.append(f"  /** {attribute.brief} */")
        optional = "" if attribute in event.required else "?"
        lines.append(
            "  [key: `metadata.${string}`]: MetadataValue;"
            if attribute.id == "metadata"
            else f"  {_property(attribute.id)}{optional}: {_type(attribute)};"
        )
    return "\n".join((*lines, "}", ""))


def _property(name: str) -> str:
    return name if re.fullmatch(r"\w+", name) else _text(name)


def _type(attribute: Attribute) -> str:
    if attribute.id == "deployment.type":
        return "DeploymentType"
    return {"int": "number", "double": "number"}.get(attribute.type, attribute.type)


def _limits(contract: Registry) -> dict[str, int]:
    metadata = contract.attributes["metadata"].annotations
    return {"keys": metadata["keys"], "characters": metadata["limit"]}


def _words(contract: Registry) -> list[str]:
    words: str = contract.attributes["metadata"].annotations["never"]
    return words.split()


def _tuple(attributes: list[Attribute]) -> str:
    return repr(tuple(attribute.id for attribute in attributes if attribute.id != "metadata"))


def _text(value: str) -> str:
    return json.dumps(value)
