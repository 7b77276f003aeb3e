"""A person's choice is judged when the event happens, and taking it back takes effect at once."""

import asyncio
import contextvars
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import SimpleNamespace

import pytest

from recorder import Recorder, answering, rejecting, silent
from rhesis_telemetry import (
    Delivery,
    client,
    consent,
    contract,
    feature_usage,
    flush_telemetry,
    new_receipt,
    request_erasure,
    set_telemetry_enabled,
    telemetry_counts,
    telemetry_for,
    track_feature_usage,
    track_user_activity,
    user_activity,
    withdrawals,
)
from waiting import until


def names(recorder: Recorder) -> list[object]:
    assert flush_telemetry()
    return [event["feature.name"] for event in recorder.events]


def test_nothing_is_sent_before_a_decision(telemetry: Recorder) -> None:
    """Nor for somebody who said no, nor for who agreed to an older contract."""
    track_feature_usage("before")
    set_telemetry_enabled(False, "u")
    track_feature_usage("no")
    set_telemetry_enabled(True, "u", consent_version=contract.VERSION - 1)
    track_feature_usage("older")
    set_telemetry_enabled(True, "u", consent_version=None)
    track_feature_usage("unknown")
    set_telemetry_enabled(True, "u")
    track_feature_usage("yes")

    assert names(telemetry) == ["yes"]


def test_events_carry_the_version_they_were_consented_under(telemetry: Recorder) -> None:
    """Also a later one than this package's, after a step back."""
    set_telemetry_enabled(True, "u", consent_version=contract.VERSION + 1)
    track_feature_usage("f")
    assert flush_telemetry()

    assert telemetry.events[0]["telemetry.consent.version"] == contract.VERSION + 1


def test_disabling_discards_what_waits_of_that_person(telemetry: Recorder) -> None:
    """And of nobody else; what is tracked afterwards is not sent either."""
    with telemetry_for(True, "other"):
        track_feature_usage("other's")
    set_telemetry_enabled(True, "u")
    track_feature_usage("discarded")
    set_telemetry_enabled(False, "u")
    track_feature_usage("never")

    assert names(telemetry) == ["other's"]
    assert telemetry_counts().discarded == 1


def test_somebody_without_an_id_takes_nothing_back(telemetry: Recorder) -> None:
    """Of others without one."""
    set_telemetry_enabled(True, None)
    track_feature_usage("anonymous")
    set_telemetry_enabled(False, None)

    assert names(telemetry) == ["anonymous"]


def test_disabling_discards_what_could_not_be_sent_yet(telemetry: Recorder) -> None:
    """An event that was on its way when the server was busy does not go out with the next attempt."""
    telemetry.answer = answering(503, headers="Retry-After: 0\r\n")
    set_telemetry_enabled(True, "u")
    track_feature_usage("discarded")
    assert not flush_telemetry()
    set_telemetry_enabled(False, "u")
    telemetry.answer = answering()
    telemetry.requests.clear()

    assert flush_telemetry()
    assert telemetry.requests == []


def test_disabling_while_a_request_is_under_way(telemetry: Recorder) -> None:
    """What the server does not take is not tried again."""
    reached, go_on = threading.Event(), threading.Event()

    def hesitate(connection: object) -> None:
        reached.set()
        go_on.wait(10)
        answering(503)(connection)  # type: ignore[arg-type]

    telemetry.answer = hesitate
    set_telemetry_enabled(True, "u")
    track_feature_usage("discarded")
    flushing = threading.Thread(target=flush_telemetry)
    flushing.start()
    assert reached.wait(10)
    set_telemetry_enabled(False, "u")
    go_on.set()
    flushing.join(10)

    assert telemetry_counts().discarded == 1
    assert telemetry_counts().waiting == 0


