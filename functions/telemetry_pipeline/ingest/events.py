"""A span or a log record that arrived → the scrubbed span that goes on, or the reason why it doesn't."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from google.protobuf.internal.containers import RepeatedScalarFieldContainer
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from telemetry_pipeline import contract
from telemetry_pipeline.ingest.attributes import Kept, Limits, Treatment, encode
from telemetry_pipeline.ingest.keys import Keys
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.otlp.errors import Undecodable
from telemetry_pipeline.privacy import is_full_length

_DAY_NANOSECONDS = 86_400 * 10**9
_LONGEST_NANOSECONDS = _DAY_NANOSECONDS
"""A span that claims to be longer than a day has no credible end; `duration_ms` has the same bound."""

NOT_AN_EVENT = "not_an_event"

_CATEGORY = contract.EVENT_CATEGORY.name
_CONSENT = contract.TELEMETRY_CONSENT_VERSION.name
_USER = contract.USER_ID
_USER_ID = _USER.name
_ENABLED = contract.RHESIS_TELEMETRY_ENABLED.name


class Rejected(Exception):
    """This one event is not passed on; `reason` is counted, `attribute` names what broke the contract."""

    def __init__(self, reason: str, attribute: str = "") -> None:
        super().__init__(reason)
        self.reason = f"{reason} {attribute}".strip()


@dataclass(frozen=True, slots=True)
class _Shape:
    """An event of the contract, as it is checked here; `since` tells with which version each attribute came."""

    required: tuple[str, ...]
    allowed: frozenset[str]
    category: bytes
    metadata_keys: int
    is_request: bool
    since: Mapping[str, int]
    event_since: int


_SHAPES = {
    event.name: _Shape(
        required=tuple(one.name for one in event.required),
        allowed=frozenset(one.name for one in (*event.required, *event.optional)),
        category=encode(_CATEGORY, event.name),
        metadata_keys=contract.METADATA_KEYS if event.has_metadata else 0,
        is_request=event in contract.REQUESTS,
        since={one.name: one.since for one in (*event.required, *event.optional)},
        event_since=event.since,
    )
    for event in (*contract.EVENTS, *contract.REQUESTS)
}


@dataclass(slots=True)
class Sieve:
    """Passes the events of one resource on and counts those that it does not pass.

    `earliest` and `latest` bound an event's time, in nanoseconds since 1970. With `requests_only` events are left out
    without a word, and what people ask of us passes; `requests` counts it. `consented` is the oldest version of the
    contract that somebody behind the events has consented to. `people` are those behind the events, under their present
    and their previous pseudonym, during an overlap of two keys.
    """

    treatment: Treatment
    limits: Limits
    earliest: int
    latest: int
    requests_only: bool = False
    consented: int = contract.VERSION
    requests: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    people: set[tuple[str, str]] = field(default_factory=set)

    def span(self, raw: bytes) -> bytes | None:
        """The scrubbed span, serialised; None if it was rejected.

        Raises:
            Undecodable: It is not a span.
        """
        try:
            span = wire.Span.FromString(raw)
        except DecodeError:
            raise Undecodable("a span is malformed") from None
        return self._pass(span, span.attributes, "")

    def log_record(self, raw: bytes, keys: Keys) -> bytes | None:
        """The log record as a scrubbed span, as `span` gives it.

        A record has no identity of its own: it gets one from a keyed hash of all that arrived, so that a client's retry
        is the same event, and nobody without the key can test a guess of what was in it.
        """
        try:
            record = wire.LogRecord.FromString(raw)
        except DecodeError:
            raise Undecodable("a log record is malformed") from None
        time = record.time_unix_nano or record.observed_time_unix_nano
        identity = keys.record_id(raw, time)
        span = wire.Span(
            trace_id=identity[:16], span_id=identity[16:24], start_time_unix_nano=time, end_time_unix_nano=time
        )
        return self._pass(span, record.attributes, record.event_name)

    def _pass(self, span: wire.Span, attributes: RepeatedScalarFieldContainer[bytes], name: str) -> bytes | None:
        try:
            kept = self._keep(attributes)
            event = _event(kept, name)
            shape = _SHAPES[event]
            if self.requests_only and not shape.is_request:
                return None
            allowed = shape.allowed
            if shape.is_request:
                _check_request(attributes)
            elif _CONSENT in kept or _ENABLED in kept:
                allowed = self._consented_to(kept, shape)
            passed = _admit(kept, shape, allowed)
            start, end = self._times(span)
            _check_ids(span)
            if shape.is_request:
                self.requests += 1
        except Rejected as rejected:
            self.rejected[rejected.reason] += 1
            return None
        user = kept.get(_USER_ID)
        if user and user.previous and _USER_ID in allowed:
            self.people.add((str(user.value), user.previous))
        return wire.Span(
            trace_id=span.trace_id,
            span_id=span.span_id,
            name=event,
            start_time_unix_nano=start,
            end_time_unix_nano=end,
            attributes=passed,
        ).SerializeToString()

    def _consented_to(self, kept: Mapping[str, Kept], shape: _Shape) -> frozenset[str]:
        """What of the event's attributes its person consented to."""
        enabled, consent = kept.get(_ENABLED), kept.get(_CONSENT)
        if enabled and enabled.value is False:
            raise Rejected("opted_out")
        if consent is None:
            return shape.allowed
        if consent.fault:
            raise Rejected(consent.fault, _CONSENT)
        version = int(consent.value)
        if version >= contract.VERSION:
            return shape.allowed
        if shape.event_since > version:
            raise Rejected("newer_than_consent")
        self.consented = min(self.consented, version)
        return frozenset(name for name, since in shape.since.items() if since <= version)

    def _keep(self, attributes: RepeatedScalarFieldContainer[bytes]) -> dict[str, Kept]:
        if len(attributes) > self.limits.attributes:
            raise Rejected("too_many_attributes")
        kept: dict[str, Kept] = {}
        for one in map(self.treatment.__getitem__, attributes[:]):
            if one is None:
                continue
            other = kept.get(one.name)
            if other is None or one.rank < other.rank:
                kept[one.name] = one
            elif one.rank == other.rank:
                # Which of the two was meant can't be known (OTLP: keys must be unique).
                kept[one.name] = replace(one, fault="duplicate_attribute")
        return kept

    def _times(self, span: wire.Span) -> tuple[int, int]:
        start, end = span.start_time_unix_nano, span.end_time_unix_nano
        if not self.earliest <= start <= self.latest:
            raise Rejected("time_out_of_range")
        return start, end if 0 <= end - start <= _LONGEST_NANOSECONDS else 0


