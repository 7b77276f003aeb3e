"""What gives out at how many events a second: one part after the other, by what it was measured to need."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.bill import (
    COMMIT_SECONDS,
    CONCURRENCY,
    MAINTENANCE_SECONDS,
    PEAK,
    PUBLISH_SECONDS,
    PUSH_SECONDS,
    TARGET,
    Load,
)
from bench.prices import GIB, TIERS
from bench.service_times import ServiceTimes
from bench.sizes import Sizes
from telemetry_pipeline.maintain.rollups import RUN_SECONDS

DISK_TIB = 64
"""The largest disk of Cloud SQL."""
PUSHES_UNDER_WAY = 3000
"""Up to where the push window grows exponentially (cloud.google.com/pubsub/docs/push)."""

_DAY_SECONDS = 86_400
INGEST_MOST, STORE_MOST = 20, 5
MAINTAIN_SECONDS = 1800
DISK_LIMIT_GIB = 500
_PATIENCE_SECONDS = 10
_MOST = 10_000_000.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What gives out, at how many events a second (on average over a day), and what moves it."""

    what: str
    events_per_second: float
    moves: str


def limits(times: ServiceTimes, sizes: Sizes, events_per_request: int = 20) -> list[Limit]:
    """All limits, the lowest first."""
    return sorted(_limits(times, sizes, events_per_request), key=lambda one: one.events_per_second)


def _limits(times: ServiceTimes, sizes: Sizes, events_per_request: int) -> Iterator[Limit]:
    row = sizes.postgres_event + sizes.postgres_counted_event
    year, month = 365, 31

    def cores(part: str) -> Callable[[float], float]:
        def busy(events_per_second: float) -> float:
            requests = events_per_second * PEAK / events_per_request
            return times.cpu_seconds(requests, requests, requests * events_per_request)[part]

        return busy

    def comparing(days: int) -> Callable[[float], float]:
        return lambda rate: times.compare_event * Load(rate * _DAY_SECONDS, retention_days=days).stored_events

    def under_way(events_per_second: float) -> float:
        requests = events_per_second * PEAK / events_per_request
        return requests * (PUSH_SECONDS + COMMIT_SECONDS + times.cpu_seconds(1, 1, events_per_request)["store"])

    def answering(events_per_second: float) -> float:
        requests = events_per_second * PEAK / events_per_request
        return requests * (PUBLISH_SECONDS + times.cpu_seconds(1, 1, events_per_request)["ingest"])

    yield Limit(
        "`maintain` has no time to compare 12 months of events once a day",
        _highest(comparing(year), _DAY_SECONDS * RUN_SECONDS / MAINTAIN_SECONDS),
        "`retention_months`, BigQuery",
    )
    yield Limit(
        "`maintain` compares the month that it is to drop for longer than the 30 minutes that it may take",
        _highest(comparing(month), MAINTAIN_SECONDS),
        "`functions.maintain.timeout_seconds`, up to 3600",
    )
    yield Limit(
        "`maintain` counts one day for longer than the 30 minutes that it may take",
        _highest(lambda rate: times.count_event * rate * _DAY_SECONDS, MAINTAIN_SECONDS),
        "`functions.maintain.timeout_seconds`, up to 3600",
    )
    yield Limit(
        f"a question that reads today's events takes {_PATIENCE_SECONDS} s in the evening",
        _highest(lambda rate: times.ask_event * rate * _DAY_SECONDS, _PATIENCE_SECONDS),
        "BigQuery for questions of today",
    )
    yield Limit(
        "counting today takes longer than 10 minutes",
        _highest(lambda rate: times.count_event * rate * _DAY_SECONDS, MAINTENANCE_SECONDS),
        "`maintenance`: hourly",
    )
    for gib, name, moves in (
        (DISK_LIMIT_GIB, "`database.disk_size_limit_gb` (500)", "`database.disk_size_limit_gb`"),
        (DISK_TIB * 1024, f"Cloud SQL's largest disk ({DISK_TIB} TiB)", "`retention_months`, BigQuery"),
    ):
        found = _highest(lambda rate: row * rate * _DAY_SECONDS * year / GIB, gib)
        yield Limit(f"12 months fill {name}", found, moves)
    yield Limit(
        f"`store` has its {STORE_MOST} instances",
        _highest(cores("store"), STORE_MOST * TARGET),
        "`functions.store.instance_count.max`, with the database's connections",
    )
    yield Limit(
        f"`ingest` has its {INGEST_MOST} instances",
        min(
            _highest(cores("ingest"), INGEST_MOST * TARGET),
            _highest(answering, INGEST_MOST * TARGET * CONCURRENCY),
        ),
        "`functions.ingest.instance_count.max`",
    )
    for tier, name in ((TIERS[1], "the default tier"), (TIERS[-1], "the largest tier")):
        yield Limit(
            f"writing takes {TARGET:.0%} of the CPU of {tier.name}, {name}",
            _highest(cores("postgres"), tier.cpus * TARGET),
            "`database.tier`" if tier is TIERS[1] else "more events in a request; AlloyDB; several regions",
        )
    yield Limit(
        f"{PUSHES_UNDER_WAY:,} pushes are under way",
        _highest(under_way, PUSHES_UNDER_WAY),
        "more events in a request",
    )


def _highest(needs: Callable[[float], float], has: float) -> float:
    """The load of which a need that grows with it is what there is."""
    low, high = 0.0, _MOST
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if needs(middle) <= has else (low, middle)
    return low
