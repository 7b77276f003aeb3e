"""The drill of docs/backup.md: events, a backup, a disaster, a restore, a replay; nothing is lost, nobody is back."""

import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

import seeded
from documented import commands
from expected_views import VIEWS, Event, Row
from exports import ENDPOINT, FEATURE, LOGIN, span, traces
from messages import EPOCH, KEY, ingested
from postgres import free_port, migrate_to_head, server_directory
from rotation import as_linked
from stack import TELEMETRY, environment
from store_under_test import StoreUnderTest, serving
from stored_events import assert_views_answer, rows, stored
from telemetry_local.postgres import Postgres
from telemetry_pipeline import bus, cli
from telemetry_pipeline.database import connect
from telemetry_pipeline.privacy import Pseudonymiser
from telemetry_pipeline.settings import DatabaseSettings

PAGE = "backup.md"
HOUR = 3_600 * 10**9
TIMEOUT_SECONDS = 120
DATABASE = "telemetry"


def pseudonym(user: str) -> str:
    return str(Pseudonymiser(KEY, EPOCH).pseudonym("user", user))


class Place:
    """A Postgres server of its own with the pipeline's database, the function `store` on it, and `telemetry` for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = Postgres(server_directory(), free_port(), {"fsync": "off"})
        self.server.start()
        self.server.create_database(DATABASE)
        self.url = self.server.url(DATABASE)
        migrate_to_head(self.url)
        self.engine = connect(DatabaseSettings(database_url=self.url), "tests")
        self._monkeypatch = monkeypatch
        self._closing = ExitStack()
        self._destroyed = False

    @cached_property
    def store(self) -> StoreUnderTest:
        """From its first use on; there is one `store` at a time in a process."""
        return self._closing.enter_context(serving(self._monkeypatch))(self.url)

    def push(self, messages: list[bus.Message]) -> None:
        """What the subscription delivers, and what it delivers again once it was sought back."""
        assert [self.store.push(message).status_code for message in messages] == [204] * len(messages)

    def maintain(self) -> None:
        variables = {"RHESIS_DATABASE_URL": self.url, "RHESIS_DATABASE_INSTANCE": "", "RHESIS_K_ANONYMITY": "1"}
        done = CliRunner().invoke(cli.main, ["maintain", "--now"], env=variables)
        assert done.exit_code == 0, done.output

    def run(self, line: str, directory: Path) -> None:
        """Run a line of the page, as it stands there."""
        name, *arguments = shlex.split(line)
        assert name == ".venv/bin/telemetry"
        done = subprocess.run(
            [*TELEMETRY, *arguments],
            env=environment() | {"RHESIS_DATABASE_URL": self.url},
            cwd=directory,
            capture_output=True,
            check=False,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        assert done.returncode == 0, done.stderr

    def count(self, user: str) -> int:
        return sum(
            self.store.count(f"analytics_{table} where user_id = '{pseudonym(user)}'")
            for table in ("user_activity", "endpoint_usage", "feature_usage")
        )

    def connection(self) -> Connection:
        return self.engine.connect()

    def destroy(self) -> None:
        if not self._destroyed:
            self._destroyed = True
            self._closing.close()
            self.engine.dispose()
            self.server.stop()
            shutil.rmtree(self.server.directory)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Place]]:
    """Where it ran, and where it is restored to."""
    made: list[Place] = []
    try:
        made += [Place(monkeypatch), Place(monkeypatch)]
        yield made
    finally:
        for place in made:
            place.destroy()


def lines(about: str) -> list[str]:
    """The page's commands that have a word in them."""
    found = [line for line in commands(PAGE) if about in line and ".venv/bin/telemetry" in line]
    assert found, about
    return found


def answers(place: Place) -> dict[str, list[Row]]:
    """The rows of every view."""
    with place.connection() as connection:
        return {view: rows(connection, view) for view in VIEWS}


def restore(place: Place, directory: Path) -> None:
    for line in (*lines("drop schema"), *lines("pg-restore")):
        place.run(line, directory)