def test_withdrawing_reaches_all_processes(telemetry: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker's events of that person are discarded; what happens after a new yes is not."""
    withdraw = "import rhesis_telemetry as t; t.initialize_telemetry(); t.withdraw_telemetry('u')"
    with telemetry_for(True, "other"):
        track_feature_usage("other's")
    with telemetry_for(True, "u"):
        track_feature_usage("discarded")
        subprocess.run([sys.executable, "-c", withdraw], check=True, stderr=subprocess.DEVNULL)
        track_feature_usage("again")

    assert names(telemetry) == ["other's", "again"]
    assert telemetry_counts().discarded == 1
    assert client.active is not None
    assert withdrawals.recent(client.active.settings).keys() == {consent.hashed("u")}
    monkeypatch.setattr(withdrawals, "KEPT_SECONDS", 0)
    assert withdrawals.recent(client.active.settings) == {}
    assert list((client.active.settings.directory / "withdrawn").iterdir()) == []


def test_erasure_is_asked_for_also_by_who_was_disabled(telemetry: Recorder) -> None:
    """In the same channel, with the same pseudonym, and without consent's version: it needs none."""
    set_telemetry_enabled(True, "u")
    track_feature_usage("discarded")
    set_telemetry_enabled(False, "u")

    assert request_erasure("u") is Delivery.DELIVERED
    assert telemetry.events == [{"event.category": "erasure_request", "user.id": consent.hashed("u")}]
    assert telemetry.spans[0].name == "erasure.request"
    assert telemetry.requests[0].path == "/v1/traces"


def test_a_receipt_is_asked_for_by_a_token(telemetry: Recorder) -> None:
    """Each is another, the request carries it, and what others could guess is none."""
    token = new_receipt()

    assert request_erasure("u", receipt=token) is Delivery.DELIVERED
    assert telemetry.events[0]["erasure.receipt"] == token != new_receipt()
    for guessable in ("short", "a" * 129, "/" * 22):
        with pytest.raises(ValueError, match="22 to 128"):
            request_erasure("u", receipt=guessable)


def test_erasure_discards_what_waits(telemetry: Recorder) -> None:
    """Which would have to be erased again."""
    set_telemetry_enabled(True, "u")
    track_feature_usage("discarded")

    assert request_erasure("u") is Delivery.DELIVERED
    assert len(telemetry.events) == 1


def test_erasure_waits_for_a_server_that_is_away(telemetry: Recorder) -> None:
    """It says so, and disabling does not discard it."""
    telemetry.answer = answering(503)
    assert request_erasure("u") is Delivery.WAITING
    set_telemetry_enabled(False, "u")
    telemetry.answer = answering()
    telemetry.requests.clear()

    assert flush_telemetry()
    assert len(telemetry.requests) == 1


def test_erasure_does_not_wait_longer_than_it_is_told(telemetry: Recorder) -> None:
    """However long the server thinks."""
    telemetry.answer = silent(telemetry)

    assert request_erasure("u", seconds=0.1) is Delivery.WAITING


@pytest.mark.parametrize("answer", [answering(400), answering(401), rejecting(1)])
def test_erasure_that_is_refused_is_told(telemetry: Recorder, answer: Callable[..., None]) -> None:
    """It will never arrive."""
    telemetry.answer = answer

    assert request_erasure("u") is Delivery.IMPOSSIBLE


def test_too_many_requests_are_told(telemetry: Recorder) -> None:
    """A request that does not fit is not taken for one that waits."""
    telemetry.answer = answering(503)
    deliveries = [request_erasure(number, seconds=0) for number in range(300)]

    assert deliveries.count(Delivery.IMPOSSIBLE) == 300 - 256


def test_people_at_the_same_time_are_not_mixed_up(telemetry: Recorder) -> None:
    """Each task has its own decision."""

    async def act(number: int) -> None:
        with consent.request():
            set_telemetry_enabled(number % 2 == 0, number)
            await asyncio.sleep(0)
            await asyncio.to_thread(track_feature_usage, f"f{number}")

    async def all_at_once() -> None:
        await asyncio.gather(*map(act, range(20)))

    asyncio.run(all_at_once())
    assert flush_telemetry()

    found = {(event["feature.name"], event["user.id"]) for event in telemetry.events}
    assert found == {(f"f{number}", consent.hashed(number)) for number in range(0, 20, 2)}


def test_a_decision_in_a_thread_holds_for_the_rest_of_its_request(telemetry: Recorder) -> None:
    """Frameworks run synchronous dependencies in threads, with a copy of the context."""
    with consent.request(), ThreadPoolExecutor(1) as pool:
        pool.submit(contextvars.copy_context().run, set_telemetry_enabled, True, "u").result()
        track_feature_usage("inside")
    track_feature_usage("outside")

    assert names(telemetry) == ["inside"]


def test_a_decision_outside_of_a_request_is_the_contexts_own(telemetry: Recorder) -> None:
    """A copy of the context can't change it for the others."""
    set_telemetry_enabled(True, "u")
    contextvars.copy_context().run(set_telemetry_enabled, False, "somebody else")
    track_feature_usage("still")

    assert names(telemetry) == ["still"]


def test_blocks_and_functions(telemetry: Recorder) -> None:
    """Synchronous and asynchronous; what fails was not done, and its exception passes."""

    @feature_usage("decorated", "called")
    def double(number: int) -> int:
        return 2 * number

    @feature_usage("decorated async")
    async def double_later(number: int) -> int:
        return 2 * number

    @feature_usage("failed")
    def fail() -> None:
        raise KeyError

    async def asynchronous() -> int:
        async with feature_usage("async block"):
            return await double_later(2)

    with telemetry_for(True, "u"):
        with feature_usage("block"):
            assert double(2) == 4
        assert asyncio.run(asynchronous()) == 4
        with pytest.raises(KeyError):
            fail()
        with user_activity("logout", "s"):
            pass
    assert flush_telemetry()

    assert [event.get("feature.name", event.get("event.type")) for event in telemetry.events] == [
        "decorated",
        "block",
        "decorated async",
        "async block",
        "logout",
    ]


@pytest.mark.parametrize(
    ("decided", "enabled", "version", "deployment", "agrees"),
    [
        (False, False, None, "self_hosted", False),
        (False, False, None, "unknown", False),
        (False, False, None, "cloud", True),
        (False, True, None, "self_hosted", False),
        (True, False, contract.VERSION, "cloud", False),
        (True, True, contract.VERSION, "self_hosted", True),
        (True, True, contract.VERSION - 1, "cloud", False),
        (True, True, None, "cloud", False),
    ],
)
def test_who_agrees(decided: bool, enabled: bool, version: int | None, deployment: str, agrees: bool) -> None:
    """Nobody before they were asked, but in the cloud; nobody who agreed to less than is collected now."""
    user = SimpleNamespace(
        telemetry_enabled=enabled,
        telemetry_decided_at=datetime(2026, 11, 25) if decided else None,
        telemetry_consent_version=version,
    )

    assert consent.agrees(user, deployment) is agrees  # type: ignore[arg-type]


def test_what_waits_is_sent_by_itself(telemetry: Recorder) -> None:
    """Within the interval, without anybody who flushes."""
    set_telemetry_enabled(True, "u")
    track_user_activity("login")

    until(lambda: telemetry.events, 20)
