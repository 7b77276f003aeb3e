"""`telemetry looker-url`: a link that opens a report in Looker Studio, bound to our views in BigQuery."""

from collections.abc import Iterator
from urllib.parse import urlencode

import click

from telemetry_pipeline.analytics import VIEWS

_CREATE = "https://lookerstudio.google.com/reporting/create"
_WITH_PARAMETERS = {"feature_funnel", "endpoint_performance_between"}
"""Table functions, which can't be a data source."""


@click.command("looker-url")
@click.option(
    "--dataset", envvar="RHESIS_BIGQUERY_DATASET", required=True, help="Where the views are: PROJECT.DATASET."
)
@click.option("--name", default="Telemetry", show_default=True, help="What the report is called.")
@click.option("--template", help="Id of a report to copy, with the data sources ds0, ds1, … in the order of the views.")
def looker_url(*, dataset: str, name: str, template: str | None) -> None:
    """Print a link that opens a new Looker Studio report on the BigQuery views."""
    project, dot, dataset_id = dataset.rpartition(".")
    if not dot:
        raise click.BadParameter("expected PROJECT.DATASET", param_hint="--dataset")
    click.echo(f"{_CREATE}?{urlencode(dict(_parameters(project, dataset_id, name, template)))}")


def _parameters(project: str, dataset: str, name: str, template: str | None) -> Iterator[tuple[str, str]]:
    """The Linking API's parameters (developers.google.com/looker-studio/integrate/linking-api)."""
    yield "c.mode", "edit"
    if template:
        yield "c.reportId", template
    yield "r.reportName", name
    for number, view in enumerate(sorted(set(VIEWS) - _WITH_PARAMETERS)):
        source = {"connector": "bigQuery", "type": "TABLE", "projectId": project, "datasetId": dataset, "tableId": view}
        for key, setting in (source | {"datasourceName": view}).items():
            yield f"ds.ds{number}.{key}", setting
