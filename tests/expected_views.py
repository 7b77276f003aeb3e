"""The views' definitions a second time, independently: plain Python over all events, without rollups and without haste.

Each function takes the events and today's date, and returns the rows of the view of its name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any
from uuid import UUID, uuid4

Row = tuple[Any, ...]

DAY = timedelta(days=1)
SILENCE = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event as it is stored; `kind` is its table without the prefix."""

    kind: str
    timestamp: datetime
    received_at: datetime
    user_id: str | None = None
    deployment_type: str = "cloud"
    installation_id: str | None = None
    service_name: str | None = None
    service_version: str | None = None
    event_type: str = "login"
    session_id: str | None = None
    method: str = "GET"
    endpoint: str = "/tests"
    status_code: int | None = None
    duration_ms: float | None = None
    feature_name: str = "test_run"
    action: str | None = None
    id: UUID = field(default_factory=uuid4)

    @property
    def day(self) -> date:
        """The UTC day it happened on."""
        return self.timestamp.astimezone(UTC).date()


def by_type(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each deployment type, and of all."""
    typed: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        typed[event.deployment_type].append(event)
        typed["all"].append(event)
    return typed


def active_days(events: Iterable[Event]) -> dict[str, set[date]]:
    """The days on which each person was active."""
    days: dict[str, set[date]] = defaultdict(set)
    for event in events:
        if event.user_id is not None:
            days[event.user_id].add(event.day)
    return days


def ratio(part: float | Decimal, whole: int, digits: int = 4) -> Decimal | None:
    """part/whole, rounded; None where there is no whole."""
    if not whole:
        return None
    return (Decimal(part) / whole).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def days_between(first: date, last: date) -> Iterator[date]:
    """Each day from one to another, both included."""
    for number in range((last - first).days + 1):
        yield first + number * DAY


def monday(day: date) -> date:
    """The beginning of a day's week."""
    return day - day.weekday() * DAY


def daily_active_users(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        people = active_days(typed)
        logins = {(one.user_id, one.day) for one in typed if (one.kind, one.event_type) == ("user_activity", "login")}
        if not people:
            continue

        def active(last: date, days: int, people: dict[str, set[date]] = people) -> int:
            return sum(any(last - days * DAY < day <= last for day in theirs) for theirs in people.values())

        for day in days_between(min(min(days) for days in people.values()), today):
            dau, wau, mau = (active(day, days) for days in (1, 7, 30))
            logged_in = sum(one is not None and then == day for one, then in logins)
            yield day, kind, dau, wau, mau, ratio(dau, mau), logged_in


def _start(period: str, day: date) -> date:
    return monday(day) if period == "week" else day.replace(day=1)


def _next(period: str, start: date) -> date:
    return start + 7 * DAY if period == "week" else (start + 31 * DAY).replace(day=1)


def retention_cohorts(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        for period in ("week", "month"):
            cohorts: dict[date, list[set[date]]] = defaultdict(list)
            for days in active_days(typed).values():
                cohorts[_start(period, min(days))].append({_start(period, day) for day in days})
            for cohort, people in cohorts.items():
                start, age = cohort, 0
                while start <= today:
                    retained = sum(start in periods for periods in people)
                    complete = _next(period, start) <= today
                    yield period, cohort, age, kind, len(people), retained, ratio(retained, len(people)), complete
                    start, age = _next(period, start), age + 1


def retention_n_day(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        people = active_days(typed).values()
        for cohort_day in {min(days) for days in people}:
            cohort = [days for days in people if min(days) == cohort_day]
            for n in (1, 7, 14, 30):
                if cohort_day + n * DAY < today:
                    retained = sum(cohort_day + n * DAY in days for days in cohort)
                    yield cohort_day, n, kind, len(cohort), retained, ratio(retained, len(cohort))


def user_lifecycle(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        people = [{monday(day) for day in days} for days in active_days(typed).values()]
        if not people:
            continue
        week = min(min(weeks) for weeks in people)
        while week <= today:
            before = week - 7 * DAY
            new = sum(min(weeks) == week for weeks in people)
            returning = sum(week in weeks and before in weeks for weeks in people)
            resurrected = sum(week in weeks and before not in weeks and min(weeks) < week for weeks in people)
            dormant = sum(before in weeks and week not in weeks for weeks in people)
            yield week, kind, new, returning, resurrected, dormant
            week += 7 * DAY


def feature_adoption(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        uses: dict[tuple[date, str, str | None], list[Event]] = defaultdict(list)
        first: dict[tuple[str, str | None], date] = {}
        for event in typed:
            if event.kind == "feature_usage":
                feature = (event.feature_name, event.action)
                uses[event.day, *feature].append(event)
                first[feature] = min(event.day, first.get(feature, event.day))
        for (day, name, action), used in uses.items():
            active = {event.user_id for event in typed if event.day == day} - {None}
            users = len({event.user_id for event in used} - {None})
            if day <= today:
                yield day, name, action, kind, users, len(used), ratio(users, len(active)), first[name, action]


def endpoint_performance(events: list[Event], today: date) -> Iterator[Row]:
    """Quantiles are the exact ones."""
    for kind, typed in by_type(events).items():
        requests: dict[tuple[date, str, str], list[Event]] = defaultdict(list)
        for event in typed:
            if event.kind == "endpoint_usage" and event.day <= today:
                requests[event.day, event.method, event.endpoint].append(event)
        for (day, method, endpoint), those in requests.items():
            yield day, method, endpoint, kind, *performance(those)


def endpoint_performance_between(events: list[Event], first_day: date, last_day: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        requests: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in typed:
            if event.kind == "endpoint_usage" and first_day <= event.day <= last_day:
                requests[event.method, event.endpoint].append(event)
        for (method, endpoint), those in requests.items():
            yield method, endpoint, kind, *performance(those)


def performance(requests: list[Event]) -> Row:
    """requests, errors, error_rate, avg_ms, p50_ms, p95_ms, p99_ms, apdex."""
    timed = sorted(event.duration_ms for event in requests if event.duration_ms is not None)
    errors = sum((event.status_code or 0) >= 500 for event in requests)
    satisfaction = Decimal(0)
    for event in requests:
        if event.duration_ms is not None and (event.status_code or 0) < 500:
            satisfaction += Decimal(1) if event.duration_ms <= 500 else Decimal("0.5") * (event.duration_ms <= 2000)
    total = sum(Decimal(repr(duration)).quantize(Decimal("0.001"), ROUND_HALF_UP) for duration in timed)
    quantiles = [timed[ceil(percent * len(timed) / 100) - 1] if timed else None for percent in (50, 95, 99)]
    return (
        len(requests),
        errors,
        ratio(errors, len(requests)),
        ratio(total, len(timed), 3),
        *quantiles,
        ratio(satisfaction, len(timed)),
    )


def _sessions_of(events: list[Event]) -> Iterator[tuple[str | None, list[datetime]]]:
    """The sessions of one day and deployment type: who, and the times of the events."""
    named: dict[str, list[Event]] = defaultdict(list)
    people: dict[str | None, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda one: (one.timestamp, one.session_id is None, one.session_id or "")):
        people[event.user_id].append(event)
    for user_id, theirs in people.items():
        for run in _runs(theirs):
            names = [event.session_id for event in run if event.session_id]
            if not names:
                if user_id is not None:
                    yield user_id, [event.timestamp for event in run]
                continue
            name = names[0]
            for event in run:
                name = event.session_id or name
                if user_id is not None or event.session_id:
                    named[name].append(event)
    for members in named.values():
        known = sorted({event.user_id for event in members if event.user_id is not None})
        yield (known[-1] if known else None), [event.timestamp for event in members]


def _runs(events: list[Event]) -> Iterator[list[Event]]:
    run: list[Event] = []
    for event in events:
        if run and event.timestamp - run[-1].timestamp > SILENCE:
            yield run
            run = []
        run.append(event)
    if run:
        yield run


def sessions(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        for day in {event.day for event in typed if event.day <= today}:
            those = [event for event in typed if event.day == day and event.kind != "endpoint_usage"]
            found = list(_sessions_of(those))
            if not found:
                continue
            lengths = sorted((max(times) - min(times)).total_seconds() for _, times in found)
            median, p90 = (
                Decimal(str(lengths[ceil(percent * len(lengths) / 100) - 1])).quantize(Decimal("0.001"), ROUND_HALF_UP)
                for percent in (50, 90)
            )
            known = [who for who, _ in found if who is not None]
            yield day, kind, len(found), median, p90, ratio(len(known), len(set(known)))


def version_adoption(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        versions: dict[tuple[date, str | None, str | None], list[Event]] = defaultdict(list)
        for event in typed:
            versions[event.day, event.service_name, event.service_version].append(event)
        for (day, name, version), those in versions.items():
            if day <= today:
                installations = {event.installation_id for event in those} - {None}
                users = {event.user_id for event in those} - {None}
                yield day, name, version, kind, len(installations), len(users)


def installations(events: list[Event], today: date) -> Iterator[Row]:
    days: dict[str, set[date]] = defaultdict(set)
    for event in events:
        if event.installation_id is not None:
            days[event.installation_id].add(event.day)
    if not days:
        return
    for day in days_between(min(min(theirs) for theirs in days.values()), today):
        active = sum(day in theirs for theirs in days.values())
        new = sum(day == min(theirs) for theirs in days.values())
        silent = [day - number * DAY for number in range(14)]
        gone = sum(
            day - 14 * DAY in theirs and not any(quiet in theirs for quiet in silent) for theirs in days.values()
        )
        yield day, active, new, gone


def deployment_mix(events: list[Event], today: date) -> Iterator[Row]:
    for kind, typed in by_type(events).items():
        for day in {event.day for event in typed if event.day <= today}:
            those = [event for event in typed if event.day == day]
            yield day, kind, len({event.user_id for event in those} - {None}), len(those)


def funnel(
    events: list[Event], steps: list[str], window: timedelta, since: datetime, deployment: str = "all"
) -> Iterator[Row]:
    uses: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        is_use = event.kind == "feature_usage" and event.timestamp >= since
        if is_use and event.user_id is not None and deployment in {"all", event.deployment_type}:
            uses[event.user_id].append(event)
    reached = [sum(_depth(theirs, steps, window) > number for theirs in uses.values()) for number in range(len(steps))]
    for number, step in enumerate(steps):
        yield number + 1, step, reached[number], ratio(reached[number], reached[0])


def _depth(events: list[Event], steps: list[str], window: timedelta) -> int:
    """How many steps a person took, from whichever beginning leads furthest; each next step as early as can be."""
    return max((_depth_from(start, events, steps, window) for start in _uses(events, steps[0])), default=0)


def _depth_from(start: datetime, events: list[Event], steps: list[str], window: timedelta) -> int:
    depth, at = 1, start
    for step in steps[1:]:
        later = [time for time in _uses(events, step) if at < time <= start + window]
        if not later:
            break
        depth, at = depth + 1, min(later)
    return depth


def _uses(events: list[Event], step: str) -> list[datetime]:
    name, _, action = step.partition(":")
    return [one.timestamp for one in events if one.feature_name == name and action in {"", one.action}]


VIEWS: dict[str, Callable[[list[Event], date], Iterator[Row]]] = {
    view.__name__: view
    for view in (
        daily_active_users,
        retention_cohorts,
        retention_n_day,
        user_lifecycle,
        feature_adoption,
        endpoint_performance,
        sessions,
        version_adoption,
        installations,
        deployment_mix,
    )
}
