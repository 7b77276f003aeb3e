"""One export request → the messages that go out for it, and the count of what was rejected."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from telemetry_pipeline import bus, contract
from telemetry_pipeline.ingest.admission import Admission, Request
from telemetry_pipeline.ingest.api_keys import Sender
from telemetry_pipeline.ingest.attributes import Caps, Kept, Limits, Treatment, Unchanged
from telemetry_pipeline.ingest.events import Sieve
from telemetry_pipeline.ingest.keys import LINKED, Keys
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.otlp.errors import TooManyRequests
from telemetry_pipeline.otlp.requests import Group, Signal
from telemetry_pipeline.settings import IngestSettings

_DAY_NANOSECONDS = 86_400 * 10**9
_RESOURCE = {attribute.name: attribute.since for attribute in contract.RESOURCE}
"""What is kept of a resource: its name, and the version of the contract that it came with."""
_INSTALLATION = contract.RHESIS_INSTALLATION_ID.name
_OVER_QUOTA = "over_quota"
_ANYBODY = Sender()
_LONGEST_WAIT_SECONDS = 300
_FRAMING_BYTES = 16
"""More than protobuf's tags and lengths around one nested message."""


@dataclass(frozen=True, slots=True)
class Export:
    """What became of a request: the messages to publish, the spans in them, and why others were rejected.

    `erasures` counts the requests for erasure among them, by the pseudonym of the installation that sends them;
    `blocked` of the spans came from installations that are blocked. `admitted` knows what was taken of whose quota.
    """

    messages: list[bus.Message]
    accepted: int
    rejected: Counter[str]
    erasures: Counter[str]
    blocked: int = 0
    admitted: Request | None = None


class Exporter:
    """Turns decoded requests into messages; one per instance, since it holds the caps."""

    def __init__(self, settings: IngestSettings) -> None:
        self._keys = Keys(settings)
        self._caps = Caps(settings.max_templates, settings.max_values)
        self._unchanged = Unchanged()
        self._limits = Limits(settings.max_attributes, settings.max_value_depth, settings.max_text_characters)
        self._max_age_nanoseconds = settings.max_age_days * _DAY_NANOSECONDS

    def export(
        self,
        signal: Signal,
        groups: list[Group],
        received_at: int,
        *,
        requests_only: bool = False,
        sender: Sender = _ANYBODY,
        admission: Admission | None = None,
    ) -> Export:
        """Scrub a request of spans or log records.

        Args:
            signal: What the request holds.
            groups: Its resources.
            received_at: When it arrived, in nanoseconds since 1970.
            requests_only: Keep nothing but what people ask of us.
            sender: What is known of who sends it.
            admission: Who may send how much; without it, everybody may send anything.

        Raises:
            Undecodable: A span, a log record or an attribute is malformed.
            TooManyRequests: None of its events is taken now. If some are, the others are rejected: a client that was
                answered with a partial success must not send the request again (OTLP 1.x, "Partial Success").
        """
        stamp = bus.Stamp(contract.VERSION, self._keys.epoch, received_at)
        rejected: Counter[str] = Counter()
        erasures: Counter[str] = Counter()
        passed = []
        request = admission.request(is_trusted=sender.is_trusted) if admission else None
        longest_wait = 0.0
        taken = blocked = 0
        for group in groups:
            treatment = Treatment(
                self._keys, self._caps, self._limits, self._unchanged, may_claim_cloud=sender.may_claim_cloud
            )
            resource = _resource(group, treatment)
            events = len(group.items)
            is_blocked = False
            if request and events:
                installation = resource.get(_INSTALLATION)
                previous = installation.previous if installation else ""
                verdict = request.judge(_installation(resource), treatment.service, events, previous)
                is_blocked = verdict.is_blocked
                if verdict.wait:
                    longest_wait = max(longest_wait, verdict.wait)
                    rejected[_OVER_QUOTA] += events
                    continue
            sieve = self._sieve(treatment, received_at, requests_only=requests_only or is_blocked)
            if signal is Signal.LOGS:
                spans = [sieve.log_record(item, self._keys) for item in group.items]
            else:
                spans = [sieve.span(item) for item in group.items]
            passed.append((_stamped(resource, stamp, sieve), [span for span in spans if span is not None]))
            rejected += sieve.rejected
            taken += events
            blocked += events if is_blocked else 0
            if sieve.requests:
                erasures[_installation(resource)] += sieve.requests
        if longest_wait and not taken:
            seconds = math.ceil(min(longest_wait, _LONGEST_WAIT_SECONDS))
            raise TooManyRequests(
                "this sender is over its quota of events; send them later", {"Retry-After": str(seconds)}
            )
        messages = [bus.pack(payload, stamp, count) for payload, count in payloads(passed, bus.MESSAGE_BYTES)]
        return Export(messages, sum(len(spans) for _, spans in passed), rejected, erasures, blocked, request)

    def _sieve(self, treatment: Treatment, received_at: int, *, requests_only: bool) -> Sieve:
        return Sieve(
            treatment,
            self._limits,
            earliest=received_at - self._max_age_nanoseconds,
            latest=received_at + _DAY_NANOSECONDS,
            requests_only=requests_only,
        )


