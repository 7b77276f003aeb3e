"""A key that is rotated: `ingest` with the keys of each time, and the store behind it, through their front doors."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import functions_framework
import pytest
from google.protobuf.message import Message

from edge import MAIN, PROTOBUF, Topic
from expected_views import Event
from exports import ENDPOINT, FEATURE, LOGIN, span, traces
from store_under_test import StoreUnderTest
from telemetry_pipeline import bus
from telemetry_pipeline.contract import Domain
from telemetry_pipeline.ingest import function
from telemetry_pipeline.instance import Once
from telemetry_pipeline.privacy import Pseudonymiser

KEYS = {epoch: f"{epoch}{epoch}" * 32 for epoch in (1, 2, 3)}

KINDS = (LOGIN, ENDPOINT, FEATURE)


def pseudonym(epoch: int, identifier: str, domain: Domain = "user") -> str:
    """As it is stored under the key of an epoch."""
    return str(Pseudonymiser(bytes.fromhex(KEYS[epoch]), epoch).pseudonym(domain, identifier))


@dataclass(slots=True)
class Pipeline:
    """An `ingest` that can be given other keys, and a store that gets what it publishes."""

    topic: Topic
    store: StoreUnderTest
    monkeypatch: pytest.MonkeyPatch
    also: Callable[[bus.Message], Any] | None = None

    def hold(self, epoch: int, previous: int | None = None, since: str = "") -> None:
        """Deploy `ingest` with the key of an epoch, and with the previous one if there is to be an overlap."""
        settings = self.topic.environment() | {
            "RHESIS_PSEUDONYM_KEY": KEYS[epoch],
            "RHESIS_PSEUDONYM_KEY_EPOCH": str(epoch),
            "RHESIS_PREVIOUS_PSEUDONYM_KEY": KEYS[previous] if previous else "",
            "RHESIS_PSEUDONYM_KEY_SINCE": since or f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}",
        }
        for name, value in settings.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr(function, "_edge", Once(function._make_edge))

    def post(self, message: Message, path: str = "/v1/traces", headers: Mapping[str, str] | None = None) -> None:
        """Send a request, and have the store take what comes of it."""
        client = functions_framework.create_app("ingest", str(MAIN)).test_client()
        answer = client.post(path, data=message.SerializeToString(), content_type=PROTOBUF, headers=headers)
        assert answer.status_code == 200
        for received in self.topic.take():
            published = bus.Message(received.data, dict(received.attributes))
            assert self.store.push(published).status_code == 204
            if self.also:
                self.also(published)

    def visit(self, days: Mapping[str, Iterable[float]], **resource: object) -> None:
        """Post people's events, of one kind after the other, so many days ago, from an installation of each."""
        for user, ago in days.items():
            spans = [did(user, days_ago, KINDS[number % 3]) for number, days_ago in enumerate(ago)]
            self.post(traces(*spans, resource={"rhesis.installation.id": f"at {user}'s"} | resource))


def did(user: str, days_ago: float, content: Mapping[str, object] = LOGIN) -> Any:
    """Something that a person did some days ago."""
    at = round((datetime.now(UTC) - timedelta(days=days_ago)).timestamp() * 10**9)
    return span(dict(content) | {"user.id": user}, start_time_unix_nano=at, end_time_unix_nano=at)


def as_one_person(events: Iterable[Event], users: Iterable[str], first: int = 1, then: int = 2) -> list[Event]:
    """Events as they would be if the key had not been rotated."""
    known = {}
    for user in users:
        known[pseudonym(then, user)] = pseudonym(first, user)
        known[pseudonym(then, f"at {user}'s", "installation")] = pseudonym(first, f"at {user}'s", "installation")
    return as_linked(events, known)


def as_linked(events: Iterable[Event], links: Mapping[str, str]) -> list[Event]:
    """Events with the pseudonyms that people and installations are counted by; `links` has previous ones by present."""
    known: Mapping[str | None, str] = {**links}
    return [
        replace(
            event,
            user_id=known.get(event.user_id, event.user_id),
            installation_id=known.get(event.installation_id, event.installation_id),
        )
        for event in events
    ]
