"""People who did something and asked to be forgotten, and where they are still mentioned."""

import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from flask.testing import FlaskClient

from exports import ENDPOINT, FEATURE, LOGIN, span, traces
from messages import EPOCH, KEY, ingested
from mirror_under_test import MirrorUnderTest
from store_under_test import StoreUnderTest
from telemetry_pipeline import contract
from telemetry_pipeline.contract import Domain
from telemetry_pipeline.privacy import Pseudonymiser

TABLES = [event.table for event in contract.EVENTS]
HOUR = 3_600 * 10**9

ALICE, BOB = "alice", "bob"


def pseudonym(identifier: str, domain: Domain = "user") -> str:
    """As it is stored."""
    return str(Pseudonymiser(KEY, EPOCH).pseudonym(domain, identifier))


def did(user: str, hours_ago: float, content: Mapping[str, object] = LOGIN) -> Any:
    """Something that a person did."""
    at = time.time_ns() - int(hours_ago * HOUR)
    return span(dict(content) | {"user.id": user}, start_time_unix_nano=at, end_time_unix_nano=at)


def one_of_each_kind(user: str, hours_ago: float) -> list[Any]:
    """An event for each table."""
    return [did(user, hours_ago, content) for content in (LOGIN, ENDPOINT, FEATURE)]


def asks(user: str, hours_ago: float = 0, **attributes: str) -> Any:
    """A person's request to be forgotten."""
    hashed = sha256(user.encode()).hexdigest()[:16]
    receipt = {name.replace("_", "."): value for name, value in attributes.items()}
    return did(hashed, hours_ago, {"event.category": "erasure_request", **receipt})


def push(function: StoreUnderTest | MirrorUnderTest, *spans: Any, installation: str = "") -> None:
    """Have a function take a message of these spans."""
    resource = {"rhesis.installation.id": installation} if installation else None
    assert function.push(ingested(traces(*spans, resource=resource))).status_code == 204


def run(maintain: FlaskClient) -> dict[str, Any]:
    """Run maintenance; what it did about erasure."""
    answer = maintain.post("/")
    assert answer.status_code == 200, answer.text
    assert answer.json
    step: dict[str, Any] = answer.json["steps"]["erasure"]
    return {name: figure for name, figure in step.items() if name != "seconds"}


def events_of(store: StoreUnderTest, user: str) -> int:
    """How many events of a person there are."""
    return sum(store.count(f"{table} where user_id = '{pseudonym(user)}'") for table in TABLES)


def mentions(store: StoreUnderTest, user: str, domain: Domain = "user") -> list[str]:
    """The tables in which a person's pseudonym, or another's, stands anywhere."""
    tables = store.rows("select relname from pg_class where relkind = 'r' and relname like 'analytics%'")
    wanted = pseudonym(user, domain)
    return sorted(
        table["relname"]
        for table in tables
        if store.count(f"{table['relname']} as one where position('{wanted}' in one::text) > 0")
    )
