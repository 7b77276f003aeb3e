"""The allow-list at work: each distinct attribute of a resource's events is decoded and treated once."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry_pipeline import contract
from telemetry_pipeline.ingest.keys import LINKED, Keys
from telemetry_pipeline.otlp.errors import Undecodable
from telemetry_pipeline.privacy import (
    OVERFLOW,
    Cap,
    TemplateCap,
    is_safe_key,
    is_sensitive_key,
    path_template,
    receipts,
    scrub,
)

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one event's attributes; the contract's own come on top of them."""

    attributes: int
    depth: int
    characters: int


@dataclass(slots=True)
class Kept:
    """An attribute that may pass, under its name in the contract; not to be changed.

    `rank` is 0 for its own name and higher for weaker aliases; `encoded` is the serialised KeyValue that goes on;
    `fault` says how it breaks the contract, which rejects an event that has a use for it; `previous` is the pseudonym
    under the previous key, while there is one.
    """

    name: str
    rank: int = 0
    value: Value = ""
    encoded: bytes = b""
    fault: str = ""
    is_metadata: bool = False
    previous: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    attribute: contract.Attribute
    rank: int


_RULES = {
    name: _Rule(attribute, rank) for attribute in contract.ATTRIBUTES for rank, name in enumerate(attribute.accepted)
}

_CAPPED = (contract.EVENT_TYPE.name, contract.FEATURE_NAME.name, contract.FEATURE_ACTION.name)
_PATHS = (attribute.name for attribute in contract.ATTRIBUTES if attribute.treatment == "path")
_DEPLOYMENT = contract.DEPLOYMENT_TYPE.name
_BY_SENDER = {*_CAPPED, *_PATHS, _DEPLOYMENT}
"""What becomes of these depends on who sends them."""

_CLOUD = "cloud"
_SELF_HOSTED = "self_hosted"


class _FaultError(Exception):
    """The value breaks the contract; the text is the reason that is counted."""


def encode(name: str, value: Value) -> bytes:
    """Serialise one attribute."""
    if isinstance(value, bool):
        return KeyValue(key=name, value=AnyValue(bool_value=value)).SerializeToString()
    if isinstance(value, int):
        return KeyValue(key=name, value=AnyValue(int_value=value)).SerializeToString()
    if isinstance(value, float):
        return KeyValue(key=name, value=AnyValue(double_value=value)).SerializeToString()
    return KeyValue(key=name, value=AnyValue(string_value=value)).SerializeToString()


_DOUBLE = Struct("<d")
_DOUBLES = {
    encode(attribute.name, 0.5)[: -_DOUBLE.size]: attribute
    for attribute in contract.ATTRIBUTES
    if attribute.type == "double"
}
"""What a serialised double begins with. Nearly each one is new, so these are read without protobuf's classes."""


class Unchanged(dict[bytes | tuple[bool, str, bytes], Kept]):
    """Attributes that pass as they came, for all requests of an instance: what they say is published anyway.

    An attribute that is scrubbed, reduced or pseudonymised is never in here. One that depends on its sender is in here
    under that sender: whether it may claim to be hosted, and its service.
    """

    _ATTRIBUTES = 4096
    _BYTES = 256

    def remember(self, raw: bytes, kept: Kept, sender: tuple[bool, str]) -> None:
        """Keep it, unless it is long; when there are too many, begin anew."""
        if len(raw) <= self._BYTES:
            if len(self) >= self._ATTRIBUTES:
                self.clear()
            self[(*sender, raw) if kept.is_metadata or kept.name in _BY_SENDER else raw] = kept


class Caps:
    """The bounds on how many different values an instance passes, each per service."""

    def __init__(self, templates: int, values: int) -> None:
        """Make them for so many templates of paths, and so many values of each attribute that apps name themselves."""
        self.templates = TemplateCap(templates)
        self.values = {name: Cap(values) for name in _CAPPED}
        self.metadata_keys = Cap(values)


