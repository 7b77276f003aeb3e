"""The end of an overlap: what was counted stays, and nothing tells any more who was who under the former key."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

import expected_views
from exports import traces
from maintained import set_up_anew
from rotation import Pipeline, as_one_person, did, pseudonym
from stored_events import assert_views_answer, ordered, rows, stored, today
from telemetry_pipeline import bus

BEFORE = {
    "stays": (75, 68, 61, 54, 47, 40),
    "each day": tuple(range(50, 36, -1)),
    "leaves": (45, 44),
    "on the day": (36.0,),
    "elsewhere": (70,),
}
AFTER = {
    "stays": (34, 26, 19, 12, 5),
    "each day": tuple(range(35, 0, -1)),
    "is new": (20, 13, 6),
    "on the day": (35.9, 23),
    "late": (60, 3),
    "elsewhere": (33,),
}
USERS = {*BEFORE, *AFTER}
CONTINUED = {*BEFORE} & {*AFTER}

A_WHILE_AGO = "received_before = now()"
"""What was received is so no more lately, as it is when an overlap ends."""

Maintain = Callable[..., dict[str, Any]]


@pytest.fixture
def run(maintain: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Maintain]:
    """Runs maintenance with further settings; returns what it did about keys."""
    instances = ExitStack()

    def once(**settings: object) -> dict[str, Any]:
        for name, value in settings.items():
            monkeypatch.setenv(f"RHESIS_{name.upper()}", str(value))
        set_up_anew(monkeypatch, instances)
        answer = maintain.post("/")
        assert answer.status_code == 200, answer.text
        assert answer.json
        step: dict[str, Any] = answer.json["steps"]["keys"]
        return {name: figure for name, figure in step.items() if name != "seconds"}

    with instances:
        yield once


@pytest.fixture
def rotated(pipeline: Pipeline, run: Maintain) -> Pipeline:
    """People before and after a rotation, all counted; the overlap began 35 days ago."""
    pipeline.hold(1)
    pipeline.visit({user: days for user, days in BEFORE.items() if user != "elsewhere"})
    pipeline.visit({"elsewhere": BEFORE["elsewhere"]}, **{"deployment.type": "self_hosted"})
    run()
    pipeline.hold(2, previous=1)
    pipeline.visit({user: days for user, days in AFTER.items() if user != "elsewhere"})
    pipeline.visit({"elsewhere": AFTER["elsewhere"]}, **{"deployment.type": "cloud"})
    pipeline.store.execute("update analytics_pseudonym_links set first_seen = first_seen - interval '35 days'")
    run()
    return pipeline


@pytest.fixture
def one_person(pipeline: Pipeline, maintain: FlaskClient) -> Pipeline:
    """One person before and after a rotation, which was 35 days ago."""
    assert maintain
    pipeline.hold(1)
    pipeline.post(traces(did("stays", 36)))
    pipeline.hold(2, previous=1)
    pipeline.post(traces(did("stays", 34)))
    pipeline.store.execute("update analytics_pseudonym_links set first_seen = first_seen - interval '35 days'")
    return pipeline


def links(pipeline: Pipeline) -> int:
    return pipeline.store.count("analytics_pseudonym_links")


@pytest.mark.parametrize(
    ("settings", "ends"),
    [
        ({}, False),
        ({"linkage_horizon_months": 2}, False),
        ({"unlinked_key_epoch": 1}, False),
        ({"linkage_horizon_months": 1}, True),
        ({"unlinked_key_epoch": 2}, True),
    ],
    ids=str,
)
def test_it_ends_by_the_horizon_or_when_it_is_said(
    one_person: Pipeline, run: Maintain, settings: dict[str, int], *, ends: bool
) -> None:
    """And never by itself where neither is set."""
    before = links(one_person)

    assert run(**settings) == {"unlinked": [2] if ends else []}
    assert links(one_person) == (0 if ends else before)
    assert run(**settings) == {"unlinked": []}


def test_what_was_counted_stays(rotated: Pipeline, run: Maintain, connection: Connection) -> None:
    """Every view has the rows that it had, also when all days are compared with their events, and counted, again."""
    events = as_one_person(stored(connection), USERS)
    run(unlinked_key_epoch=2)
    rotated.store.execute(f"update analytics_rollup_state set {A_WHILE_AGO}")

    assert_views_answer(connection, events)
    rotated.store.execute("update analytics_rolled_days set fingerprint = fingerprint + 1")
    rotated.store.execute("update analytics_rollup_state set recounted_at = '-infinity'")
    run()
    for view in ("daily_active_users", "user_lifecycle", "retention_cohorts", "retention_n_day", "installations"):
        # The day of the rotation alone has some under two names.
        expected = expected_views.VIEWS[view](events, today())
        assert ordered(expected) == rows(connection, view), view


def test_who_comes_afterwards_is_not_new(rotated: Pipeline, run: Maintain, connection: Connection) -> None:
    """Who was there under both keys is active, but in no cohort any more; who came after the rotation stays in one."""
    run(unlinked_key_epoch=2)
    rotated.store.execute(f"update analytics_rollup_state set {A_WHILE_AGO}")
    known = {event.id for event in stored(connection)}
    rotated.hold(2)
    for user in (CONTINUED | {"is new"}) - {"elsewhere"}:
        rotated.post(traces(did(user, 0), resource={"rhesis.installation.id": f"at {user}'s"}))
    events = as_one_person(stored(connection), USERS)
    still_in_cohorts = [
        event
        for event in events
        if event.id in known or event.user_id not in {pseudonym(1, user) for user in CONTINUED}
    ]

    for _ in range(2):
        for view in ("daily_active_users", "user_lifecycle", "installations", "version_adoption"):
            assert ordered(expected_views.VIEWS[view](events, today())) == rows(connection, view), view
        for view in ("retention_cohorts", "retention_n_day"):
            expected = expected_views.VIEWS[view](still_in_cohorts, today())
            assert ordered(expected) == rows(connection, view), view
        run()


@pytest.mark.usefixtures("rotated")
def test_nothing_links_any_more(run: Maintain, connection: Connection) -> None:
    """No row of any table has both of somebody's pseudonyms, or what two rows of theirs alone have in common."""
    run(unlinked_key_epoch=2)

    for user in CONTINUED:
        for domain, identifier in (("user", user), ("installation", f"at {user}'s")):
            former, present = (pseudonym(epoch, identifier, domain) for epoch in (1, 2))  # type: ignore[arg-type]
            for table in tables(connection):
                one_row = (
                    f"select from {table} as one where one::text like '%{former}%' and one::text like '%{present}%'"
                )
                assert not found(connection, one_row), table
            assert {table for table in tables(connection) if found(connection, mention(table, present))} <= NAMED
            assert {table for table in tables(connection) if found(connection, mention(table, former))} <= NAMED
    continued = [pseudonym(2, user) for user in CONTINUED]
    known = first_days(connection, "analytics_people where deployment_type = 'all'", "user_id")
    assert {known[one] for one in continued} == {"-infinity"}
    assert [one for one in known if known[one] == "-infinity"] == sorted(continued)
    assert "-infinity" not in {known[pseudonym(2, user)] for user in ("is new", "late")}
    places = first_days(connection, "analytics_installations", "installation_id")
    assert {places[pseudonym(2, f"at {user}'s", "installation")] for user in CONTINUED} == {"-infinity"}