def one_of_each(user: str, hours_ago: int) -> bus.Message:
    at = time.time_ns() - hours_ago * HOUR
    spans = [
        span(content | {"user.id": user}, start_time_unix_nano=at, end_time_unix_nano=at)
        for content in (LOGIN, ENDPOINT, FEATURE)
    ]
    return ingested(traces(*spans))


def asks(user: str) -> bus.Message:
    hashed = sha256(user.encode()).hexdigest()[:16]
    return ingested(traces(span({"event.category": "erasure_request", "user.id": hashed})))


def test_a_restored_pipeline_has_every_event_once(places: list[Place], tmp_path: Path) -> None:
    """What came before the backup, what came after it and what is delivered twice; the views answer as they did."""
    old, new = places
    messages = list(seeded.messages(seed=7, days=20))
    middle = len(messages) // 2
    old.push(messages[:middle])
    old.maintain()
    for line in lines("pg-dump --format=custom"):
        old.run(line, tmp_path)
    old.push(messages[middle:])
    with old.connection() as connection:
        events = stored(connection)
    old.maintain()
    answered = answers(old)
    old.destroy()

    restore(new, tmp_path)
    with new.connection() as connection:
        restored = {event.id for event in stored(connection)}
    new.push(messages[middle // 2 :])

    with new.connection() as connection:
        found = stored(connection)
        assert 0 < len(restored) < len(events)
        assert sorted(found, key=lambda event: event.id) == sorted(events, key=lambda event: event.id)
    new.maintain()
    assert answers(new) == answered


def test_what_was_erased_stays_erased(places: list[Place], tmp_path: Path) -> None:
    """By the request that the queue still has, or by the one that was saved from the database that is given up."""
    old, new = places
    before = [one_of_each(user, 30) for user in ("alice", "bob", "carol")]
    old.push(before)
    old.maintain()
    for line in lines("pg-dump --format=custom"):
        old.run(line, tmp_path)
    old.push([asks("bob")])
    old.maintain()
    in_the_queue = [asks("alice")]
    old.push(in_the_queue)
    old.maintain()
    assert [old.count(user) for user in ("alice", "bob", "carol")] == [0, 0, 3]
    for line in lines("pg-dump --data-only --table=analytics_erasure_requests"):
        old.run(line, tmp_path)
    old.destroy()

    restore(new, tmp_path)
    assert [new.count(user) for user in ("alice", "bob", "carol")] == [3, 3, 3]
    new.push([*before, *in_the_queue])
    new.maintain()
    assert [new.count(user) for user in ("alice", "bob", "carol")] == [0, 3, 3]
    for line in (*lines("--file=requests.sql")[1:], *lines("set erased_at = null")):
        new.run(line, tmp_path)
    new.maintain()

    assert [new.count(user) for user in ("alice", "bob", "carol")] == [0, 0, 3]
    with new.connection() as connection:
        assert_views_answer(connection, stored(connection))


def test_data_alone_moves_to_another_database(places: list[Place], tmp_path: Path) -> None:
    """As it is done for another region: tables are made by migrations there, and rows come from here."""
    old, new = places
    old.push(list(seeded.messages(seed=8, days=20)))
    old.maintain()
    with old.connection() as connection:
        events = stored(connection)
        history = counts(connection)
    move = [line for line in commands("moving.md") if line.startswith(".venv/bin/telemetry p")]

    for line in move:
        (old if "pg-dump" in line else new).run(line, tmp_path)

    assert any("pg-restore" in line for line in move)
    with new.connection() as connection:
        assert sorted(stored(connection), key=lambda event: event.id) == sorted(events, key=lambda event: event.id)
        assert counts(connection) == history
        counted = as_counted(connection, events)
        assert counted != events
        assert_views_answer(connection, counted)
    new.maintain()
    with new.connection() as connection:
        assert_views_answer(connection, counted)


def as_counted(connection: Connection, events: list[Event]) -> list[Event]:
    """The events with the pseudonyms that people and installations are counted by: the key was rotated amid them."""
    with connection.begin():
        links = dict(connection.execute(text("select pseudonym, previous from analytics_pseudonym_links")).all())
    return as_linked(events, links)


def counts(connection: Connection) -> list[object]:
    """What is kept of days that are over."""
    with connection.begin():
        return list(connection.execute(text("select * from analytics_rolled_days order by day")).all())
