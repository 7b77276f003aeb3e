"""What we collect: the contract, readable, and how much of it came in the last day."""

from dataclasses import dataclass

from telemetry_pipeline import contract
from telemetry_pipeline.dashboard.view import Page
from telemetry_pipeline.dashboard.visit import Visit

_TREATMENTS = {
    "closed": "One of {values}; anything else becomes {other}.",
    "digest": "A random token; a hash is kept, from which nobody can find it.",
    "number": "A number.",
    "path": "A path, with whatever names one thing replaced by {{id}}.",
    "pseudonym": "Never kept: a keyed hash stands for it, which nobody without the key can match.",
    "scrubbed": "Text, with whatever could name somebody redacted.",
    "switch": "Not kept; it only tells whether to keep the rest.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """An attribute as the page tells it."""

    name: str
    is_required: bool
    treatment: str


@dataclass(frozen=True, slots=True)
class Collected:
    """An event as the page tells it."""

    name: str
    count: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """The contract as the page tells it: the events, what a person may ask for, and what comes with each of them."""

    events: tuple[Collected, ...]
    requests: tuple[Collected, ...]
    resource: tuple[Line, ...]
    months: int
    version: int = contract.VERSION
    own_prefix: str = contract.METADATA_PREFIX
    own_keys: int = contract.METADATA_KEYS
    own_characters: int = contract.METADATA_CHARACTERS


def view(visit: Visit) -> Page:
    """The page."""
    counts = {row.event: row.events for row in visit.reader.rows("collected")}
    upkeep = visit.reader.rows("upkeep")[0]
    return Page(
        title="What we collect",
        lead="All that may be stored; what is not listed here can't pass.",
        template="collected.html",
        extra=Contract(
            tuple(_event(event, counts.get(event.name, 0)) for event in contract.EVENTS),
            tuple(_event(request, 0) for request in contract.REQUESTS),
            tuple(_line(attribute, is_required=False) for attribute in contract.RESOURCE),
            upkeep.retention_months or contract.RETENTION_MONTHS,
        ),
    )


def _event(event: contract.Event, count: int) -> Collected:
    required = [_line(attribute, is_required=True) for attribute in event.required]
    optional = [_line(attribute, is_required=False) for attribute in event.optional]
    return Collected(event.name, count, (*required, *optional))


def _line(attribute: contract.Attribute, *, is_required: bool) -> Line:
    values = ", ".join(dict.fromkeys(attribute.members.values()))
    treatment = _TREATMENTS[attribute.treatment].format(other=attribute.other or "nothing", values=values)
    return Line(attribute.name, is_required, treatment)