class Treatment(dict[bytes, Kept | None]):
    """Serialised attribute → what becomes of it; None for what is not in the contract.

    Events repeat most attributes, so each distinct one is decoded, scrubbed or pseudonymised once. An instance lives as
    long as the request: values that could identify somebody must not outlive their use.
    """

    def __init__(
        self, keys: Keys, caps: Caps, limits: Limits, unchanged: Unchanged, *, may_claim_cloud: bool = True
    ) -> None:
        super().__init__()
        self.service = ""
        self._may_claim_cloud = may_claim_cloud
        self._unchanged = unchanged
        self._keys = keys
        self._caps = caps
        self._overflown_keys = 0
        self._metadata_keys = _KeysThatPass()
        self._limits = limits
        self._treatments: dict[contract.Treatment, Callable[[contract.Attribute, Value], Value]] = {
            "closed": _closed,
            "digest": _digest,
            "number": _number,
            "path": self._path,
            "pseudonym": self._pseudonym,
            "scrubbed": _scrubbed,
            "switch": _switch,
        }

    def __missing__(self, raw: bytes) -> Kept | None:
        double = _DOUBLES.get(raw[: -_DOUBLE.size])
        if double:
            return _kept_double(double, raw)
        unchanged = self._unchanged
        kept = unchanged.get(raw) or unchanged.get((self._may_claim_cloud, self.service, raw)) or self._decode(raw)
        self[raw] = kept
        return kept

    def _decode(self, raw: bytes) -> Kept | None:
        try:
            pair = KeyValue.FromString(raw)
        except DecodeError:
            raise Undecodable("an attribute is malformed") from None
        kept = self._treat(pair.key, pair.value)
        if kept and _is_worth_remembering(kept) and encode(pair.key, kept.value) == raw:
            self._unchanged.remember(raw, kept, (self._may_claim_cloud, self.service))
        return kept

    def _treat(self, name: str, value: AnyValue) -> Kept | None:
        rule = _RULES.get(name)
        if rule:
            return self._named(rule, value)
        if (
            name.startswith(contract.METADATA_PREFIX)
            and self._metadata_keys[name.removeprefix(contract.METADATA_PREFIX)]
        ):
            return self._metadata(name, value)
        return None

    def _named(self, rule: _Rule, value: AnyValue) -> Kept | None:
        attribute = rule.attribute
        try:
            scalar = self._scalar(value)
            treated = self._treatments[attribute.treatment](attribute, _within_limit(attribute, scalar))
        except _FaultError as fault:
            return Kept(attribute.name, rule.rank, fault=str(fault))
        if treated == "":
            return None
        if attribute.name in self._caps.values:
            treated = self._caps.values[attribute.name].admit(self.service, str(treated))
        elif attribute.name == _DEPLOYMENT and treated == _CLOUD and not self._may_claim_cloud:
            treated = _SELF_HOSTED
        kept = Kept(attribute.name, rule.rank, treated, encode(attribute.name, treated))
        if self._keys.overlap and attribute.name in LINKED:
            kept.previous = self._keys.previous(attribute.domain, str(scalar))
        return kept

    def _metadata(self, name: str, value: AnyValue) -> Kept | None:
        try:
            scalar = self._scalar(value)
        except _FaultError as fault:
            return Kept(name, fault=str(fault), is_metadata=True)
        if scalar is None:
            return None
        key = name.removeprefix(contract.METADATA_PREFIX)
        if self._caps.metadata_keys.admit(self.service, key) != key:
            return self._overflown_key()
        if not isinstance(scalar, bool):
            text = scrub(_cut(str(scalar)))
            # A number passes as a number unless it reads as somebody's: a card, a phone, an id.
            if isinstance(scalar, str) or text != str(scalar):
                scalar = text[: contract.METADATA_CHARACTERS]
        return Kept(name, value=scalar, encoded=encode(name, scalar), is_metadata=True)

    def _overflown_key(self) -> Kept:
        """That there was a key beyond the cap. Each has a rank of its own: an event with two is no duplicate."""
        self._overflown_keys += 1
        name = contract.METADATA_PREFIX + OVERFLOW
        return Kept(name, self._overflown_keys, value=True, encoded=encode(name, True), is_metadata=True)

    def _scalar(self, value: AnyValue) -> Value | None:
        """The value if it is a scalar, None if it is something else or nothing."""
        kind = value.WhichOneof("value")
        if kind == "string_value":
            return self._checked_text(value.string_value)
        if kind == "double_value":
            if not math.isfinite(value.double_value):
                raise _FaultError("not_a_number")
            return value.double_value
        if kind in {"array_value", "kvlist_value"} and _deeper_than(value, self._limits.depth):
            raise _FaultError("too_deep")
        if kind in {"int_value", "bool_value"}:
            scalar: int | bool = getattr(value, kind)
            return scalar
        return None

    def _checked_text(self, text: str) -> str:
        if len(text) > self._limits.characters:
            raise _FaultError("text_too_long")
        if "\0" in text:
            raise _FaultError("nul_character")
        return text

    def _path(self, _: contract.Attribute, value: Value) -> str:
        text = _text(value).strip()
        return self._caps.templates.admit(self.service, path_template(text)) if text else ""

    def _pseudonym(self, attribute: contract.Attribute, value: Value) -> str:
        if isinstance(value, bool | float):
            raise _FaultError("wrong_type")
        return self._keys.pseudonym(attribute.domain, str(value))


