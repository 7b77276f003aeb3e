"""A data set with every edge in it, from a seed: as requests that an app sends, for what reads the bus to read."""

import random
import time
from collections.abc import Iterator

from opentelemetry.proto.trace.v1.trace_pb2 import Span

import exports
from messages import ingested
from telemetry_pipeline import bus

DAYS = 75
PEOPLE = 40
INSTALLATIONS = 8

DAY = 86_400 * 10**9
MINUTE = 60 * 10**9

FEATURES = ("project", "test_set", "test_run", "page_view")
ACTIONS = ("created", "viewed", None)
ROUTES = ("/tests", "/projects/{id}", "/test_runs/{id}/export")
DURATIONS = (0, 1_000_000, 1_234_500, 500_000_000, 500_000_001, 2_000_000_000, 2_000_000_001)
"""In nanoseconds, on both sides of where apdex has its bounds."""
TYPES = ("cloud", "self_hosted", None)


def messages(seed: int, days: int = DAYS, days_ago: int = 0, *, rotated: bool | None = None) -> Iterator[bus.Message]:
    """The data set's messages, as they came in so many days up to now, or up to a day that is some time ago.

    Some of their events, by a wrong clock, lie in the hours after that. They came before a rotation of the key or after
    it; every other one, unless `rotated` says so of all.
    """
    dice = random.Random(seed)
    now = time.time_ns() - days_ago * DAY
    for number in range(INSTALLATIONS):
        for position, version in enumerate(("1.0.0", "1.1.0", None)):
            resource = {
                "service.name": dice.choice(("backend", "frontend")),
                "service.version": version,
                "rhesis.installation.id": f"installation-{number}" if number else None,
                "deployment.type": dice.choice(TYPES),
            }
            told = {key: value for key, value in resource.items() if value is not None}
            spans = [span for _ in range(dice.randrange(4, 12)) for span in _visit(dice, now, days)]
            spans += _returns(dice, now, days, f"regular-{number}-{version}")
            after = (number + position) % 2 == 1 if rotated is None else rotated
            yield ingested(exports.traces(*spans, resource=told), now, rotated=after)


def _visit(dice: random.Random, now: int, days: int) -> Iterator[Span]:
    """What somebody did at one time, with pauses short and long; people come less often the later they joined."""
    person = min(int(dice.expovariate(0.08)), PEOPLE)
    user = f"user-{person}" if person else None
    session = f"session-{dice.getrandbits(20)}" if dice.random() < 0.6 else None
    at = now - int(dice.triangular(-0.4, days * (1 - person / PEOPLE / 2), 0) * DAY)
    for _ in range(dice.randrange(1, 9)):
        at += dice.choice((0, 1, 5, 29, 30, 31, 90)) * MINUTE + dice.choice((0, 0, dice.randrange(10**9)))
        if at > now + DAY // 2:
            return
        yield _span(dice, at, {"user.id": user, "session.id": session if dice.random() < 0.7 else None})


def _returns(dice: random.Random, now: int, days: int, user: str) -> Iterator[Span]:
    """Somebody who comes again after as many days as the views have bounds for, and one more or less."""
    at = now - days * DAY + dice.randrange(DAY)
    while at < now:
        yield _span(dice, at, {"user.id": user})
        at += dice.choice((1, 6, 7, 8, 13, 14, 15, 29, 30, 31)) * DAY


def _span(dice: random.Random, at: int, who: dict[str, object]) -> Span:
    content = who | dice.choice((_activity, _request, _use))(dice)
    if dice.random() < 0.1:
        content["deployment.type"] = "cloud"
    kept = {key: value for key, value in content.items() if value is not None}
    identity = dice.randbytes(24)
    took = dice.choice((*DURATIONS, dice.randrange(10**10)))
    return exports.span(
        kept,
        trace_id=identity[:16],
        span_id=identity[16:],
        start_time_unix_nano=at,
        # A request that ends before it begins has no duration.
        end_time_unix_nano=at + took if dice.random() < 0.9 else at - 1,
    )


def _activity(dice: random.Random) -> dict[str, object]:
    return {"event.category": "user_activity", "event.type": dice.choice(("login", "logout", "session_start"))}


def _request(dice: random.Random) -> dict[str, object]:
    return {
        "event.category": "endpoint_usage",
        "http.request.method": dice.choice(("GET", "POST")),
        "http.route": dice.choice(ROUTES),
        "http.response.status_code": dice.choice((200, 200, 404, 499, 500, 503, None)),
        "metadata.plan": dice.choice(("trial", None)),
        "session.id": None,
    }


def _use(dice: random.Random) -> dict[str, object]:
    return {
        "event.category": "feature_usage",
        "feature.name": dice.choice(FEATURES),
        "feature.action": dice.choice(ACTIONS),
        "session.id": None,
    }