def _check_ids(span: wire.Span) -> None:
    if len(span.trace_id) != 16 or len(span.span_id) != 8 or not (any(span.trace_id) and any(span.span_id)):
        raise Rejected("invalid_id")


def _event(kept: Mapping[str, Kept], name: str) -> str:
    """Which event of the contract it is: by its category, a log record's event name, or what else it carries."""
    category = kept.get(_CATEGORY)
    if category:
        if category.fault:
            raise Rejected(category.fault, _CATEGORY)
        return str(category.value)
    name = name.removeprefix("rhesis.")
    if name in _SHAPES:
        return name
    event_type = kept.get(contract.EVENT_TYPE.name)
    if event_type and event_type.value in {"login", "logout"}:
        return contract.USER_ACTIVITY.name
    if contract.HTTP_REQUEST_METHOD.name in kept and contract.HTTP_ROUTE.name in kept:
        return contract.ENDPOINT_USAGE.name
    if contract.FEATURE_NAME.name in kept:
        return contract.FEATURE_USAGE.name
    if event_type:
        return contract.USER_ACTIVITY.name
    raise Rejected(NOT_AN_EVENT)


def _check_request(attributes: RepeatedScalarFieldContainer[bytes]) -> None:
    """Nobody may have others' events erased by trying ids."""
    for pair in map(KeyValue.FromString, attributes):
        if pair.key in _USER.accepted and not is_full_length(pair.value.string_value):
            raise Rejected("guessable_id", _USER.name)


def _admit(kept: Mapping[str, Kept], shape: _Shape, allowed: frozenset[str]) -> list[bytes]:
    """The event's own attributes, as far as they are allowed, and its metadata, serialised, the category first."""
    for name in shape.required:
        if name not in kept:
            raise Rejected("missing", name)
    admitted = [shape.category]
    metadata_keys = 0
    for name, one in kept.items():
        if one.is_metadata:
            metadata_keys += 1
            if metadata_keys > shape.metadata_keys:
                continue
        elif name not in allowed:
            continue
        if one.fault:
            raise Rejected(one.fault, "metadata" if one.is_metadata else name)
        admitted.append(one.encoded)
    return admitted
