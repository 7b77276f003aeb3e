"""The views: each against an independent count of the same events, whatever of them is rolled up already."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

import expected_views
from expected_views import Event
from stored_events import assert_views_answer, empty, ordered, rows, store, stored, today
from telemetry_local.demo import fill
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import rollups
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, StoreSettings

DAYS = 75


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connected:
        yield connected
    engine.dispose()


def now() -> datetime:
    return datetime.now(UTC)


def refresh(connection: Connection, *, all_days: bool = False) -> int:
    """Refresh the rollups as a run of a long time after would; how many days were counted anew."""
    return len(rollups.refresh(connection, now() + timedelta(minutes=6), all_days=all_days))


@st.composite
def event_fields(draw: st.DrawFn) -> dict[str, Any]:
    """An event by a few people in a few places; its time is in days and minutes before tomorrow."""
    kind = draw(st.sampled_from(["user_activity", "endpoint_usage", "feature_usage"]))
    own: dict[str, st.SearchStrategy[Any]] = {
        "user_activity": {
            "event_type": st.sampled_from(["login", "logout"]),
            "session_id": st.sampled_from([None, "s", "t"]),
        },
        "endpoint_usage": {
            "method": st.sampled_from(["GET", "POST"]),
            "endpoint": st.sampled_from(["/a", "/b"]),
            "status_code": st.sampled_from([None, 200, 499, 500]),
            "duration_ms": st.none() | st.sampled_from([0.0, 500.0, 2000.0]) | st.floats(0.01, 5000),
        },
        "feature_usage": {
            "feature_name": st.sampled_from(["f", "g", "h"]),
            "action": st.sampled_from([None, "x", "y"]),
        },
    }[kind]
    common = {
        "ago": st.one_of(st.integers(0, 3), st.integers(-1, DAYS)),
        "minutes": st.sampled_from([0, 1, 29, 30, 31, 61, 720, 1439]),
        "user_id": st.sampled_from([None, "a", "b", "c"]),
        "deployment_type": st.sampled_from(["cloud", "self_hosted", "unknown"]),
        "installation_id": st.sampled_from([None, "i", "j"]),
        "service_name": st.sampled_from([None, "backend"]),
        "service_version": st.sampled_from([None, "1", "2"]),
    }
    return {"kind": kind} | {name: draw(strategy) for name, strategy in (own | common).items()}


EVENTS = st.lists(event_fields(), min_size=1, max_size=40)
LATE = st.lists(event_fields(), min_size=1, max_size=6)


def made(drawn: list[dict[str, Any]], received_at: datetime) -> list[Event]:
    midnight = datetime.combine(today(), time(), UTC)
    return [
        Event(
            timestamp=midnight - timedelta(days=fields["ago"]) + timedelta(minutes=fields["minutes"]),
            received_at=received_at,
            **{name: value for name, value in fields.items() if name not in {"ago", "minutes"}},
        )
        for fields in drawn
    ]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, LATE, LATE)
def test_views_answer_from_raw_events_and_rollups_together(
    connection: Connection, first: list[dict[str, Any]], late: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    """The answers are those of the definitions: before any rollup, after it, and with events that came since."""
    empty(connection)
    events = made(first, now())
    store(connection, events)
    assert_views_answer(connection, events)

    for arrivals in (late, later):
        refresh(connection)
        assert_views_answer(connection, events)
        arrived = made(arrivals, now() + timedelta(minutes=10))
        store(connection, arrived)
        events += arrived
        assert_views_answer(connection, events)
    refresh(connection)
    assert_views_answer(connection, events)


def test_several_events_of_one_moment_name_one_session(connection: Connection) -> None:
    """What a person did before belongs to it too, however many events have its id first."""
    fields: dict[str, Any] = {"kind": "user_activity", "user_id": "a", "deployment_type": "cloud", "ago": 1}
    named = {"event_type": "login", "session_id": "s", "minutes": 30}
    events = made([fields | {"event_type": "login", "minutes": 10}, fields | named, fields | named], now())
    store(connection, events)

    assert_views_answer(connection, events)
    with connection.begin():
        assert connection.execute(text("select max(sessions) from exact_sessions")).scalar_one() == 1


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_events_that_are_deleted_count_no_more(connection: Connection, drawn: list[dict[str, Any]]) -> None:
    """When all days are compared, a day that lost events is counted anew, and whoever is gone is gone from it."""
    empty(connection)
    events = made(drawn, now())
    store(connection, events)
    refresh(connection)

    with connection.begin():
        for table in ("user_activity", "endpoint_usage", "feature_usage"):
            connection.execute(text(f"delete from analytics_{table} where user_id = 'a' or installation_id = 'i'"))
    kept = [event for event in events if event.user_id != "a" and event.installation_id != "i"]
    refresh(connection, all_days=True)

    assert_views_answer(connection, kept)
    assert rollups.unrolled_days(connection) == []


@pytest.fixture
def played(connection: Connection, database_url: str) -> Connection:
    """A database with a demo in it."""
    ingest = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(32))
    with fill.by_writer(StoreSettings(database_url=database_url)) as send:
        for _ in fill.fill(ingest, send, days=50, events=3000, people=40, seed=7, now=now(), as_they_came=True):
            pass
    return connection


def test_views_answer_on_a_demo(played: Connection) -> None:
    """Thousands of events with all that a demo has, before and after they are rolled up."""
    events = stored(played)

    assert len(events) > 1000
    assert_views_answer(played, events)
    assert refresh(played) >= 49
    assert_views_answer(played, events)


@pytest.mark.parametrize(
    "steps",
    [["test", "test_set", "test_run:created"], ["test:viewed", "test:viewed", "test"], ["project"], ["nothing"]],
)
@pytest.mark.parametrize(("hours", "deployment"), [(1, "all"), (24 * 7, "cloud")])
def test_the_funnel_takes_its_steps_in_order(played: Connection, steps: list[str], hours: int, deployment: str) -> None:
    """Each step later than the one before, all within the window, from any beginning; a use is one step."""
    since = now() - timedelta(days=30)
    window = timedelta(hours=hours)
    expected = list(expected_views.funnel(stored(played), steps, window, since, deployment))

    source = "feature_funnel(:steps, :window, :since, :deployment)"
    found = rows(played, source, steps=steps, window=window, since=since, deployment=deployment)

    assert ordered(expected) == found


def rolled_up(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rollups but the times at which they were made."""
    with connection.begin():
        tables = connection.execute(
            text("""
                select relname
                from pg_class
                where relkind = 'r'
                    and relname ~ '^analytics_(daily|weekly|cohort|ret|pe|inst)'
            """)
        ).scalars()
        names = list(tables)
    return {name: rows(connection, name) for name in names}


