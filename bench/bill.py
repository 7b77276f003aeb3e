"""What a load costs a month on Google Cloud: from CPU-seconds and bytes, by the list prices."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, exp, inf

from bench.prices import GIB, MONTH_DAYS, MONTH_HOURS, MONTH_SECONDS, PRICES, Prices, Tier
from bench.service_times import ServiceTimes
from bench.sizes import Sizes

TARGET = 0.6
"""How busy the autoscaler lets CPUs and slots be (docs.cloud.google.com/run/docs/about-instance-autoscaling)."""
CONCURRENCY = 16
"""As functions.*.concurrency in terraform/variables.tf."""
INGEST_GIB, STORE_GIB, MAINTAIN_GIB = 1.0, 0.5, 1.0
PUBLISH_SECONDS, COMMIT_SECONDS, PUSH_SECONDS = 0.02, 0.005, 0.01
"""What is waited for in the cloud beside CPU: for Pub/Sub's acknowledgement, for Cloud SQL's commit, for a push to
arrive. Assumed."""
PEAK = 1.6
"""The busiest moment of a day by its mean, as in `bench.fleet`."""
MAINTENANCE_SECONDS = 600
"""As maintenance.run.schedule in terraform/variables.tf."""
SLICE_SECONDS = 30.0
"""As maintain/rollups.py has it."""
_START_SECONDS = 1.2
"""A cold start of maintain (bench/results/imports.md)."""
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Load:
    """What comes, and how long it stays."""

    events_per_day: float
    events_per_request: float = 20
    retention_days: int = 365
    mirror: bool = False

    @property
    def requests_per_second(self) -> float:
        """On average over a day."""
        return self.events_per_day / self.events_per_request / _DAY_SECONDS

    @property
    def stored_events(self) -> float:
        """Once it has come for as long as it is kept."""
        return self.events_per_day * self.retention_days


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a bill: how it is calculated, and the dollars."""

    item: str
    how: str
    dollars: float


def billed_instances(requests_per_second: float, cpu_seconds: float, wait_seconds: float, prices: Prices) -> float:
    """How many instances of a function are billed, on average.

    While one is enough, the share of time in which it has a request in hand, each rounded up; once it is not, as many
    as the autoscaler needs to keep CPUs and slots at their target.
    """
    latency = cpu_seconds + wait_seconds
    needed = requests_per_second / TARGET * max(cpu_seconds, latency / CONCURRENCY)
    return max(needed, 1 - exp(-requests_per_second * max(latency, prices.rounded_up_to_seconds)))


def maintenance_seconds(load: Load, times: ServiceTimes) -> float:
    """What a run of maintain takes, on average: it counts today, so far half a day, and compares what is stored.

    All of it while that fits into a slice, then a slice, then as much as makes a pass each day.
    """
    all_days = times.compare_event * load.stored_events
    compared = min(all_days, max(SLICE_SECONDS, all_days * MAINTENANCE_SECONDS / _DAY_SECONDS))
    return compared + times.count_event * load.events_per_day / 2


def database_cores(load: Load, times: ServiceTimes) -> float:
    """The CPUs of Postgres that are busy at the busiest moment: writing, each request by itself, and with maintain."""
    requests = load.requests_per_second * PEAK
    writing = times.cpu_seconds(requests, requests, requests * load.events_per_request)["postgres"]
    return writing + min(maintenance_seconds(load, times) / MAINTENANCE_SECONDS, 1.0)


def tier_for(cores: float, prices: Prices = PRICES) -> Tier:
    """The smallest instance of which these are at most the target."""
    return next((tier for tier in prices.tiers if cores <= tier.cpus * TARGET), prices.tiers[-1])


def bill(load: Load, times: ServiceTimes, sizes: Sizes, prices: Prices = PRICES) -> Iterator[Line]:
    """A month's bill, once there are as many events as are kept."""
    tier = tier_for(database_cores(load, times), prices)
    yield Line("database", f"{tier.name}, {MONTH_HOURS} h × {tier.hour:.4f}", MONTH_HOURS * tier.hour)
    yield from _disk(load, sizes, prices)
    yield from _functions(load, times, prices)
    yield from _bus(load, sizes, prices)
    yield Line("secrets, images, alerts", "", prices.else_)
    if load.mirror:
        yield from bigquery(load, sizes, prices)


def total(lines: Iterable[Line]) -> float:
    """The sum of a bill."""
    return sum(line.dollars for line in lines)


