"""However many names somebody invents, a table gets a bounded number of them."""

from collections.abc import Callable

import requests

from edge import PROTOBUF, Topic
from exports import FEATURE, LOGIN, content_of, span, traces
from telemetry_pipeline.privacy import OVERFLOW

Serve = Callable[..., tuple[str, Topic]]

LIMIT = 10
NAMES = [f"kind {chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(3 * LIMIT)]


def published(url: str, topic: Topic, service: str, *contents: dict[str, object]) -> list[dict[str, object]]:
    """The attributes of the spans that are published for these."""
    body = traces(*map(span, contents), resource={"service.name": service}).SerializeToString()
    assert requests.post(f"{url}/v1/traces", body, headers={"Content-Type": PROTOBUF}, timeout=10).status_code == 200
    return [content_of(one.attributes) for one in topic.take_spans()]


def test_values_beyond_the_cap_are_one(serve_edge: Serve) -> None:
    """The first keep their names, in this request and the next; another service has a cap of its own."""
    url, topic = serve_edge(RHESIS_MAX_VALUES=str(LIMIT))
    expected = NAMES[:LIMIT] + [OVERFLOW] * (2 * LIMIT)

    for name, event in (("feature.name", FEATURE), ("feature.action", FEATURE), ("event.type", LOGIN)):
        contents = [event | {name: value} for value in NAMES]
        for _ in range(2):
            assert [found[name] for found in published(url, topic, "loud", *contents)] == expected
        assert published(url, topic, "quiet", contents[-1])[0][name] == NAMES[-1]


def test_metadata_keys_beyond_the_cap_are_one(serve_edge: Serve) -> None:
    """Their values are gone; an event with several of them, or with one twice as often as it may, is no worse."""
    url, topic = serve_edge(RHESIS_MAX_VALUES=str(LIMIT))
    keys = [f"metadata.{name.replace(' ', '_')}" for name in NAMES]
    published(url, topic, "loud", FEATURE | dict.fromkeys(keys[:LIMIT], "kept"))

    (found,) = published(url, topic, "loud", FEATURE | dict.fromkeys(keys[LIMIT - 1 :], "secret"))

    metadata = {key: value for key, value in found.items() if key.startswith("metadata.")}
    assert metadata == {keys[LIMIT - 1]: "secret", f"metadata.{OVERFLOW}": True}
    (other,) = published(url, topic, "quiet", FEATURE | {keys[-1]: "kept"})
    assert other[keys[-1]] == "kept"