def test_a_day_that_is_counted_again_stays_as_it_is(played: Connection) -> None:
    """Refreshing is idempotent, day by day, in any order."""
    refresh(played)
    before = rolled_up(played)

    for ago in (0, 20, 3, 3):
        rollups.refresh_day(played, today() - timedelta(days=ago))

    assert before == rolled_up(played)


def test_a_run_that_is_interrupted_is_taken_up_again(played: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days that were done stay done, the views are right in between, and the next run does the others."""
    events = stored(played)
    done: list[object] = []
    refresh_day = rollups.refresh_day

    def interrupted(connection: Connection, day: Any) -> None:
        if len(done) == 20:
            raise InterruptedError
        refresh_day(connection, day)
        done.append(day)

    with monkeypatch.context() as patched:
        patched.setattr(rollups, "refresh_day", interrupted)
        with pytest.raises(InterruptedError):
            refresh(played)
    assert_views_answer(played, events)

    again = refresh(played)

    assert len({event.day for event in events}) - 20 == again
    assert_views_answer(played, events)


def test_what_came_late_counts_at_once_for_its_day(connection: Connection) -> None:
    """An event of a day that was rolled up long ago is in the answer as soon as it is stored."""
    long_ago = now() - timedelta(days=40)
    first = Event(kind="user_activity", timestamp=long_ago, received_at=long_ago, user_id="a")
    late = Event(kind="user_activity", timestamp=long_ago, received_at=now() + timedelta(minutes=10), user_id="b")
    store(connection, [first])
    refresh(connection)
    before = rows(connection, "daily_active_users where deployment_type = 'all' order by day limit 1")

    store(connection, [late])
    after = rows(connection, "daily_active_users where deployment_type = 'all' order by day limit 1")

    assert (before[0][2], after[0][2]) == (1, 2)
