"""`telemetry dead-letters`: nothing is lost by looking, and what is replayed is on the bus before it is forgotten."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exports import LOGIN, span, traces
from messages import ingested
from pubsub.bus import Bus, bus_at
from telemetry_pipeline import bus as form
from telemetry_pipeline import cli
from telemetry_pipeline.cli.queue import REPLAYED_WITHIN_DAYS
from waiting import until

DAY_NANOSECONDS = 86_400 * 10**9
STORY = {
    "CloudPubSubDeadLetterSourceDeliveryCount": "20",
    "CloudPubSubDeadLetterSourceSubscription": "events-store",
}


class Graveyard:
    """An events topic, what reads it, and its dead letters."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.topic = bus.topic()
        self.reader = bus.subscription(self.topic)
        self.dead = bus.topic()
        self.letters = bus.subscription(self.dead)

    def bury(self, message: form.Message) -> str:
        """Make a dead letter; its id."""
        (one,) = self.bus.publish(self.dead, message.data, **message.attributes, **STORY)
        return one

    def telemetry(self, *arguments: str, answer: str = "") -> Result:
        command, *rest = arguments
        names = [f"--topic={self.topic}", f"--subscription={self.letters}"]
        return CliRunner().invoke(cli.main, ["--settings=/none", "dead-letters", command, *names, *rest], input=answer)

    def has_left(self, *ids: str) -> bool:
        """Whether soon these letters are there, and no others; what was given back comes after a moment's backoff."""

        def look() -> bool:
            received = self.bus.take(self.letters, 100)
            if received:
                self.bus.nack(self.letters, *received)
            return {one.message.message_id for one in received} == {*ids}

        return until(look, 5)


@pytest.fixture
def graveyard(bus_host: str) -> Iterator[Graveyard]:
    with bus_at(bus_host) as bus:
        yield Graveyard(bus)


def message(logins: int = 1, days_ago: float = 0) -> form.Message:
    received = time.time_ns() - int(days_ago * DAY_NANOSECONDS)
    times = {"start_time_unix_nano": received, "end_time_unix_nano": received}
    return ingested(traces(*(span(LOGIN, **times) for _ in range(logins))), received)


def test_a_list_leaves_all_where_they_are(graveyard: Graveyard) -> None:
    """Each letter has a line, and can be had by others at once."""
    ids = {graveyard.bury(message(3)), graveyard.bury(message(4))}

    done = graveyard.telemetry("list")

    assert done.exit_code == 0, done.output
    assert set(re.findall("^([0-9]+) +20", done.stdout, re.MULTILINE)) == ids
    assert "2 dead letters" in done.stdout
    assert [count in done.stdout for count in ("      3  events-store", "      4  events-store")] == [True, True]
    assert graveyard.has_left(*ids)


def test_what_is_shown_identifies_nobody(graveyard: Graveyard) -> None:
    """Times and counts, and why; no pseudonym, no value of an event."""
    one, other = graveyard.bury(message(2)), graveyard.bury(message())

    done = graveyard.telemetry("show", one)

    assert done.exit_code == 0, done.output
    assert "2 of analytics_user_activity" in done.stdout
    assert "events-store" in done.stdout
    assert "the reader or its database was away" in done.stdout
    assert "login" not in done.stdout
    assert not re.findall("[0-9a-f]{32}", done.stdout)
    assert graveyard.has_left(one, other)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"\xff not ours", "it can't be read"), (b"", "it can't be read")],
)
def test_what_can_never_be_stored_says_so(graveyard: Graveyard, data: bytes, why: str) -> None:
    """And that it is to be discarded."""
    (one,) = graveyard.bus.publish(graveyard.dead, data, **STORY, alice="alice@example.com")

    done = graveyard.telemetry("show", one)

    assert why in done.stdout
    assert "discard it" in done.stdout
    assert "alice" not in done.stdout


def test_a_replayed_letter_is_on_the_topic_as_it_was(graveyard: Graveyard) -> None:
    """Its data is the same, Pub/Sub's story of its death is gone, and so is the letter; others stay."""
    buried = message(5)
    one, other = graveyard.bury(buried), graveyard.bury(message())

    done = graveyard.telemetry("replay", one)

    assert done.exit_code == 0, done.output
    assert "replayed 1 messages with 5 events" in done.stdout
    (again,) = graveyard.bus.take(graveyard.reader)
    assert again.message.data == buried.data
    assert {**again.message.attributes} == {**buried.attributes, "replayed": "true"}
    assert graveyard.has_left(other)