NAMED = {
    "analytics_user_activity_default",
    "analytics_endpoint_usage_default",
    "analytics_feature_usage_default",
    "analytics_person_days",
    "analytics_people",
    "analytics_installation_days",
    "analytics_installations",
}
"""Where somebody's pseudonym may stand, but for the monthly partitions."""


def tables(connection: Connection) -> list[str]:
    """All tables, and the partitions of those that have some."""
    with connection.begin():
        found = connection.execute(text("select relname from pg_class where relkind = 'r' and relname ~ '^analytics_'"))
        return list(found.scalars())


def mention(table: str, wanted: str) -> str:
    return f"select from {table} as one where one::text like '%{wanted}%' and '{table}' !~ '_[0-9]{{4}}_[0-9]{{2}}$'"


def found(connection: Connection, query: str) -> bool:
    with connection.begin():
        return bool(connection.execute(text(f"select exists ({query})")).scalar())


def first_days(connection: Connection, source: str, name: str) -> dict[str, str]:
    with connection.begin():
        return {str(key): day for key, day in connection.execute(text(f"select {name}, first_day::text from {source}"))}


def test_a_message_that_could_not_be_read_keeps_nothing(one_person: Pipeline, run: Maintain) -> None:
    """It was kept to be looked at, and may tell whose pseudonyms are whose; that it came stays known."""
    with_payload = "analytics_parked_messages where payload is not null"
    damaged = bus.Message(b"\x1f\x8b damaged", {"contract_version": "1"})
    assert one_person.store.push(damaged).status_code == 204
    assert one_person.store.count(with_payload) == 1

    run(unlinked_key_epoch=2)

    assert one_person.store.count(with_payload) == 0
    assert one_person.store.count("analytics_parked_messages") == 1


def test_no_link_comes_back(one_person: Pipeline, run: Maintain) -> None:
    """Also while ingest still has the previous key, or a message is delivered late."""
    run(linkage_horizon_months=1)
    one_person.post(traces(did("somebody", 0), did("stays", 0)))

    assert links(one_person) == 0


def test_another_rotation_ends_the_overlap_before_it(rotated: Pipeline, run: Maintain, connection: Connection) -> None:
    """There is one former key at a time; who was there under the last two is one person."""
    new_before = new_users(connection)
    rotated.hold(3, previous=2)
    rotated.visit({"stays": (0,), "each day": (0,), "is new": (0,)})

    assert run() == {"unlinked": [2]}
    assert rotated.store.count("analytics_pseudonym_links where key_epoch = 3") == links(rotated) == 6
    assert new_users(connection) == new_before
    assert active(connection, today()) == 3


def new_users(connection: Connection) -> int:
    return sum(row[2] for row in rows(connection, "user_lifecycle") if row[1] == "all")


def active(connection: Connection, day: date) -> int:
    (dau,) = (row[2] for row in rows(connection, "daily_active_users") if row[:2] == (day, "all"))
    return int(dau)


def test_a_run_that_breaks_off_is_finished_by_the_next(one_person: Pipeline, run: Maintain) -> None:
    """What is written down first is that it is over."""
    one_person.store.execute("insert into analytics_key_overlaps values (2, now() - interval '35 days', now())")

    assert run() == {"unlinked": [2]}
    assert links(one_person) == 0
    assert one_person.store.count("analytics_key_overlaps where unlinked_at is not null") == 1
