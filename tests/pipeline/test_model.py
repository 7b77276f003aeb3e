"""The property of the whole: whatever happens in whatever order, the tables hold what a simple model says they must.

Clients send, send again and object; the bus waits, reorders, repeats and gives up; Postgres goes away and comes back;
maintenance runs, or is broken off half-way; people ask to be forgotten; retention is shortened. `ingest`, `store` and
`maintain` are the real functions on a real Postgres, and what `ingest` publishes goes to a real Pub/Sub; from there on
the test delivers it as badly as Pub/Sub may.

With `--hypothesis-profile=thorough` it looks for hours, and makes what it finds short.
"""

import gc
import gzip
import itertools
import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from edge import JSON, KEY, PROTOBUF, Edge
from expected_views import Event
from exports import span, traces
from simple_model import MONTHS, REQUEST, Message, Model, Sent, World, long_ago
from store_under_test import serving
from stored_events import assert_views_answer, rows, stored, today
from telemetry_local.postgres import Postgres
from telemetry_pipeline import bus
from telemetry_pipeline.ingest import function as ingest_function
from telemetry_pipeline.maintain import erasure, rollups
from telemetry_pipeline.privacy import Pseudonymiser

ATTEMPTS = 3
"""After so many the test's bus gives a message up."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PSEUDONYMS = Pseudonymiser(bytes.fromhex(KEY), 1)

contents: dict[str, dict[str, object]] = {
    "user_activity": {"event.type": "login"},
    "endpoint_usage": {"http.request.method": "GET", "http.route": "/tests", "http.response.status_code": 200},
    "feature_usage": {"feature.name": "test_run", "feature.action": "created"},
    REQUEST: {},
}
columns: dict[str, dict[str, Any]] = {
    "user_activity": {"event_type": "login"},
    "endpoint_usage": {"method": "GET", "endpoint": "/tests", "status_code": 200, "duration_ms": 1.0},
    "feature_usage": {"feature_name": "test_run", "action": "created"},
    REQUEST: {},
}

people = st.sampled_from(["ada", "bea", "cyd", None])
days_ago = st.sampled_from([-0.4, 0.0, 0.01, 1.0, 6.5, 8.0, 29.5, 31.0, 62.0, 95.0, 200.0, 350.0])
drafts = st.tuples(st.sampled_from(list(columns)), people, days_ago, st.sampled_from(["cloud", "self_hosted"]))
broken = st.sampled_from([None, None, None, "no id", "too old", "no event"])
waits = st.sampled_from([0, 0, 0, 90, 600, 18_000, 20 * 86_400])
"""How long a message waited between `ingest` and the rest, in seconds."""
choices = st.integers(0, 1 << 16)


class Story(RuleBasedStateMachine):
    """Anything may happen next; what is acknowledged, erased or expired is kept account of."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.model = Model()
        self.numbers = itertools.count(1)
        self.known: list[Sent] = []
        self.unsent: list[list[Sent]] = []
        self.sent: list[list[Sent]] = []
        self.queue: list[Message] = []
        self.delivered: list[Message] = []
        self.dead: list[Message] = []
        self.acknowledged: dict[str, Sent] = {}
        self.bus_is_there = self.postgres_is_there = True
        self.months = MONTHS
        world.begin()

    @initialize(drafts=st.lists(drafts, min_size=2, max_size=4))
    def some_events_are_on_their_way(self, drafts: list[Any]) -> None:
        """Or most stories would begin with nothing to tell."""
        self.a_client_sends(drafts, None, None, 0)

    @rule(drafts=st.lists(drafts, min_size=1, max_size=3), fault=broken, again=st.none() | choices, waited=waits)
    def a_client_sends(self, drafts: list[Any], fault: str | None, again: int | None, waited: int) -> None:
        """New events, one of them perhaps broken, and perhaps one of before among them."""
        batch = [self.made(*draft, waited) for draft in drafts]
        if fault:
            batch.append(self.made_badly(fault, waited))
        self.known += batch
        if again is not None and not waited:  # in what was received long ago it would lie in the future
            batch.append(self.known[again % len(self.known)])
        if not self.send(batch, waited):
            self.unsent.append(batch)

    @precondition(lambda self: self.unsent or self.sent)
    @rule(choice=choices, in_json=st.booleans(), objects=st.booleans())
    def a_client_sends_again(self, choice: int, in_json: bool, objects: bool) -> None:
        """What was refused, or what was taken while the answer was lost; its person may have objected since."""
        batches = self.unsent or self.sent
        batch = batches[choice % len(batches)]
        if self.send(batch, 0, in_json=in_json, objects=objects) and batches is self.unsent:
            self.unsent.remove(batch)

    @rule(there=st.booleans())
    def the_bus_comes_or_goes(self, there: bool) -> None:
        """While it is away `ingest` acknowledges nothing."""
        self.world.bus_is(there=there)
        self.bus_is_there = there

    @precondition(lambda self: self.queue)
    @rule(choice=choices)
    def a_message_is_delivered(self, choice: int) -> None:
        """Whichever."""
        self.deliver([self.queue[choice % len(self.queue)]])

    @precondition(lambda self: self.queue)
    @rule()
    def all_messages_are_delivered_at_once(self) -> None:
        """So that they share transactions."""
        self.deliver(list(self.queue))

    @precondition(lambda self: self.delivered)
    @rule(choice=choices)
    def a_message_is_delivered_again(self, choice: int) -> None:
        """Though it was acknowledged."""
        self.deliver([self.delivered[choice % len(self.delivered)]])

    @precondition(lambda self: self.dead)
    @rule()
    def dead_letters_are_replayed(self) -> None:
        """All that was given up is on the bus once more."""
        for message in self.dead:
            message.attempts = 0
        self.queue += self.dead
        self.dead.clear()

    @rule(garbage=st.binary(max_size=40))
    def something_else_is_on_the_bus(self, garbage: bytes) -> None:
        """It is put aside, and stands in nobody's way."""
        answer = self.world.store.push(bus.Message(garbage, {}))
        assert answer.status_code == (204 if self.postgres_is_there else 503)

    @rule(there=st.booleans())
    def postgres_comes_or_goes(self, there: bool) -> None:
        """While it is away messages wait."""
        self.world.postgres_is(there=there)
        self.postgres_is_there = there

    @rule(function=st.sampled_from(["store", "maintain"]))
    def connections_break(self, function: str) -> None:
        """The functions find out when they use them next."""
        self.world.break_connections(function)

    @rule()
    def maintenance_runs(self) -> None:
        """What people asked to be erased is gone after it, and what is too old."""
        if not self.postgres_is_there:
            assert self.world.maintain.post("/").status_code == 503
            return
        self.maintain()

    @precondition(lambda self: self.postgres_is_there)
    @rule(of_rollups=st.booleans(), after=st.integers(0, 4))
    def maintenance_breaks_off(self, of_rollups: bool, after: int) -> None:
        """It loses its connections while it counts days, or while it erases them."""
        before = dict(self.model.rows)
        module, name = (rollups, "refresh_day") if of_rollups else (erasure, "_erase_day")
        work, days = getattr(module, name), itertools.count()

        def break_off(*arguments: Any) -> Any:
            if next(days) == after:
                self.world.break_connections("maintain")
            return work(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, name, break_off)
            status = self.world.maintain.post("/").status_code
        if next(days) <= after:  # there was less to do than that, or its connections were broken before
            self.maintain()
            return
        assert status == 503
        if not of_rollups:
            left = {str(one.id) for one in stored(self.world.connection)}
            self.model.erase()
            assert self.model.rows.keys() <= left <= before.keys()
            self.model.rows = {key: row for key, row in before.items() if key in left}

    @rule(months=st.sampled_from([1, 2, MONTHS]))
    def another_retention_is_set(self, months: int) -> None:
        """The next run of maintenance goes by it."""
        self.world.keep(months)
        self.months = months

    @invariant()
    def the_tables_are_the_models(self) -> None:
        """Each row once, with the contents that were sent."""
        found = [replace(one, received_at=EPOCH) for one in stored(self.world.connection)]
        assert len(found) == len({one.id for one in found})
        assert {str(one.id): one for one in found} == self.model.rows

    @invariant()
    def as_many_people_are_counted_as_there_were(self) -> None:
        """Whether a day is rolled up, or its events are gone, or neither."""
        days = "select day, dau from daily_active_users where deployment_type = 'all' and dau > 0"
        counted = dict(rows(self.world.connection, f"({days}) as days"))
        # What is dated ahead, by a wrong clock, shows on its day.
        assert counted == {day: count for day, count in self.model.people().items() if day <= today()}

    def teardown(self) -> None:
        """In the end everything works again: then what was acknowledged is stored, unless it was erased or expired."""
        try:
            self.settle()
        finally:
            self.world.end()

    def settle(self) -> None:
        """Let the faults end, everybody finish, and compare once more."""
        self.the_bus_comes_or_goes(there=True)
        self.postgres_comes_or_goes(there=True)
        for batch in self.unsent:
            assert self.send(batch, 0)
        self.unsent.clear()
        self.dead_letters_are_replayed()
        self.deliver(list(self.queue))
        self.maintain()
        self.the_tables_are_the_models()
        self.as_many_people_are_counted_as_there_were()
        for key, one in self.acknowledged.items():
            is_gone = one.is_request or self.model.is_asked_away(one.row) or one.row.day < self.model.first_day
            assert is_gone != (key in self.model.rows)
        if self.model.first_day == date.min:
            assert_views_answer(self.world.connection, stored(self.world.connection))

    def made(self, kind: str, person: str | None, days: float, deployment: str, waited: int) -> Sent:
        """An event of so many days before it was received."""
        if kind == REQUEST:
            person, days = person or "ada", max(days, 0.0)
        number = next(self.numbers)
        identity = number.to_bytes(16) + number.to_bytes(8)
        at = datetime.now(UTC) - timedelta(seconds=waited) - long_ago(days)
        nanoseconds = (at - EPOCH) // timedelta(microseconds=1) * 1000
        who = sha256(person.encode()).hexdigest()[:16] if person else None
        attributes = {"event.category": kind, "user.id": who, "deployment.type": deployment} | contents[kind]
        sent = span(
            {key: one for key, one in attributes.items() if one is not None},
            trace_id=identity[:16],
            span_id=identity[16:],
            start_time_unix_nano=nanoseconds,
            end_time_unix_nano=nanoseconds + 1_000_000,
        )
        row = Event(
            kind=kind,
            id=UUID(bytes=sha256(identity).digest()[:16]),
            timestamp=at,
            received_at=EPOCH,
            user_id=PSEUDONYMS.pseudonym("user", person) if person else None,
            deployment_type=deployment,
            service_name="app",
            **columns[kind],
        )
        return Sent(sent, row)

    def made_badly(self, fault: str, waited: int) -> Sent:
        """An event that `ingest` refuses, and not its neighbours."""
        good = self.made("feature_usage", "ada", 1.0, "cloud", waited)
        wrong = Span()
        wrong.CopyFrom(good.span)
        if fault == "no id":
            wrong.trace_id = bytes(16)
        elif fault == "too old":
            wrong.start_time_unix_nano -= 4000 * 86_400 * 10**9
        else:
            del wrong.attributes[:]
        return Sent(wrong, good.row, keeps_contract=False)

    def send(self, batch: list[Sent], waited: int, *, in_json: bool = False, objects: bool = False) -> bool:
        """Post a batch; whether it was acknowledged. What `ingest` published for it is on the bus then."""
        request = traces(*(one.span for one in batch), resource={"service.name": "app"})
        body = as_json(request) if in_json else gzip.compress(request.SerializeToString(), 1)
        headers = {"Sec-GPC": "1"} if objects else {}
        if not in_json:
            headers["Content-Encoding"] = "gzip"
        with pytest.MonkeyPatch.context() as patch:
            clock = SimpleNamespace(time_ns=lambda: time.time_ns() - waited * 10**9)
            patch.setattr(ingest_function, "time", clock)
            answer = self.world.edge.client.post(
                "/v1/traces", data=body, content_type=JSON if in_json else PROTOBUF, headers=headers
            )
        good = [one for one in batch if one.keeps_contract and (one.is_request or not objects)]
        published = self.world.edge.topic.take()
        if not self.bus_is_there and good:
            assert (answer.status_code, published) == (503, [])
            return False
        assert answer.status_code == 200
        assert sum(int(one.attributes["spans"]) for one in published) == len(good)
        self.queue += [Message(bus.Message(one.data, dict(one.attributes)), good) for one in published if good]
        self.acknowledged |= {str(one.row.id): one for one in good}
        self.sent.append(batch)
        return True

    def deliver(self, messages: list[Message]) -> None:
        """Push messages together, as Pub/Sub does; what is not acknowledged is tried again, and not for ever."""
        with ThreadPoolExecutor(4) as pushes:
            answers = list(pushes.map(lambda one: self.world.store.push(one.data), messages))
        for message, answer in zip(messages, answers, strict=True):
            assert answer.status_code == (204 if self.postgres_is_there else 503)
            if answer.status_code == 204:
                self.model.store(message.batch)
            if message in self.queue:
                self.account_for(message, answer.status_code == 204)

    def account_for(self, message: Message, is_stored: bool) -> None:
        """Move a message on."""
        message.attempts += 1
        if is_stored:
            self.queue.remove(message)
            self.delivered.append(message)
        elif message.attempts >= ATTEMPTS:
            self.queue.remove(message)
            self.dead.append(message)

    def maintain(self) -> None:
        """One whole run; one that finds its connections broken fails, and the next one doesn't."""
        assert any(self.world.maintain.post("/").status_code == 200 for _ in range(2))
        self.model.erase()
        self.model.expire(self.months)


