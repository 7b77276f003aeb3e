"""Events as they are sent: a span's name and its attributes, with nothing in them that names anybody."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from rhesis_telemetry import contract
from rhesis_telemetry.consent import Person

Value = str | bool | int | float

_KEY = re.compile(contract.METADATA_KEY)
_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SENSITIVE_VALUE = re.compile(
    r"""
    [^\s@]@[^\s@.]+\.[^\s@.]                                            # an e-mail address, a connection string
    | [A-Za-z][A-Za-z0-9+.-]{1,15}://                                   # an address of any scheme
    | eyJ[A-Za-z0-9_-]{8}                                               # a JSON Web Token
    | \b(?:sk|pk|rk|rh|ghp|gho|ghs|glpat|xox[a-z]|AKIA|ASIA|AIza)[-_A-Za-z0-9]{16}   # keys of services
    | (?i:\b(?:bearer|basic)\s+[A-Za-z0-9+/=._-]{8})
    | (?i:\b(?:password|passwd|pwd|secret|token|api[_-]?key)["']?\s*[:=])
    | -----BEGIN
    | \b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b                                 # an IPv4 address
    | (?i:\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7})                       # an IPv6 address
    | (?:[0-9][ .()/-]?){9}                                             # numbers of phones, cards, insurances
    """,
    re.VERBOSE,
)
_REDACTED = "[redacted]"
_RECEIPT = re.compile(r"[A-Za-z0-9_-]{22,128}", re.ASCII)
_SEARCHED_CHARACTERS = 4 * contract.METADATA_CHARACTERS
_TEXT_CHARACTERS = 128
_ROUTE_CHARACTERS = 2048
_ID_CHARACTERS = 256
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Event:
    """A span's name and attributes."""

    name: str
    attributes: Mapping[str, Value]


def user_activity(
    person: Person, event_type: object, session_id: object = None, metadata: Mapping[str, object] | None = None
) -> Event:
    """A person did something.

    Raises:
        ValueError: There is no event type.
    """
    attributes: dict[str, Value] = {"event.type": _word(event_type, "event_type")}
    if session_id is not None and (session := _clean(_plain(session_id))[:_ID_CHARACTERS]):
        attributes["session.id"] = session
    return Event("user.activity", _event("user_activity", person, attributes, metadata))


def feature_usage(
    person: Person, feature_name: object, action: object, metadata: Mapping[str, object] | None = None
) -> Event:
    """A feature was used.

    Raises:
        ValueError: There is no feature name.
    """
    name = _word(feature_name, "feature_name")
    attributes: dict[str, Value] = {"feature.name": name}
    if action is not None and (done := _safe(_plain(action))):
        attributes["feature.action"] = done
    return Event(f"feature.{name}", _event("feature_usage", person, attributes, metadata))


def endpoint_usage(person: Person, method: str, route: str, status_code: int, duration_ms: float) -> Event:
    """A request was answered; `route` is its route's template, never its path."""
    called, template = _clean(method)[:_TEXT_CHARACTERS], _storable(route)[:_ROUTE_CHARACTERS]
    attributes: dict[str, Value] = {
        "http.request.method": called,
        "http.route": template,
        "http.response.status_code": status_code,
        "duration_ms": duration_ms,
    }
    return Event(f"http.{called}.{template}", _event("endpoint_usage", person, attributes, None))


def erasure_request(user: str, receipt: str = "") -> Event:
    """The person with this hashed id asks for all earlier events to be erased; this needs no consent.

    Raises:
        ValueError: The receipt's token is not a long one.
    """
    attributes = {"event.category": "erasure_request", "user.id": user}
    if receipt:
        if not _RECEIPT.fullmatch(receipt):
            raise ValueError("a receipt's token has 22 to 128 letters, digits, hyphens or underscores")
        attributes["erasure.receipt"] = receipt
    return Event("erasure.request", attributes)


def _event(
    category: str, person: Person, attributes: dict[str, Value], metadata: Mapping[str, object] | None
) -> Mapping[str, Value]:
    attributes["event.category"] = category
    attributes["telemetry.consent.version"] = person.version
    if person.user:
        attributes["user.id"] = person.user
    if person.organization:
        attributes["organization.id"] = person.organization
    kept = sanitised(metadata or {})
    attributes.update((f"metadata.{key}", value) for key, value in kept.items())
    return attributes


def sanitised(metadata: Mapping[str, object]) -> dict[str, Value]:
    """What of an event's metadata is sent.

    A key that has no safe form, or names a person, a credential or content, is dropped; so is a value that is no text,
    number or truth value, or that holds what looks like an address, a credential or a long number. Texts are cut.
    """
    kept: dict[str, Value] = {}
    for key, given in metadata.items():
        value = _value(given)
        if value is not None and _KEY.fullmatch(key) and not _is_sensitive(key):
            kept[key] = value
            if len(kept) == contract.METADATA_KEYS:
                break
    return kept


def _is_sensitive(key: str) -> bool:
    return any(
        word in contract.SENSITIVE_WORDS or word.removesuffix("s") in contract.SENSITIVE_WORDS
        for word in map(str.lower, _WORD.findall(key))
    )


def _value(given: object) -> Value | None:
    value = given.value if isinstance(given, Enum) else given
    if isinstance(value, str):
        text = _clean(value)
        return None if _SENSITIVE_VALUE.search(text) else text[: contract.METADATA_CHARACTERS]
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -_INT64 <= value < _INT64 else None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return None


def _word(given: object, argument: str) -> str:
    text = _safe(_plain(given)) if given is not None else ""
    if not text:
        raise ValueError(f"{argument} is empty")
    return text


def _plain(given: object) -> str:
    return str(given.value if isinstance(given, Enum) else given)


def _safe(text: str) -> str:
    cleaned = _clean(text)
    return _REDACTED if _SENSITIVE_VALUE.search(cleaned) else cleaned[:_TEXT_CHARACTERS]


def _clean(text: str) -> str:
    """The text as it can be stored, and not longer than what is worth searching."""
    return _storable(text[:_SEARCHED_CHARACTERS])


def _storable(text: str) -> str:
    """The text without what protobuf or a database can't hold."""
    return text.replace("\0", "").encode(errors="replace").decode()
