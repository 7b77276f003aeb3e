"""What Google Cloud charges: list prices of us-central1 in dollars, without taxes and discounts, as of November 2026.

None of them could be checked against an account: they are from public pages and from general knowledge. Look them up
(cloud.google.com/products/calculator) before you rely on a sum. terraform/README.md calculates with the same ones.
"""

from dataclasses import dataclass, field

GIB = 2**30
MONTH_DAYS = 30
MONTH_SECONDS = MONTH_DAYS * 86_400
MONTH_HOURS = 730


@dataclass(frozen=True, slots=True)
class Tier:
    """A size of a Cloud SQL instance; `hour` is its price."""

    name: str
    cpus: float
    hour: float


def _custom(cpus: int, gib: float) -> Tier:
    return Tier(f"db-custom-{cpus}-{gib * 1024:.0f}", cpus, cpus * 0.0413 + gib * 0.0070)


TIERS = (
    Tier("db-f1-micro", 0.2, 0.0105),
    *(_custom(cpus, cpus * 3.75) for cpus in (1, 2, 4, 8, 16, 32, 64, 96)),
)
"""The Enterprise edition's, from small to large. The share of a CPU that db-f1-micro may use for long is a guess."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by unit; what is free is by month and billing account."""

    # Cloud Run, tier 1 regions: cloud.google.com/run/pricing.
    cpu_second: float = 0.000024
    gib_second: float = 0.0000025
    million_requests: float = 0.40
    free_cpu_seconds: float = 180_000
    free_gib_seconds: float = 360_000
    free_million_requests: float = 2
    rounded_up_to_seconds: float = 0.1
    """An instance is billed from the first request that it has in hand to the end of the last, rounded up to this."""
    always_on_cpu_second: float = 0.000018
    always_on_gib_second: float = 0.000002

    # Pub/Sub: cloud.google.com/pubsub/pricing.
    pubsub_gib: float = 40 / 1024
    pubsub_free_gib: float = 10
    pubsub_least_bytes: int = 1000
    """What each publish request and each push is billed for at least."""
    pubsub_retained_gib: float = 0.27

    # Cloud SQL for PostgreSQL, edition Enterprise: cloud.google.com/sql/pricing.
    disk_gib: float = 0.17
    backup_gib: float = 0.08
    least_disk_gib: float = 10

    # BigQuery: cloud.google.com/bigquery/pricing.
    bigquery_active_gib: float = 0.02
    bigquery_long_term_gib: float = 0.01
    bigquery_active_days: int = 90
    bigquery_written_gib: float = 0.025
    bigquery_free_written_gib: float = 2048

    bigquery_read_tib: float = 6.25

    # Dataflow, streaming: cloud.google.com/dataflow/pricing.
    dataflow_cpu_hour: float = 0.069
    dataflow_gib_hour: float = 0.003557

    # Secrets, images, alerts.
    else_: float = 2.0

    tiers: tuple[Tier, ...] = field(default=TIERS)


PRICES = Prices()
