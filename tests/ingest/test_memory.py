"""What an instance remembers between requests tells nobody."""

from exports import FEATURE, attributes
from telemetry_pipeline.ingest.attributes import Caps, Limits, Treatment, Unchanged
from telemetry_pipeline.ingest.keys import Keys
from telemetry_pipeline.settings import IngestSettings

IDENTIFYING = {
    "user.id": "alice",
    "organization.id": "6f1c7f5e-0b1e-4f6a-9a39-1b0a3f1c2d3e",
    "http.route": "/tests/alice.smith1",
    "deployment.type": "on alice's desk",
    "metadata.plan": "ask alice@example.org",
    "metadata.email": "alice",
    "other": "alice",
}


def remembered(content: dict[str, object]) -> Unchanged:
    """What is remembered after a request with these attributes."""
    unchanged = Unchanged()
    keys = Keys(IngestSettings(events_topic="projects/tests/topics/events", pseudonym_key=b"k" * 32))
    treatment = Treatment(keys, Caps(10, 10_000), Limits(128, 8, 16_384), unchanged)
    for pair in attributes(content):
        treatment[pair.SerializeToString()]
    return unchanged


def test_what_is_treated_is_forgotten_with_its_request() -> None:
    """Only attributes that pass as they came are kept in memory; ids, paths and scrubbed texts are not."""
    assert len(remembered(dict(FEATURE))) == len(FEATURE)
    assert remembered(dict(IDENTIFYING)) == {}


def test_memory_is_bounded() -> None:
    """However many values arrive, and however long they are."""
    many = {f"metadata.a{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}": "x" for n in range(10_000)}

    assert 0 < len(remembered(many)) <= 4096
    assert remembered({"metadata.plan": "word " * 60}) == {}
