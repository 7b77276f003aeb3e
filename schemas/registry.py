"""Read schemas/events.yaml into values, refusing whatever a privacy reviewer would send back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TREATMENTS = frozenset({"closed", "digest", "scrubbed", "path", "pseudonym", "number", "switch"})
TEXT_TREATMENTS = frozenset({"digest", "scrubbed", "path", "pseudonym"})
FIELDS = frozenset({"id", "type", "stability", "brief", "note", "examples", "annotations"})
ANNOTATIONS = frozenset(
    {
        *("reason", "since", "treatment", "limit", "aliases", "synonyms", "other", "range", "domain", "keys", "never"),
        "column",
    }
)


@dataclass(frozen=True)
class Attribute:
    """One attribute of the registry, as it is written there."""

    id: str
    type: str
    brief: str
    note: str
    examples: list[Any]
    reason: str
    treatment: str
    members: list[str]
    annotations: dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One event, or the resource; `required` and `optional` are in the registry's order, and hold `metadata` too."""

    name: str
    brief: str
    table: str
    since: int = 1
    is_request: bool = False
    has_metadata: bool = False
    required: list[Attribute] = field(default_factory=list)
    optional: list[Attribute] = field(default_factory=list)

    @property
    def attributes(self) -> list[Attribute]:
        """All of the event's attributes, those that must be there first."""
        return self.required + self.optional


@dataclass(frozen=True)
class Registry:
    """The whole contract."""

    version: int
    retention_months: int
    attributes: dict[str, Attribute]
    events: list[Event]
    requests: list[Event]
    resource: Event


def read(path: Path) -> Registry:
    """Read and check the registry.

    Raises:
        ValueError: An entry is incomplete or contradicts itself; the message lists every fault.
    """
    document = yaml.safe_load(path.read_text())
    faults: list[str] = []
    attributes = {}
    for group in document["groups"]:
        if group["type"] == "attribute_group":
            for entry in group["attributes"]:
                faults += _faults(entry)
                attributes[entry["id"]] = _attribute(entry)
    groups = [_event(group, attributes) for group in document["groups"] if group["type"] in {"event", "entity"}]
    if faults:
        raise ValueError(f"{path.name}:\n" + "\n".join(faults))
    return Registry(
        version=document["version"],
        retention_months=document["retention_months"],
        attributes=attributes,
        events=[group for group in groups if group.table and not group.is_request],
        requests=[group for group in groups if group.is_request],
        resource=next(group for group in groups if not group.table),
    )


def _faults(entry: dict[str, Any]) -> list[str]:
    annotations = entry.get("annotations", {})
    treatment = annotations.get("treatment")
    checks = {
        "has a field that is not known": entry.keys() <= FIELDS and annotations.keys() <= ANNOTATIONS,
        "needs a brief": bool(entry.get("brief")),
        "needs an example": bool(entry.get("examples")),
        "needs a reason": bool(annotations.get("reason")),
        f"needs a treatment of {sorted(TREATMENTS)}": treatment in TREATMENTS,
        "needs a limit": treatment not in TEXT_TREATMENTS or annotations.get("limit", 0) > 0,
        "needs a range": treatment != "number" or len(annotations.get("range", [])) == 2,
        "needs a domain": treatment != "pseudonym" or bool(annotations.get("domain")),
        "needs members": treatment != "closed" or isinstance(entry.get("type"), dict),
    }
    return [f"  {entry['id']}: {fault}" for fault, holds in checks.items() if not holds]


def _attribute(entry: dict[str, Any]) -> Attribute:
    kind = entry["type"]
    annotations = entry.get("annotations", {})
    return Attribute(
        id=entry["id"],
        type="string" if isinstance(kind, dict) else kind,
        brief=entry.get("brief", ""),
        note=" ".join(entry.get("note", "").split()),
        examples=entry.get("examples", []),
        reason=annotations.get("reason", ""),
        treatment=annotations.get("treatment", ""),
        members=[member["value"] for member in kind["members"]] if isinstance(kind, dict) else [],
        annotations=annotations,
    )


def _event(group: dict[str, Any], attributes: dict[str, Attribute]) -> Event:
    annotations = group.get("annotations", {})
    event = Event(
        group["name"],
        group["brief"],
        table=annotations.get("table", ""),
        since=annotations.get("since", 1),
        is_request=annotations.get("request", False),
        has_metadata=any(reference["ref"] == "metadata" for reference in group["attributes"]),
    )
    for reference in group["attributes"]:
        chosen = event.required if reference["requirement_level"] == "required" else event.optional
        chosen.append(attributes[reference["ref"]])
    return event