def _installation(resource: Mapping[str, Kept]) -> str:
    """The installation's pseudonym; empty if the resource names none."""
    installation = resource.get(_INSTALLATION)
    return str(installation.value) if installation else ""


def _resource(group: Group, treatment: Treatment) -> dict[str, Kept]:
    """What is kept of a resource, by name; an attribute that breaks the contract is left out."""
    kept = {one.name: one for one in map(treatment.__getitem__, group.attributes) if one and not one.fault}
    service = kept.get(contract.SERVICE_NAME.name)
    treatment.service = str(service.value) if service else ""
    return {name: one for name, one in kept.items() if name in _RESOURCE}


def _stamped(resource: Mapping[str, Kept], stamp: bus.Stamp, sieve: Sieve) -> bytes:
    """A resource with the stamp, serialised, without what somebody behind its events has not consented to."""
    kept = [one for name, one in resource.items() if _RESOURCE[name] <= sieve.consented]
    links: dict[str, set[tuple[str, str]]] = {
        LINKED[one.name]: {(str(one.value), one.previous)} for one in kept if one.previous
    }
    if sieve.people:
        links["user"] = sieve.people
    attributes = [*stamp.attributes(), *bus.link_attributes(links), *(one.encoded for one in kept)]
    return wire.Resource(attributes=attributes).SerializeToString()


def payloads(resources: Iterable[tuple[bytes, list[bytes]]], limit: int) -> Iterator[tuple[bytes, int]]:
    """Serialise resources with their spans as ExportTraceServiceRequests of at most `limit` bytes.

    Yields:
        Each request and the number of spans in it; most often there is one.
    """
    parts: list[bytes] = []
    size = spans = 0
    for resource, items in resources:
        for chunk in _chunks(items, limit - len(resource) - 2 * _FRAMING_BYTES):
            scope = wire.ScopeItems(items=chunk).SerializeToString()
            part = wire.ResourceItems(resource=resource, scopes=[scope]).SerializeToString()
            if parts and size + len(part) + _FRAMING_BYTES > limit:
                yield wire.ExportRequest(resources=parts).SerializeToString(), spans
                parts, size, spans = [], 0, 0
            parts.append(part)
            size += len(part) + _FRAMING_BYTES
            spans += len(chunk)
    if parts:
        yield wire.ExportRequest(resources=parts).SerializeToString(), spans


def _chunks(items: list[bytes], limit: int) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for item in items:
        if chunk and size + len(item) + _FRAMING_BYTES > limit:
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item) + _FRAMING_BYTES
    if chunk:
        yield chunk
