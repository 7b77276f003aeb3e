"""The contract: its registry refuses what a reviewer would send back; its schemas say what `ingest` does."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from edge import Edge
from exports import span, traces

ROOT = Path(__file__).parents[2]
SAMPLES: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("samples.yaml").read_text())
KEEPING, BREAKING = SAMPLES["pass"], SAMPLES["fail"]


def schema(sample: str) -> dict[str, Any]:
    """The JSON Schema of a sample's event."""
    name = sample.partition(".")[0]
    found: dict[str, Any] = json.loads((ROOT / "schemas" / "json" / f"{name}.schema.json").read_text())
    return found


@pytest.mark.parametrize("sample", KEEPING)
def test_an_event_that_keeps_the_contract_passes(edge: Edge, sample: str) -> None:
    """By the JSON Schema and through `ingest`."""
    jsonschema.validate(KEEPING[sample], schema(sample))

    response = edge.post(traces(span(KEEPING[sample])))

    assert response.data == b""
    assert len(edge.topic.take_spans()) == 1


@pytest.mark.parametrize("sample", BREAKING)
def test_an_event_that_breaks_the_contract_does_not_pass(edge: Edge, sample: str) -> None:
    """The JSON Schema refuses it; `ingest` rejects it, or passes it on without what is wrong in it."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(BREAKING[sample], schema(sample))

    response = ExportTraceServiceResponse.FromString(edge.post(traces(span(BREAKING[sample]))).data)

    assert response.partial_success.rejected_spans + len(edge.topic.take_spans()) == 1
    assert response.partial_success.rejected_spans == 1 or "metadata.roles" in BREAKING[sample]


def test_every_attribute_says_why_it_is_collected() -> None:
    """A description, a reason, an example and a limit, for a reviewer to read."""
    document = yaml.safe_load((ROOT / "schemas" / "events.yaml").read_text())
    attributes = [
        entry for group in document["groups"] if group["type"] == "attribute_group" for entry in group["attributes"]
    ]
    page = (ROOT / "docs" / "what-we-collect.md").read_text()

    assert len(attributes) > 15
    for entry in attributes:
        assert entry["brief"]
        assert entry["examples"]
        assert entry["annotations"]["reason"]
        # What is stored is on the page; the switches that only steer are not.
        assert entry["annotations"]["reason"] in page or "column" not in entry["annotations"]


INCOMPLETE: dict[str, tuple[dict[str, Any], str]] = {
    "reason": ({"annotations": {"treatment": "scrubbed", "limit": 9}}, "needs a reason"),
    "example": ({"examples": []}, "needs an example"),
    "limit": ({"annotations": {"treatment": "scrubbed", "reason": "why"}}, "needs a limit"),
    "treatment": ({"annotations": {"treatment": "kept", "reason": "why"}}, "needs a treatment"),
    "domain": ({"annotations": {"treatment": "pseudonym", "reason": "why", "limit": 9}}, "needs a domain"),
    "known fields": ({"sensitivity": "none"}, "has a field that is not known"),
}


@pytest.mark.parametrize("missing", INCOMPLETE)
def test_an_incomplete_entry_is_refused(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lacks a reason, an example, a limit or a treatment is not generated from, and the message names it."""
    monkeypatch.syspath_prepend(str(ROOT / "schemas"))
    import registry

    change, fault = INCOMPLETE[missing]
    document = yaml.safe_load((ROOT / "schemas" / "events.yaml").read_text())
    group = next(group for group in document["groups"] if group["type"] == "attribute_group")
    entry = next(entry for entry in group["attributes"] if entry["id"] == "event.type")
    entry |= change
    path = tmp_path / "events.yaml"
    path.write_text(yaml.safe_dump(document))

    with pytest.raises(ValueError, match=f"event.type: {fault}"):
        registry.read(path)
