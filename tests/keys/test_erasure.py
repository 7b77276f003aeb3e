"""Who asks to be forgotten is forgotten on both sides of a rotation."""

from hashlib import sha256
from typing import Any

from flask.testing import FlaskClient

from exports import traces
from rotation import KINDS, Pipeline, did, pseudonym


def asks(user: str, days_ago: float = 0) -> Any:
    """A person's request to be forgotten."""
    return did(sha256(user.encode()).hexdigest()[:16], days_ago, {"event.category": "erasure_request"})


def run(maintain: FlaskClient) -> dict[str, Any]:
    """Run maintenance; what it did about erasure."""
    answer = maintain.post("/")
    assert answer.status_code == 200, answer.text
    assert answer.json
    step: dict[str, Any] = answer.json["steps"]["erasure"]
    return {name: figure for name, figure in step.items() if name != "seconds"}


def mentions(pipeline: Pipeline, user: str) -> list[str]:
    """The tables in which either of a person's pseudonyms stands."""
    tables = pipeline.store.rows("select relname from pg_class where relkind = 'r' and relname like 'analytics%'")
    names = "|".join(pseudonym(epoch, user) for epoch in (1, 2))
    return sorted(
        table["relname"]
        for table in tables
        if pipeline.store.count(f"{table['relname']} as one where one::text ~ '{names}'")
    )


def test_a_request_after_the_rotation_finds_what_was_before_it(pipeline: Pipeline, maintain: FlaskClient) -> None:
    """All of theirs and nothing of others'; in the end, neither pseudonym and no link is left."""
    pipeline.hold(1)
    pipeline.post(traces(*(did(user, 30, kind) for kind in KINDS for user in ("alice", "bob"))))
    run(maintain)
    pipeline.hold(2, previous=1)
    pipeline.post(traces(*(did(user, 10, kind) for kind in KINDS for user in ("alice", "bob"))))
    run(maintain)
    pipeline.post(traces(asks("alice")))

    assert run(maintain) == {"requests": 1, "events": 6, "forgotten": 0}
    assert mentions(pipeline, "alice") == ["analytics_erasure_requests", "analytics_pseudonym_links"]
    pipeline.store.execute("update analytics_erasure_requests set received_at = received_at - interval '33 days'")
    assert run(maintain)["forgotten"] == 1
    assert mentions(pipeline, "alice") == []
    assert len(mentions(pipeline, "bob")) > 3


def test_a_request_by_somebody_who_did_not_come_since_finds_what_was_before(
    pipeline: Pipeline, maintain: FlaskClient
) -> None:
    """The request itself tells both pseudonyms; also of a person who asks not to be counted."""
    pipeline.hold(1)
    pipeline.post(traces(did("alice", 30)))
    pipeline.hold(2, previous=1)
    pipeline.post(traces(asks("alice")), headers={"Sec-GPC": "1"})

    assert run(maintain)["events"] == 1


def test_a_request_before_the_rotation_holds_for_what_arrives_after_it(
    pipeline: Pipeline, maintain: FlaskClient
) -> None:
    """An older event of theirs that a client sends late bears the new pseudonym; a newer one stays."""
    pipeline.hold(1)
    pipeline.post(traces(did("alice", 30), asks("alice", 10)))
    first = run(maintain)
    pipeline.hold(2, previous=1)
    pipeline.post(traces(did("alice", 20), did("alice", 5)))

    assert (first["events"], run(maintain)["events"]) == (1, 1)
    assert pipeline.store.count("analytics_user_activity") == 1


def test_who_came_back_keeps_their_link(pipeline: Pipeline, maintain: FlaskClient) -> None:
    """As long as both keys are kept, somebody who agreed again is one person."""
    pipeline.hold(2, previous=1)
    pipeline.post(traces(did("alice", 30), asks("alice", 10), did("alice", 5)))
    pipeline.store.execute("update analytics_erasure_requests set received_at = received_at - interval '33 days'")

    assert run(maintain)["forgotten"] == 1
    assert pipeline.store.count("analytics_pseudonym_links") == 1
