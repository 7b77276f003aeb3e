"""The requests of real clients, captured from them, become the rows that are written beside them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from stack import Pipeline
from telemetry_pipeline import contract
from waiting import until

WIRE = Path(__file__).parents[1] / "fixtures" / "wire"
ROWS = Path(__file__).with_name("captures")
CAPTURES = ["backend-0.4-self_hosted", "backend-current-cloud", "web-0.4-self_hosted"]


def post(pipeline: Pipeline, name: str) -> None:
    """Post a capture as it was sent: its headers, and in chunks where it was."""
    headers = json.loads((WIRE / f"{name}.headers.json").read_text())
    (body,) = WIRE.glob(f"{name}.[bj][is]*[bn]")
    chunked = headers.pop("transfer-encoding", None) == "chunked"
    content = body.read_bytes()
    response = requests.post(
        f"{pipeline.otlp_url}/v1/traces",
        data=iter([content[:1000], content[1000:]]) if chunked else content,
        headers=headers,
        timeout=20,
    )

    assert response.status_code == 200
    assert response.content in {b"", b"{}"}


def stored(pipeline: Pipeline, service: str, deployment: str) -> Iterator[dict[str, Any]]:
    """The rows of an app, without what is empty and what differs from run to run."""
    for event in contract.EVENTS:
        for (row,) in pipeline.query(
            f"select to_jsonb(t) - 'received_at' - 'key_epoch' from {event.table} t "
            f"where service_name = '{service}' and deployment_type = '{deployment}' order by timestamp, id"
        ):
            yield {"event": event.name} | {key: value for key, value in row.items() if value not in (None, {})}


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_that_is_sent_twice_is_stored_once(pipeline: Pipeline, name: str) -> None:
    """Each span of a real client is one row, right in every column."""
    expected = yaml.safe_load((ROWS / f"{name}.yaml").read_text())
    app = expected[0]["service_name"], expected[0]["deployment_type"]

    post(pipeline, name)
    post(pipeline, name)
    until(lambda: len(list(stored(pipeline, *app))) >= len(expected), 60)
    settle(pipeline)

    assert list(stored(pipeline, *app)) == expected


def settle(pipeline: Pipeline) -> None:
    """Wait until the store has taken all that was published before: one message for each push in its log."""
    logs = Path(pipeline.about["logs"])

    def counts() -> tuple[int, int]:
        exported = [json.loads(line) for line in (logs / "ingest.log").read_text().splitlines() if '"export"' in line]
        pushed = (logs / "store.log").read_text().count('"push stored"')
        return sum(line["messages"] for line in exported), pushed

    until(lambda: counts()[0] <= counts()[1], 60)
