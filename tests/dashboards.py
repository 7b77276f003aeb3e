"""The dashboard's pages: where they are, and how to read what they show."""

import csv
import io
from collections.abc import Callable

from flask.testing import FlaskClient

Dashboard = Callable[..., FlaskClient]
"""Starts a dashboard on a database; further settings are keywords."""

PAGES = {
    "overview": "/",
    "compared": "/?compare=previous&period=7d",
    "retention": "/retention",
    "retention-compared": "/retention?compare=previous",
    "features-compared": "/features?compare=previous",
    "versions-compared": "/versions?compare=previous",
    "monthly": "/retention?by=month&show=count",
    "features": "/features",
    "feature": "/features/one?name=test",
    "funnel": "/features/funnel?step1=project&step2=test:created&step3=test_run",
    "performance": "/performance",
    "endpoint": "/performance/one?method=GET&endpoint=/tests",
    "versions": "/versions",
    "performance-compared": "/performance?compare=previous&version=1.4.0",
    "pipeline": "/pipeline",
    "collected": "/collected",
}


def table(client: FlaskClient, path: str, name: str) -> list[dict[str, str]]:
    """A chart's table, as its CSV has it."""
    answer = client.get(f"{path}{'&' if '?' in path else '?'}csv={name}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))
