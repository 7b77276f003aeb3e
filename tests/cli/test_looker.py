"""`telemetry looker-url`, and the charts of docs/looker-studio.md."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

from telemetry_pipeline.analytics.warehouse import install
from telemetry_pipeline.cli import main
from warehouse import Warehouse

DOCS = Path(__file__).parents[2] / "docs"
CHARTS = sorted((DOCS / "looker-studio").glob("*.sql"))
ROW = re.compile(r"^\| (?P<kind>[^|]+) \| `(?P<view>\w+)`.*looker-studio/(?P<file>[\w-]+\.sql)\) \|$", re.MULTILINE)


def told() -> dict[str, re.Match[str]]:
    """The page's line about each chart."""
    return {found["file"]: found for found in ROW.finditer((DOCS / "looker-studio.md").read_text())}


def test_the_page_has_every_chart() -> None:
    """Each query of docs/looker-studio is a line of the page, and each line has its query."""
    assert {chart.name for chart in CHARTS} == set(told())


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.stem)
def test_a_chart_has_its_fields(connection: Connection, chart: Path) -> None:
    """A chart's query runs on the views, and the page names the view and all that it gives."""
    found = connection.execute(text(chart.read_text()))
    line = told()[chart.name]

    assert f"from {line['view']}\n" in chart.read_text()
    assert [column for column in found.keys() if f"`{column}`" not in line[0]] == []  # noqa: SIM118 - no dictionary


def test_the_charts_run_in_bigquery(dataset: Warehouse) -> None:
    """The same queries run on the views in BigQuery."""
    install(dataset.client, dataset.settings.bigquery_dataset)

    assert {chart.name: dataset.rows(chart.read_text()) for chart in CHARTS} == {chart.name: [] for chart in CHARTS}


def test_the_link_binds_the_views() -> None:
    """Each view is a data source of the report that the link opens."""
    result = CliRunner().invoke(main, ["looker-url", "--dataset=project.data", "--template=abc"])
    asked = {name: values[0] for name, values in parse_qs(urlsplit(result.output.strip()).query).items()}

    assert asked["c.reportId"] == "abc"
    assert (asked["ds.ds0.projectId"], asked["ds.ds0.datasetId"]) == ("project", "data")
    bound = [asked[name] for name in asked if name.endswith(".tableId")]
    assert bound == sorted(bound)
    assert {found["view"] for found in told().values()} <= set(bound)
    assert "feature_funnel" not in bound


def test_a_dataset_without_a_project() -> None:
    """What is no dataset is refused with what is expected."""
    result = CliRunner().invoke(main, ["looker-url", "--dataset=data"])

    assert result.exit_code == 2
    assert "PROJECT.DATASET" in result.output
