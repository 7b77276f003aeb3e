"""A person's choice, which each event is judged by at the moment when it happens.

It is kept in a context variable. Within a request the variable holds a place that all of the request shares, also the
threads that frameworks run parts of it in, so that what a dependency decides holds for the endpoint after it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rhesis_telemetry import contract
from rhesis_telemetry.settings import DeploymentType


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who agreed: hashed ids, empty where there is none, and the contract's version that was agreed to."""

    user: str
    organization: str
    version: int


@dataclass(slots=True)
class Place:
    """Where a person's consent stands; `shared` while a request lasts in which all parts look here."""

    person: Person | None
    shared: bool


current: ContextVar[Place | None] = ContextVar("rhesis_telemetry_consent", default=None)
"""The place that holds here; without one, or without a person in it, nothing is sent."""


class Decided(Protocol):
    """What `TelemetryConsent` adds to a user's table."""

    telemetry_enabled: bool
    telemetry_decided_at: datetime | None
    telemetry_consent_version: int | None


def agrees(user: Decided, deployment_type: DeploymentType) -> bool:
    """Whether a person's events may be sent, as far as the person goes.

    Whoever agreed to an older contract than the present one is asked again, and so doesn't agree yet. Whoever was never
    asked agrees in the cloud, where telemetry is on with notice, and nowhere else.
    """
    if user.telemetry_decided_at is None:
        return deployment_type == "cloud"
    return user.telemetry_enabled and (user.telemetry_consent_version or 0) >= contract.VERSION


def person(user_id: object, org_id: object, version: int | None) -> Person | None:
    """The person with these ids, if that version of consent covers the present contract; None is the oldest."""
    if version is None or version < contract.VERSION:
        return None
    return Person(hashed(user_id), hashed(org_id), version)


def hashed(identifier: object) -> str:
    """An id as it is sent: the first 16 hexadecimal digits of the SHA-256 of its text; empty for none.

    The former clients did the same, so that histories continue.
    """
    if identifier is None or identifier == "":
        return ""
    return hashlib.sha256(str(identifier).encode(errors="replace")).hexdigest()[:16]


def settle(decided: Person | None) -> None:
    """Let a decision hold for the rest of this request, or of this context where there is no request."""
    place = current.get()
    if place is not None and place.shared:
        place.person = decided
    else:
        current.set(Place(decided, shared=False))


@contextmanager
def request() -> Iterator[Place]:
    """Give a request a place of its own, in which nobody has agreed yet."""
    before = current.get()
    place = Place(None, shared=True)
    current.set(place)
    try:
        yield place
    finally:
        place.shared = False
        # No token: a server may end a request in another context than it began it in.
        current.set(before)


@contextmanager
def deciding(decided: Person | None) -> Iterator[None]:
    """Let a decision hold within a block."""
    before = current.get()
    current.set(Place(decided, shared=False))
    try:
        yield
    finally:
        current.set(before)
