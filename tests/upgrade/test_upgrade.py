"""What older versions left: their messages, their rows, and they themselves, beside the newest on one schema."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from recordings import LAST_MIGRATION, RecordedStore, Recording, recordings
from store_under_test import StoreUnderTest, serving
from stored_events import assert_views_answer, stored
from telemetry_pipeline import bus, contract
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate
from telemetry_pipeline.maintain.run import engine_of, run
from telemetry_pipeline.settings import DatabaseSettings, MaintainSettings

MONTHS = 120
"""Recordings grow old, and these tests are about upgrades, not about retention."""

EngineOf = Callable[[str], Engine]
Row = dict[str, Any]

pytestmark = pytest.mark.parametrize("recording", recordings(), ids=lambda one: one.name)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], StoreUnderTest]]:
    """Starts the newest `store` on the database at a URL."""
    with serving(monkeypatch) as start:
        yield start


@pytest.fixture
def engine_at() -> Iterator[EngineOf]:
    """Connects to the database at a URL, as a recorded `store` does."""
    engines: list[Engine] = []

    def make(url: str) -> Engine:
        engines.append(connect(DatabaseSettings(database_url=url), "recorded", 2, statement_seconds=0))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


def rows_in(engine: Engine) -> dict[str, list[Row]]:
    """All events, by table, in the columns that there are."""
    with engine.connect() as connection:
        return {
            event.table: list(
                connection.execute(text(f"select to_jsonb(one) from {event.table} as one order by id")).scalars()
            )
            for event in contract.EVENTS
        }


def maintain(url: str) -> None:
    """Run the newest maintenance, whose views hide nobody."""
    settings = MaintainSettings(database_url=url, retention_months=MONTHS, k_anonymity=1)
    engine = engine_of(settings)
    run(engine, settings)
    engine.dispose()


def count(rows: dict[str, list[Row]]) -> int:
    """Of all tables."""
    return sum(map(len, rows.values()))


def test_the_newest_store_reads_its_messages(
    recording: Recording,
    serve: Callable[[str], StoreUnderTest],
    database_url: str,
    empty_database_url: str,
    engine_at: EngineOf,
) -> None:
    """Each span is the row that the version itself would have written, and none is rejected or put aside."""
    before, now = engine_at(empty_database_url), engine_at(database_url)
    migrate.upgrade(before, LAST_MIGRATION[recording.name])
    old = RecordedStore(recording, before)
    for number in range(len(recording.messages)):
        old.store(number)
    new = serve(database_url)

    assert [new.push(message).status_code for message in recording.messages] == [204] * len(recording.messages)

    assert count(rows_in(now)) == recording.spans
    assert rows_in(before) == rows_in(now)
    assert (new.count("analytics_rejected_spans"), new.count("analytics_parked_messages")) == (0, 0)


def test_its_database_is_migrated(
    recording: Recording, serve: Callable[[str], StoreUnderTest], empty_database_url: str, engine_at: EngineOf
) -> None:
    """No row is lost or changed, the numbers are those of the rows, and a message that comes again adds nothing."""
    engine = engine_at(empty_database_url)
    migrate.upgrade(engine, LAST_MIGRATION[recording.name])
    old = RecordedStore(recording, engine)
    for number in range(len(recording.messages)):
        old.store(number)
    before = rows_in(engine)

    maintain(empty_database_url)
    maintain(empty_database_url)

    assert rows_in(engine) == before
    with engine.connect() as connection:
        assert_views_answer(connection, stored(connection))
    new = serve(empty_database_url)
    assert [new.push(message).status_code for message in recording.messages] == [204] * len(recording.messages)
    assert rows_in(engine) == before


def test_it_goes_on_beside_the_newest(
    recording: Recording, serve: Callable[[str], StoreUnderTest], database_url: str, engine_at: EngineOf
) -> None:
    """While one is replaced by the other both are pushed to, the same messages too: each event is stored once."""
    engine = engine_at(database_url)
    old, new = RecordedStore(recording, engine), serve(database_url)
    numbers = list(range(len(recording.messages))) * 4
    messages = [recording.messages[number] for number in numbers]

    with ThreadPoolExecutor(2) as of_old, ThreadPoolExecutor(2) as of_new:
        olds = of_old.map(old.store, numbers)
        news = of_new.map(new.push, reversed(messages))
        list(olds)
        assert {answer.status_code for answer in news} <= {204, 503}
    assert [new.push(message).status_code for message in recording.messages] == [204] * len(recording.messages)

    assert count(rows_in(engine)) == recording.spans
    maintain(database_url)
    with engine.connect() as connection:
        assert_views_answer(connection, stored(connection))


def test_its_messages_say_what_they_are(recording: Recording) -> None:
    """Which contract they were written under: a reader that knows only older ones leaves them to a newer version."""
    assert {message.attributes["contract_version"] for message in recording.messages} == {
        str(recording.contract_version)
    }
    for message in recording.messages:
        payload = bus.unpack(message.data)
        assert bus.CONTRACT_VERSION.encode() in payload
