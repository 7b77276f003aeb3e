"""What `ingest` tells of two keys that overlap, and what `store` keeps of it."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from exports import FEATURE, LOGIN, logs, record, span, traces
from rotation import Pipeline, did, pseudonym
from telemetry_pipeline import bus
from telemetry_pipeline.configuration import SettingsError
from telemetry_pipeline.otlp import wire_pb2 as wire
from telemetry_pipeline.settings import IngestSettings

LINKS = "select domain, pseudonym, previous, key_epoch from analytics_pseudonym_links order by 1, 2"

HOME = {"rhesis.installation.id": "home"}
ANONYMOUS = {"event.category": "user_activity", "event.type": "login"}


def test_a_person_and_an_installation_are_linked_once(pipeline: Pipeline) -> None:
    """However often they come, and by however many instances of the store."""
    pipeline.hold(2, previous=1)
    for _ in range(2):
        pipeline.post(traces(did("alice", 0), did("alice", 0), resource=HOME))
    pipeline.store.execute("update analytics_pseudonym_links set first_seen = first_seen - interval '1 day'")
    pipeline.post(traces(did("bob", 0), did("alice", 0), resource=HOME))

    assert pipeline.store.rows(LINKS) == [
        {
            "domain": "installation",
            "pseudonym": pseudonym(2, "home", "installation"),
            "previous": pseudonym(1, "home", "installation"),
            "key_epoch": 2,
        },
        *(
            {"domain": "user", "pseudonym": pseudonym(2, who), "previous": pseudonym(1, who), "key_epoch": 2}
            for who in sorted(("alice", "bob"), key=lambda who: pseudonym(2, who))
        ),
    ]
    assert pipeline.store.count("analytics_pseudonym_links where first_seen > now() - interval '1 hour'") == 1


def test_rows_keep_the_pseudonym_they_arrived_with(pipeline: Pipeline) -> None:
    """A rotation rewrites nothing."""
    pipeline.hold(1)
    pipeline.post(traces(did("alice", 2)))
    pipeline.hold(2, previous=1)
    pipeline.post(traces(did("alice", 1)))
    pipeline.hold(2)
    pipeline.post(traces(did("alice", 0)))

    rows = pipeline.store.rows('select user_id, key_epoch from analytics_user_activity order by "timestamp"')
    assert [(row["user_id"], row["key_epoch"]) for row in rows] == [
        (pseudonym(1, "alice"), 1),
        (pseudonym(2, "alice"), 2),
        (pseudonym(2, "alice"), 2),
    ]


def test_nothing_is_linked_without_a_previous_key(pipeline: Pipeline) -> None:
    """The bus says nothing, and no link is stored."""
    pipeline.hold(2)
    pipeline.post(traces(did("alice", 0), resource=HOME))

    assert pipeline.store.count("analytics_pseudonym_links") == 0


@pytest.mark.parametrize("changes", [{"_rhesis.telemetry_enabled": False}, {"event.category": "purchase"}])
def test_nobody_is_linked_by_an_event_that_is_not_stored(pipeline: Pipeline, changes: dict[str, object]) -> None:
    """Least of all a person who opted out."""
    pipeline.hold(2, previous=1)
    pipeline.post(traces(span(LOGIN | changes), resource=HOME))

    assert pipeline.store.count("analytics_pseudonym_links") == 0


def test_who_asks_not_to_be_counted_is_not_linked(pipeline: Pipeline) -> None:
    """Sec-GPC: nothing is kept, so nothing is linked."""
    pipeline.hold(2, previous=1)
    pipeline.post(traces(did("alice", 0), resource=HOME), headers={"Sec-GPC": "1"})

    assert pipeline.store.count("analytics_pseudonym_links") == 0


def test_a_link_is_never_accepted_from_outside(pipeline: Pipeline) -> None:
    """An app can't say whose pseudonym is whose: what is not in the contract ends at the edge."""
    forged = {f"{bus.LINKS}user": bytes(32), f"{bus.LINKS}installation": bytes(32)}
    pipeline.hold(2)
    pipeline.post(traces(span(LOGIN | forged), resource=forged))

    assert pipeline.store.count("analytics_user_activity") == 1
    assert pipeline.store.count("analytics_pseudonym_links") == 0


