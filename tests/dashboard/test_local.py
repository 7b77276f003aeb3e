"""The dashboard of `telemetry up`."""

import shutil
from collections.abc import Iterator

import pytest
import requests

from postgres import server_directory
from stack import Pipeline, running
from waiting import until


@pytest.fixture(scope="module")
def up() -> Iterator[Pipeline]:
    directory = server_directory()
    with running(directory, "--port=0") as pipeline:
        yield pipeline
    shutil.rmtree(directory)


def test_from_the_empty_page_to_the_first_number(up: Pipeline) -> None:
    """stack.json and the summary say where it is; it shows how to send an event, and then that somebody was active."""
    url = up.about["dashboard_url"]
    assert url in up.output.read_text()
    assert f"curl {up.otlp_url}/v1/logs" in requests.get(url, timeout=10).text

    attribute = {"key": "event.type", "value": {"stringValue": "login"}}
    person = {"key": "user.id", "value": {"stringValue": "alice"}}
    record = {"eventName": "user_activity", "attributes": [attribute, person]}
    record["timeUnixNano"] = str((up.directory / "stack.json").stat().st_mtime_ns)
    export = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    assert requests.post(f"{up.otlp_url}/v1/logs", json=export, timeout=10).ok

    page = until(lambda: _page_with(url, "Active today"), 20)
    assert "<strong>1</strong>" in page
    assert "less than a week of events" in page


def _page_with(url: str, words: str) -> str:
    page = requests.get(url, timeout=10).text
    return page if words in page else ""
