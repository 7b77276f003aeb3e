"""What happens: people sit down, log in, use features and so the API, which has a slow endpoint and an incident."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

_INCIDENT_HOURS = (13.0, 15.0)
_INCIDENT_FAILS = 0.4
_SITTINGS = (1, 1, 1, 2, 2, 3)
_FEATURE_SHARE = 0.32
_LOGOUT_SHARE = 0.35
_PAGES = ("/projects", "/tests", "/test_sets", "/test_runs", "/test_runs/{id}", "/settings")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint, how often it is called, how long it takes and how often it fails."""

    method: str
    route: str
    weight: float
    median_ms: float
    spread: float = 0.6
    fails: float = 0.002


ENDPOINTS = (
    Endpoint("GET", "/projects", 10, 35),
    Endpoint("GET", "/projects/{id}", 8, 28),
    Endpoint("GET", "/tests", 14, 60),
    Endpoint("GET", "/tests/{id}", 9, 30),
    Endpoint("POST", "/tests", 4, 90),
    Endpoint("PUT", "/tests/{id}", 3, 85),
    Endpoint("DELETE", "/tests/{id}", 1, 45),
    Endpoint("GET", "/test_sets", 9, 55),
    Endpoint("GET", "/test_sets/{id}", 6, 40),
    Endpoint("POST", "/test_sets/generate", 1.5, 1900, 0.8, 0.03),
    Endpoint("GET", "/test_runs", 11, 75),
    Endpoint("GET", "/test_runs/{id}", 12, 95, 0.8),
    Endpoint("POST", "/test_runs", 2.5, 240, 0.7, 0.008),
    Endpoint("GET", "/test_runs/{id}/export", 1, 700, 0.9, 0.01),
    Endpoint("GET", "/users/settings", 5, 18),
    Endpoint("GET", "/organizations/{id}", 3, 22),
)

FEATURES: Sequence[tuple[str, str | None, float, int]] = (
    ("project", "created", 1, 0),
    ("project", "viewed", 9, 0),
    ("test", "created", 5, 0),
    ("test", "viewed", 14, 0),
    ("test", "edited", 4, 0),
    ("test_set", "created", 2.5, 0),
    ("test_set", "viewed", 8, 0),
    ("test_set", "generated", 1.5, 0),
    ("test_run", "created", 4, 0),
    ("test_run", "viewed", 10, 0),
    ("test_run", "exported", 0.8, 1),
    ("metric", "created", 0.7, 1),
    ("comparison", "viewed", 2, 2),
    ("assistant", "asked", 5, 3),
    ("search", None, 3, 0),
)
"""Name, action, weight, and the release that brings it."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: `seconds` after midnight; `content` are its attributes besides the person's."""

    category: str
    seconds: float
    content: tuple[tuple[str, str | int | float], ...]


class Stage:
    """Plays a person's days."""

    def __init__(self) -> None:
        self._endpoints = list(accumulate(one.weight for one in ENDPOINTS))
        self._features = list(accumulate(weight for _, _, weight, _ in FEATURES))

    def sitting(self, random: Random, events: int, release: int, *, is_incident_day: bool) -> Iterator[Happening]:
        """One sitting of about so many events."""
        at = min(86_000.0, max(0.0, random.gauss(13.5, 3.2) * 3600))
        yield Happening("user_activity", at, (("event.type", "login"),))
        for _ in range(events - 1):
            at += random.expovariate(1 / 55)
            if at >= 86_390:
                return
            if random.random() < _FEATURE_SHARE:
                yield self._feature(random, at, release)
            else:
                yield self._request(random, at, release, is_incident_day=is_incident_day)
        if random.random() < _LOGOUT_SHARE:
            yield Happening("user_activity", at + 5, (("event.type", "logout"),))

    def page_view(self, random: Random) -> Happening:
        """An anonymous page view."""
        content = (("feature.name", "page_view"), ("feature.action", "viewed"), ("page.path", random.choice(_PAGES)))
        return Happening("feature_usage", random.random() * 86_399, content)

    def _feature(self, random: Random, at: float, release: int) -> Happening:
        name, action, _, since = FEATURES[bisect(self._features, random.random() * self._features[-1])]
        if release < since:
            name, action = "test", "viewed"
        if action is None:
            return Happening("feature_usage", at, (("feature.name", name),))
        return Happening("feature_usage", at, (("feature.name", name), ("feature.action", action)))

    def _request(self, random: Random, at: float, release: int, *, is_incident_day: bool) -> Happening:
        endpoint = ENDPOINTS[bisect(self._endpoints, random.random() * self._endpoints[-1])]
        duration = endpoint.median_ms * random.lognormvariate(0, endpoint.spread)
        if release >= 2 and endpoint.route == "/tests":
            duration *= 2.5  # the release that made the list of tests slow
        fails = endpoint.fails
        if is_incident_day and _INCIDENT_HOURS[0] * 3600 <= at < _INCIDENT_HOURS[1] * 3600:
            fails, duration = _INCIDENT_FAILS, duration * 6
        status = 503 if random.random() < fails else 200 if random.random() < 0.97 else 404
        content = (
            ("http.request.method", endpoint.method),
            ("http.route", endpoint.route),
            ("http.response.status_code", status),
            ("duration_ms", float(f"{duration:.3g}")),
        )
        return Happening("endpoint_usage", at, content)


def sittings(random: Random, events: int) -> list[int]:
    """A day's events, shared out among sittings."""
    count = min(random.choice(_SITTINGS), max(1, events // 3))
    return [events // count] * count