def test_an_organization_and_a_session_are_not_linked(pipeline: Pipeline) -> None:
    """What nobody is counted by over time needs no link."""
    pipeline.hold(2, previous=1)
    pipeline.post(traces(span(FEATURE | {"organization.id": "acme"}), span(ANONYMOUS | {"session.id": "s"})))

    assert pipeline.store.count("analytics_feature_usage where organization_id is not null") == 1
    assert pipeline.store.count("analytics_user_activity where session_id is not null") == 1
    assert pipeline.store.count("analytics_pseudonym_links") == 0


def test_a_log_record_that_is_sent_again_across_a_rotation_is_stored_once(pipeline: Pipeline) -> None:
    """Whenever its retry comes: after the rotation, and after the previous key was destroyed."""
    now = datetime.now(UTC)
    before, since, after = now - timedelta(days=3), f"{now - timedelta(days=2):%Y-%m-%d}", now - timedelta(minutes=1)
    old, recent = (logs(record(LOGIN, time_unix_nano=round(moment.timestamp() * 10**9))) for moment in (before, after))
    pipeline.hold(1)
    pipeline.post(old, "/v1/logs")
    pipeline.hold(2, previous=1, since=since)
    pipeline.post(old, "/v1/logs")
    pipeline.post(recent, "/v1/logs")
    pipeline.hold(2)
    pipeline.post(recent, "/v1/logs")

    assert pipeline.store.count("analytics_user_activity") == 2


def test_a_link_that_comes_late_counts_the_days_anew(pipeline: Pipeline, maintain: FlaskClient) -> None:
    """A key that was rotated before ingest was given the previous one: people become one again as they come."""
    pipeline.hold(1)
    pipeline.post(traces(did("alice", 20)))
    pipeline.hold(2)
    pipeline.post(traces(did("alice", 10)))
    maintain.post("/")
    pipeline.hold(2, previous=1)
    pipeline.post(traces(did("alice", 0)))
    maintain.post("/")

    people = pipeline.store.rows("select distinct user_id from analytics_person_days")
    assert people == [{"user_id": pseudonym(1, "alice")}]


GOOD = {
    "RHESIS_EVENTS_TOPIC": "projects/p/topics/t",
    "RHESIS_PSEUDONYM_KEY": "ab" * 32,
    "RHESIS_PSEUDONYM_KEY_EPOCH": "2",
    "RHESIS_PREVIOUS_PSEUDONYM_KEY": "cd" * 32,
    "RHESIS_PSEUDONYM_KEY_SINCE": "2026-03-02",
}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"RHESIS_PREVIOUS_PSEUDONYM_KEY": "ab" * 32}, "RHESIS_PREVIOUS_PSEUDONYM_KEY: it is the present key"),
        ({"RHESIS_PSEUDONYM_KEY_EPOCH": "1"}, "RHESIS_PSEUDONYM_KEY_EPOCH: "),
        ({"RHESIS_PSEUDONYM_KEY_SINCE": ""}, "RHESIS_PSEUDONYM_KEY_SINCE: missing"),
        ({"RHESIS_PSEUDONYM_KEY_SINCE": "March"}, "RHESIS_PSEUDONYM_KEY_SINCE: expected a day"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(changes: dict[str, str], named: str) -> None:
    """At the start, with the variable to correct and without the keys."""
    with pytest.raises(SettingsError) as caught:
        IngestSettings.read(GOOD | changes)

    assert str(caught.value).startswith(named)
    assert "abab" not in str(caught.value)


def test_the_previous_key_does_not_show() -> None:
    """A settings object that is printed tells no key."""
    settings = IngestSettings.read(GOOD)

    assert repr(settings.previous_pseudonym_key) not in repr(settings)


def test_the_links_of_a_resource_are_all_that_the_bus_tells(pipeline: Pipeline) -> None:
    """Spans are as they are without a previous key."""
    pipeline.hold(2, previous=1)
    told: list[bus.Message] = []
    pipeline.also = told.append
    pipeline.post(traces(did("alice", 0)))

    (resource,) = wire.ExportRequest.FromString(bus.unpack(told[0].data)).resources
    assert bytes.fromhex(pseudonym(2, "alice") + pseudonym(1, "alice")) in resource
    assert resource.count(pseudonym(1, "alice").encode()) == 0