def _is_worth_remembering(kept: Kept) -> bool:
    """Nearly each double is another."""
    return not kept.fault and not isinstance(kept.value, float)


def _kept_double(attribute: contract.Attribute, raw: bytes) -> Kept:
    (value,) = _DOUBLE.unpack(raw[-_DOUBLE.size :])
    if not math.isfinite(value):
        return Kept(attribute.name, fault="not_a_number")
    if not attribute.range[0] <= value <= attribute.range[1]:
        return Kept(attribute.name, fault="out_of_range")
    return Kept(attribute.name, value=value, encoded=raw)


class _KeysThatPass(dict[str, bool]):
    """Metadata key, without its prefix → whether it has a safe form and names nothing that identifies."""

    def __missing__(self, key: str) -> bool:
        passes = self[key] = is_safe_key(key) and not is_sensitive_key(key)
        return passes


def _within_limit(attribute: contract.Attribute, value: Value | None) -> Value:
    if value is None:
        raise _FaultError("wrong_type")
    if isinstance(value, str) and attribute.limit and len(value) > attribute.limit:
        raise _FaultError("text_too_long")
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise _FaultError("wrong_type")
    return value


def _scrubbed(_: contract.Attribute, value: Value) -> str:
    return scrub(_text(value)).strip()


def _closed(attribute: contract.Attribute, value: Value) -> str:
    text = _text(value).strip()
    if not text:
        return ""
    known = attribute.members.get(text, attribute.other)
    if known is None:
        raise _FaultError("unknown_value")
    return known


def _digest(_: contract.Attribute, value: Value) -> str:
    text = _text(value).strip()
    digest = receipts.digest(text)
    if text and digest is None:
        raise _FaultError("guessable")
    return digest or ""


def _number(attribute: contract.Attribute, value: Value) -> int | float:
    try:
        number = float(value)
    except ValueError:
        raise _FaultError("wrong_type") from None
    if isinstance(value, bool) or (attribute.type == "int" and not number.is_integer()):
        raise _FaultError("wrong_type")
    if not attribute.range[0] <= number <= attribute.range[1]:
        raise _FaultError("out_of_range")
    return int(number) if attribute.type == "int" else number


def _switch(_: contract.Attribute, value: Value) -> bool:
    return str(value).lower() not in {"false", "0", "no", "off"}


_SCRUBBED_CHARACTERS = 4 * contract.METADATA_CHARACTERS


def _cut(text: str) -> str:
    """Cut a long text before it is scrubbed, at a space, so that no half of a secret is left at its end."""
    if len(text) <= _SCRUBBED_CHARACTERS:
        return text
    head, space, _ = text[:_SCRUBBED_CHARACTERS].rpartition(" ")
    return head if space else "[redacted]"


def _deeper_than(value: AnyValue, levels: int) -> bool:
    if levels == 0:
        return True
    nested = [*value.array_value.values, *(pair.value for pair in value.kvlist_value.values)]
    return any(_deeper_than(one, levels - 1) for one in nested)
