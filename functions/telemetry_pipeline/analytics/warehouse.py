"""The views and what they stand on, made in BigQuery.

Each file of bigquery/ is a query with `${dataset}` in place of PROJECT.DATASET, which Terraform's `templatefile` fills
in as well.
"""

from string import Template

from google.cloud import bigquery

from telemetry_pipeline.analytics import VIEWS, definition, explanation

_BELOW = ("user_activity", "endpoint_usage", "feature_usage", "events", "person_days")
"""What the views are made of, each after those that it uses."""

ARGUMENTS = {
    "endpoint_performance_between": "first_day date, last_day date",
    "feature_funnel": "steps array<string>, time_limit interval, since timestamp, deployment string",
}
"""The questions that have parameters are table functions."""


def install(client: bigquery.Client, dataset: str) -> None:
    """Make the views of this version in PROJECT.DATASET, in place of those that are there."""
    for name in _BELOW:
        client.query(_create(name, definition("bigquery", f"events/{name}"), dataset)).result()
    for name in VIEWS:
        client.query(_create(name, definition("bigquery", name), dataset)).result()


def _create(name: str, definition: str, dataset: str) -> str:
    query = Template(definition).substitute(dataset=dataset)
    if name in ARGUMENTS:
        return f"create or replace table function `{dataset}.{name}`({ARGUMENTS[name]}) as (\n{query})"
    return (
        f"create or replace view `{dataset}.{name}` options (description = {_literal(explanation(query))}) as\n{query}"
    )


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{escaped}"""'
