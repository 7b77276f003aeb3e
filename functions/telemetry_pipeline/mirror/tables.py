"""BigQuery's tables as schemas/ defines them: Terraform makes them in the cloud, and this where there is no Terraform.

Both read the columns from schemas/bigquery/; the rest is written here and in Terraform, and explained in
docs/bigquery.md.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from google.cloud import bigquery

from telemetry_pipeline import contract

EXPIRY_DAYS = contract.RETENTION_MONTHS * 61 // 2
"""How long a day's partition is kept: 12 months are 366 days."""

CLUSTERED_BY = ("user_id", "deployment_type")
"""One person's rows lie together in each day, so that erasing them rewrites few blocks."""

HISTORY = "analytics_history"
FIRST_DAYS = "analytics_first_days"
"""What `maintain` writes for the days whose events are gone."""

LINKS = "analytics_pseudonym_links"
"""What `maintain` writes while two keys overlap."""

_SCHEMAS = Path(__file__).parents[3] / "schemas" / "bigquery"


def create(client: bigquery.Client, dataset: str) -> None:
    """Make the dataset PROJECT.DATASET and its tables, where they are missing."""
    client.create_dataset(dataset, exists_ok=True)
    for table in _tables(dataset):
        client.create_table(table, exists_ok=True)


def _tables(dataset: str) -> Iterator[bigquery.Table]:
    for event in contract.EVENTS:
        table = bigquery.Table(f"{dataset}.{event.table}", schema=columns(event))
        table.time_partitioning = _by_day("timestamp")
        table.require_partition_filter = True
        table.clustering_fields = CLUSTERED_BY
        yield table
    yield bigquery.Table(f"{dataset}.{HISTORY}", schema=_columns(_SCHEMAS / "history" / f"{HISTORY}.json"))
    first_days = bigquery.Table(f"{dataset}.{FIRST_DAYS}", schema=_columns(_SCHEMAS / "history" / f"{FIRST_DAYS}.json"))
    first_days.time_partitioning = _by_day("last_day")
    yield first_days
    yield bigquery.Table(f"{dataset}.{LINKS}", schema=_columns(_SCHEMAS / "history" / f"{LINKS}.json"))


def _by_day(column: str) -> bigquery.TimePartitioning:
    return bigquery.TimePartitioning(
        type_=bigquery.TimePartitioningType.DAY,
        field=column,
        expiration_ms=timedelta(days=EXPIRY_DAYS) // timedelta(milliseconds=1),
    )


def columns(event: contract.Event) -> list[bigquery.SchemaField]:
    """The columns of an event's table."""
    return _columns(_SCHEMAS / f"{event.table}.json")


def _columns(file: Path) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField.from_api_repr(column) for column in json.loads(file.read_text())]