def always_on(load: Load, rows_per_cpu_second: float, prices: Prices = PRICES) -> Iterator[Line]:
    """What a collector and a processor on Cloud Run cost that are always on, instead of functions and bus.

    Each has an instance of 1 CPU and 512 MiB, the processor as many as its inserts need at the busiest moment.
    """
    events_per_second = load.events_per_day / _DAY_SECONDS * PEAK
    processors = max(ceil(events_per_second / rows_per_cpu_second / TARGET), 1)
    hour = prices.always_on_cpu_second + 0.5 * prices.always_on_gib_second
    for name, count in (("collector", 1), ("processor", processors)):
        how = f"{count} × {MONTH_SECONDS:,} s × {hour:.6f}"
        yield Line(f"{name}, always on", how, count * MONTH_SECONDS * hour)


def _disk(load: Load, sizes: Sizes, prices: Prices) -> Iterator[Line]:
    stored = load.stored_events * (sizes.postgres_event + sizes.postgres_counted_event) / GIB
    gib = max(stored, prices.least_disk_gib)
    yield Line("its disk", f"{gib:,.0f} GiB × {prices.disk_gib}", gib * prices.disk_gib)
    yield Line("its backups", f"{gib:,.0f} GiB × {prices.backup_gib}", gib * prices.backup_gib)


def _functions(load: Load, times: ServiceTimes, prices: Prices) -> Iterator[Line]:
    rate, events = load.requests_per_second, load.events_per_request
    cpu = times.cpu_seconds(1, 1, events)
    ingest = billed_instances(rate, cpu["ingest"], PUBLISH_SECONDS, prices) * MONTH_SECONDS
    store = billed_instances(rate, cpu["store"], COMMIT_SECONDS, prices) * MONTH_SECONDS
    run = min(_START_SECONDS + maintenance_seconds(load, times), MAINTENANCE_SECONDS)
    maintain = run / MAINTENANCE_SECONDS * MONTH_SECONDS
    readers = 2 if load.mirror else 1
    seconds = ingest + readers * store + maintain
    memory = INGEST_GIB * ingest + readers * STORE_GIB * store + MAINTAIN_GIB * maintain
    millions = rate * MONTH_SECONDS * (1 + readers) / 1e6
    yield _beyond("functions: CPU", seconds, prices.free_cpu_seconds, "s", prices.cpu_second)
    yield _beyond("functions: memory", memory, prices.free_gib_seconds, "GiB s", prices.gib_second)
    yield _beyond("functions: requests", millions, prices.free_million_requests, "million", prices.million_requests)


def _bus(load: Load, sizes: Sizes, prices: Prices) -> Iterator[Line]:
    messages = load.requests_per_second * MONTH_SECONDS
    size = sizes.message_bytes(load.events_per_request)
    moved = messages * max(size, prices.pubsub_least_bytes) * (3 if load.mirror else 2) / GIB
    yield _beyond("Pub/Sub: in and out", moved, prices.pubsub_free_gib, "GiB", prices.pubsub_gib)
    kept = messages * size * 7 / MONTH_DAYS / GIB
    yield Line(
        "Pub/Sub: a week's messages",
        f"{kept:,.1f} GiB × {prices.pubsub_retained_gib}",
        kept * prices.pubsub_retained_gib,
    )


def bigquery(load: Load, sizes: Sizes, prices: Prices) -> Iterator[Line]:
    """What BigQuery takes to write and keep the events."""
    written = load.events_per_day * MONTH_DAYS * sizes.bigquery_event / GIB
    yield _beyond("BigQuery: written", written, prices.bigquery_free_written_gib, "GiB", prices.bigquery_written_gib)
    active = load.events_per_day * min(load.retention_days, prices.bigquery_active_days) * sizes.bigquery_event / GIB
    old = load.stored_events * sizes.bigquery_event / GIB - active
    how = f"{active:,.0f} GiB × {prices.bigquery_active_gib} + {old:,.0f} GiB × {prices.bigquery_long_term_gib}"
    dollars = active * prices.bigquery_active_gib + old * prices.bigquery_long_term_gib
    yield Line("BigQuery: stored", how, dollars)


def _beyond(item: str, used: float, free: float, unit: str, price: float) -> Line:
    shown = ",.0f" if used >= 100 else ",.2f"
    if used <= free:
        return Line(item, f"{used:{shown}} {unit}, free", 0.0)
    less = f"({used:{shown}} - {free:,.0f})" if 0 < free < inf else f"{used:{shown}}"
    return Line(item, f"{less} {unit} × {price:.7g}", (used - free) * price)