def test_all_are_replayed_once(graveyard: Graveyard) -> None:
    """A second time there is nothing left to do."""
    for _ in range(20):
        graveyard.bury(message())

    first, second = graveyard.telemetry("replay", "--all"), graveyard.telemetry("replay", "--all")

    assert "replayed 20 messages with 20 events" in first.stdout, first.output
    assert "replayed 0 messages" in second.stdout
    assert len(graveyard.bus.take(graveyard.reader, 100)) == 20


def test_what_bus_refuses_stays_dead(graveyard: Graveyard) -> None:
    """A letter is forgotten only after Pub/Sub has its copy."""
    one = graveyard.bury(message())
    graveyard.bus.publisher.delete_topic(topic=graveyard.topic)

    done = graveyard.telemetry("replay", "--all")

    assert done.exit_code == 1
    assert "Pub/Sub refused" in done.output
    graveyard.bus.publisher.create_topic(name=graveyard.topic)
    assert graveyard.has_left(one)


def test_what_is_too_old_stays_dead(graveyard: Graveyard) -> None:
    """People who asked to be erased are not remembered for ever: what is older than that could bring them back."""
    old = graveyard.bury(message(days_ago=REPLAYED_WITHIN_DAYS + 0.1))
    (unknown,) = graveyard.bus.publish(graveyard.dead, b"no time", **STORY)
    graveyard.bury(message(days_ago=REPLAYED_WITHIN_DAYS - 0.1))

    done = graveyard.telemetry("replay", "--all")

    assert "replayed 1 messages" in done.stdout, done.output
    assert "left 2" in done.stdout
    assert graveyard.has_left(old, unknown)


def test_discarding_asks_first(graveyard: Graveyard) -> None:
    """No answer, or a no, changes nothing; yes deletes what is named, `--yes` asks nobody."""
    one, other = graveyard.bury(message()), graveyard.bury(message())

    for answer in ("", "n\n"):
        assert graveyard.telemetry("discard", one, answer=answer).exit_code == 1
        assert graveyard.has_left(one, other)
    assert "discarded 1" in graveyard.telemetry("discard", one, answer="y\n").stdout
    assert graveyard.has_left(other)
    assert "discarded 1" in graveyard.telemetry("discard", "--all", "--yes").stdout
    assert graveyard.has_left()
    assert graveyard.bus.take(graveyard.reader) == []


def test_mistakes_are_named(graveyard: Graveyard) -> None:
    """A letter that is not there, no letter named, and no queue."""
    one = graveyard.bury(message())

    assert "there is no dead letter 999999" in graveyard.telemetry("show", "999999").output
    assert "give --all" in graveyard.telemetry("replay").output
    assert "give --all" in graveyard.telemetry("discard", one, "--all", "--yes").output
    nowhere = CliRunner().invoke(cli.main, ["--settings=/none", "dead-letters", "list"])
    assert "RHESIS_EVENTS_TOPIC" in nowhere.output
    elsewhere = CliRunner().invoke(
        cli.main, ["--settings=/none", "dead-letters", "list", "--topic=projects/demo/topics/none"]
    )
    assert "Pub/Sub refused" in elsewhere.output
    assert graveyard.has_left(one)


def test_the_usual_names(tmp_path: Path, bus_host: str) -> None:
    """Without names it is the topic of the settings, and the subscription that Terraform and the local stack make."""
    name = f"usual-{tmp_path.name}"
    with bus_at(bus_host) as bus:
        bus.publisher.create_topic(name=f"projects/demo/topics/{name}")
        bus.subscriber.create_subscription(
            name=f"projects/demo/subscriptions/{name}-dead-letter", topic=f"projects/demo/topics/{name}"
        )
        settings = tmp_path / "settings.env"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RHESIS_EVENTS_TOPIC", f"projects/demo/topics/{name}")
            done = CliRunner().invoke(cli.main, [f"--settings={settings}", "dead-letters", "list"])

    assert "0 dead letters" in done.output
