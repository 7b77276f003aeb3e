"""The views and what they stand on, made in BigQuery.

Each file of bigquery/ is a query with `${dataset}` in place of PROJECT.DATASET, and those of published/ with `${k}` in
place of the smallest group that is shown; Terraform's `templatefile` fills them in as well.
"""

from collections.abc import Iterator
from string import Template

from google.cloud import bigquery

from telemetry_pipeline.analytics import OPERATORS, PUBLISHED, VIEWS, definition, explanation

_BELOW = ("horizon", "user_activity", "endpoint_usage", "feature_usage", "events", "person_days")
"""What the views are made of, each after those that it uses."""

ARGUMENTS = {
    "endpoint_performance_between": "first_day date, last_day date",
    "feature_funnel": "steps array<string>, time_limit interval, since timestamp, deployment string",
}
"""The questions that have parameters are table functions."""


def install(client: bigquery.Client, dataset: str, k: int = 5) -> None:
    """Make the views of this version in PROJECT.DATASET, in place of those there; groups of fewer than k are hidden."""
    for name, sql in _definitions(k):
        client.query(_create(name, Template(sql).substitute(dataset=dataset, k=k), dataset)).result()


def _definitions(k: int) -> Iterator[tuple[str, str]]:
    """The names of all views, and their definitions, each after those that it reads."""
    for name in _BELOW:
        yield name, definition("bigquery", f"events/{name}")
    for name in VIEWS:
        yield f"exact_{name}" if name in PUBLISHED else name, definition("bigquery", name)
    for name in PUBLISHED:
        # A recursive query may not stand within another one, so that the funnel is published whole or not at all.
        is_whole = name == "feature_funnel" and k == 1
        yield name, definition("bigquery", name if is_whole else f"published/{name}")
    for name in OPERATORS:
        yield name, definition("bigquery", f"operators/{name}")


def _create(name: str, query: str, dataset: str) -> str:
    arguments = ARGUMENTS.get(name.removeprefix("exact_"))
    if arguments:
        return f"create or replace table function `{dataset}.{name}`({arguments}) as (\n{query})"
    words = explanation(definition("bigquery", name)) if name in PUBLISHED else explanation(query)
    return f"create or replace view `{dataset}.{name}` options (description = {_literal(words)}) as\n{query}"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{escaped}"""'
