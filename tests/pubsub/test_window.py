import time

import pytest

from clocks import Clock
from telemetry_local.pubsub.window import Window


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def succeed(window: Window) -> None:
    window.start(1)
    window.succeed(1)


def fail(window: Window) -> None:
    window.start(1)
    window.fail(1)


def test_it_grows_while_messages_are_acknowledged() -> None:
    """From a few requests to 32 at once, and never more."""
    window = Window()
    first = window.room()

    for _ in range(100):
        succeed(window)

    assert first < 32 == window.room()


def test_what_is_under_way_takes_room() -> None:
    """Room is what the window leaves."""
    window = Window()
    room = window.room()

    for _ in range(room):
        window.start(1)

    assert window.room() == 0


def test_large_messages_fill_it_sooner() -> None:
    """About 10 MB may be under way, however few messages that are."""
    window = Window()

    window.start(9_000_000)
    after_one = window.room()
    window.start(9_000_000)
    after_two = window.room()
    window.succeed(9_000_000)

    assert after_one > 0 == after_two
    assert window.room() > 0


def test_it_shrinks_and_pauses_on_failures(clock: Clock) -> None:
    """Each round of failures halves it, down to one, and the pauses double, up to two seconds."""
    window = Window()
    pauses = []
    for _ in range(8):
        fail(window)
        assert window.room() == 0
        pauses.append(round(window.pause_seconds(), 3))
        clock.seconds += window.pause_seconds()

    assert window.room() == 1
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2]


def test_a_round_of_failures_is_one_failure(clock: Clock) -> None:
    """Requests that were under way together and fail together shrink it once."""
    window = Window()
    for _ in range(100):
        succeed(window)

    for _ in range(32):
        window.start(1)
    for _ in range(32):
        window.fail(1)
    clock.seconds += 1

    assert window.room() == 16
