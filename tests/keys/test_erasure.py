"""Who asks to be forgotten is forgotten on both sides of a rotation."""

from hashlib import sha256
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from erasures import run
from exports import LOGIN, traces
from rotation import KINDS, Pipeline, did, pseudonym
from telemetry_pipeline.cli import main


def asks(user: str, days_ago: float = 0) -> Any:
    """A person's request to be forgotten."""
    return did(sha256(user.encode()).hexdigest()[:16], days_ago, {"event.category": "erasure_request"})


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


@pytest.mark.parametrize("previous", [True, False], ids=["both keys", "the present key"])
@pytest.mark.parametrize(("option", "identifier"), [("user", "alice"), ("installation", "at alice's")])
def test_an_operator_finds_both_sides(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, option: str, identifier: str, previous: bool
) -> None:
    """By both keys, or by the present one and what `store` has linked; an export finds the same."""
    two_visits(pipeline)
    if not previous:
        monkeypatch.setenv("RHESIS_PREVIOUS_PSEUDONYM_KEY", "")

    erased = telemetry("erase", f"--{option}-id", identifier, "--yes")

    assert "erased 2 in Postgres" in erased
    assert pipeline.store.count("analytics_user_activity") == 2


def test_an_organization_takes_both_keys(pipeline: Pipeline) -> None:
    """Nothing links organizations: no number is counted by them over time."""
    two_visits(pipeline)

    assert "erased 4 in Postgres" in telemetry("erase", "--organization-id", "acme", "--yes")


def test_an_export_has_both_sides(pipeline: Pipeline) -> None:
    """The document about a person has all of their events while both keys are kept."""
    two_visits(pipeline)

    exported = telemetry("export", "--user-id", "alice", "--output", "-")

    assert exported.count('"event": "user_activity"') == 2
    assert all(pseudonym(epoch, "alice") in exported for epoch in (1, 2))


def two_visits(pipeline: Pipeline) -> None:
    """Of two people, before a rotation and after it."""
    for epoch, ago in ((1, 30.0), (2, 10.0)):
        pipeline.hold(epoch, previous=epoch - 1 or None)
        for user in ("alice", "bob"):
            visit = did(user, ago, LOGIN | {"organization.id": "acme"})
            pipeline.post(traces(visit, resource={"rhesis.installation.id": f"at {user}'s"}))


def telemetry(*arguments: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(main, ["--settings=/does/not/exist", *arguments])
    assert done.exit_code == 0, done.output
    return done.output
