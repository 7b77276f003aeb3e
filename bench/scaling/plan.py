"""How many instances a load needs, by the model, and what is the first to give out."""

from dataclasses import dataclass, replace
from math import ceil

from bench.bill import COMMIT_SECONDS, CONCURRENCY, PEAK, PUBLISH_SECONDS, PUSH_SECONDS, TARGET, tier_for
from bench.prices import Tier
from bench.scaling.model import Instances, Outcome, Pipeline, Plant, Push
from bench.service_times import ServiceTimes

POOL_SIZE = 2
"""As functions.store.database_pool_size in terraform/variables.tf."""
_WARM_UP_SECONDS = 2.0
_REQUESTS = 6000
"""About how many are looked at."""
_LEAST_SECONDS, _MOST_SECONDS = 3.0, 600.0
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Need:
    """What a load of events a second, on average over a day, needs at its busiest moment."""

    events_per_second: float
    events_per_request: int
    ingest: int
    store: int
    tier: Tier
    seen: Outcome

    @property
    def connections(self) -> int:
        """To the database."""
        return self.store * POOL_SIZE


def simulate(
    times: ServiceTimes,
    requests_per_second: float,
    events_per_request: int,
    ingest: int,
    store: int,
    database_cores: float,
    seed: int = 1,
) -> Outcome:
    """A steady load on so many instances in the cloud."""
    cloud = replace(times, publish_wait=PUBLISH_SECONDS, commit_wait=COMMIT_SECONDS)
    pipeline = Pipeline(
        Plant(
            cloud,
            Instances(ingest, CONCURRENCY),
            Instances(store, CONCURRENCY),
            pool_size=POOL_SIZE,
            database_cores=database_cores,
            push=Push(seconds=PUSH_SECONDS),
        ),
        seed,
    )
    pipeline.arrive(requests_per_second, events_per_request)
    pipeline.warm(_WARM_UP_SECONDS)
    seconds = min(max(_REQUESTS / requests_per_second, _LEAST_SECONDS), _MOST_SECONDS)
    pipeline.env.run(_WARM_UP_SECONDS + seconds)
    return pipeline.outcome()


def need(times: ServiceTimes, events_per_second: float, events_per_request: int, seed: int = 1) -> Need:
    """The instances that the autoscaler comes to: the fewest with CPUs and slots at their target or below."""
    rate = events_per_second * PEAK / events_per_request
    cpu = times.cpu_seconds(rate, rate, rate * events_per_request)
    ingest, store = ceil(cpu["ingest"] / TARGET), ceil(cpu["store"] / TARGET)
    tier = tier_for(cpu["postgres"])
    for _ in range(_ROUNDS):
        seen = simulate(times, rate, events_per_request, ingest, store, max(tier.cpus, 0.2), seed)
        wanted = (
            _instances(seen.ingest_busy, seen.ingest_slots),
            _instances(seen.store_busy, seen.store_slots),
            tier_for(seen.database_busy),
        )
        if wanted == (ingest, store, tier):
            break
        ingest, store, tier = wanted
    return Need(events_per_second, events_per_request, ingest, store, tier, seen)


def _instances(busy: float, in_hand: float) -> int:
    return max(ceil(busy / TARGET), ceil(in_hand / CONCURRENCY / TARGET), 1)
