"""Replaying: what was lost behind the queue comes back, and what was not is left as it is."""

import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import Topic
from sqlalchemy import Engine, text

from edge import serve
from exports import FEATURE, span, traces
from messages import ingested
from pubsub.bus import Bus, bus_at
from stack import TELEMETRY
from telemetry_local.pubsub.backlog import backlog
from telemetry_pipeline import cli
from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings
from waiting import until

WEEK = Duration(seconds=7 * 24 * 3600)


class Pipeline:
    """An events topic that retains, and `store`, which it is pushed to."""

    def __init__(self, bus: Bus, bus_host: str, store_url: str, engine: Engine) -> None:
        self.bus = bus
        self.topic = bus.topic()
        self._bus_host = bus_host
        self._engine = engine
        bus.publisher.update_topic(
            topic=Topic(name=self.topic, message_retention_duration=WEEK),
            update_mask=FieldMask(paths=["message_retention_duration"]),
        )
        self._reader = bus.subscription(self.topic, push_config={"push_endpoint": store_url})

    def send(self, events: int) -> None:
        """Publish a message, as `ingest` does."""
        message = ingested(traces(*(span(FEATURE) for _ in range(events))))
        self.bus.publish(self.topic, message.data, **message.attributes)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self._engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def stored(self) -> list[tuple[Any, ...]]:
        """All rows, once the reader has acknowledged all that there is."""
        until(lambda: backlog(self._bus_host, self._reader) == 0, 30)
        return self.query("select * from analytics_feature_usage order by id")

    def lose(self) -> None:
        self.query("delete from analytics_feature_usage returning 1")

    def command(self, *arguments: str) -> list[str]:
        return ["--settings=/none", "replay", f"--topic={self.topic}", "--idle=1", *arguments]

    def replay(self, *period: str) -> tuple[int, int]:
        """Replay; how many messages and events that were."""
        done = CliRunner().invoke(cli.main, self.command(*period))
        found = re.fullmatch(r"replayed ([0-9,]+) messages with ([0-9,]+) events\n", done.stdout)
        assert found, done.output
        messages, events = (int(number.replace(",", "")) for number in found.groups())
        return messages, events


@pytest.fixture
def pipeline(bus_host: str, database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline that has stored 40 events in 4 messages."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with (
        bus_at(bus_host) as bus,
        serve("store", {"RHESIS_DATABASE_URL": database_url}, tmp_path / "store.log") as url,
    ):
        made = Pipeline(bus, bus_host, f"{url}/", engine)
        for _ in range(4):
            made.send(10)
        assert len(made.stored()) == 40
        yield made
    engine.dispose()


def at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def an_hour_ago() -> str:
    return at(datetime.now(UTC) - timedelta(hours=1))


def test_what_the_database_lost_comes_back(pipeline: Pipeline) -> None:
    """And replaying it again and again changes nothing, not a row and not a field; copies are not copied."""
    before = pipeline.stored()
    pipeline.lose()

    assert pipeline.replay(f"--from={an_hour_ago()}") == (4, 40)
    assert pipeline.stored() == before
    for _ in range(2):
        assert pipeline.replay(f"--from={an_hour_ago()}") == (4, 40)
    assert pipeline.stored() == before


def test_only_the_period_is_replayed(pipeline: Pipeline) -> None:
    """What was published before it or after it stays lost; and no subscription is left, which would retain and cost."""
    pipeline.lose()
    now = datetime.now(UTC)

    earlier = pipeline.replay(f"--from={an_hour_ago()}", f"--to={at(now - timedelta(minutes=30))}")
    until(lambda: datetime.now(UTC) > now + timedelta(seconds=1), 5)
    later = pipeline.replay(f"--from={at(now + timedelta(seconds=1))}")

    assert earlier == later == (0, 0)
    assert pipeline.stored() == []
    names = [one.name for one in pipeline.bus.subscriber.list_subscriptions(project="projects/demo")]
    assert not [name for name in names if "replay" in name]


def test_replaying_while_events_arrive_loses_and_doubles_none(pipeline: Pipeline) -> None:
    """Two replays at once, and senders beside them: each event is there, once."""

    def send() -> None:
        for _ in range(10):
            pipeline.send(5)

    command = [*TELEMETRY, *pipeline.command(f"--from={an_hour_ago()}")]
    replays = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    senders = [threading.Thread(target=send) for _ in range(3)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join()

    for replay in replays:
        output, _ = replay.communicate(timeout=60)
        assert replay.returncode == 0
        assert "replayed" in output
    assert len(pipeline.stored()) == 40 + 150


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        (("--from=2020-01-01",), "is not replayed any more"),
        (("--from=2999-01-01",), "is not before the end"),
        (("--from=yesterday",), "does not match the format"),
        (("--from=2026-01-02", "--to=2026-01-01"), "is not before the end"),
    ],
)
def test_mistakes_are_named(bus_host: str, period: tuple[str, ...], reason: str) -> None:
    """A period that can't be had changes nothing."""
    with bus_at(bus_host) as bus:
        topic = bus.topic()
        bus.publisher.update_topic(
            topic=Topic(name=topic, message_retention_duration=WEEK),
            update_mask=FieldMask(paths=["message_retention_duration"]),
        )
        done = CliRunner().invoke(cli.main, ["--settings=/none", "replay", f"--topic={topic}", *period])

    assert done.exit_code == 2
    assert reason in done.output


def test_a_topic_that_retains_nothing_says_so(bus_host: str) -> None:
    """There is nothing to replay, and what to set."""
    with bus_at(bus_host) as bus:
        command = ["--settings=/none", "replay", f"--topic={bus.topic()}", f"--from={an_hour_ago()}"]
        done = CliRunner().invoke(cli.main, command)

    assert done.exit_code == 1
    assert "retains nothing" in done.output