def as_json(request: Any) -> bytes:
    """In OTLP's JSON, whose ids are hexadecimal."""
    document = MessageToDict(request)
    for one, sent in zip(
        document["resourceSpans"][0]["scopeSpans"][0]["spans"],
        request.resource_spans[0].scope_spans[0].spans,
        strict=True,
    ):
        one |= {"traceId": sent.trace_id.hex(), "spanId": sent.span_id.hex()}
    return json.dumps(document).encode()


# pg8000 leaves the socket of a broken connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def world(
    postgres_server: Postgres, edge: Edge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[World]:
    """The functions on the session's Postgres and Pub/Sub."""
    # Its reports of broken connections would keep them, and their sockets, in the test's log.
    caplog.set_level(logging.CRITICAL + 1, "sqlalchemy")
    with serving(monkeypatch) as serve:
        world = World(postgres_server, edge, monkeypatch, serve)
        yield world
        world.close()
    gc.collect()


def test_the_tables_hold_what_the_model_says(world: World) -> None:
    """For any order of sending, delivering, failing and maintaining."""
    if settings.get_current_profile_name() == "thorough":
        run_state_machine_as_test(lambda: Story(world))
    else:
        # Some seconds; what fails is told as it was found, since making it shorter would take minutes.
        brief = settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(lambda: Story(world), settings=brief)
