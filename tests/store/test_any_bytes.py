"""Whatever is pushed, the answer is one that Pub/Sub understands."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from store_under_test import StoreUnderTest

_JSON = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(["message", "data", "attributes", "messageId", "specversion", "data_base64", "x"]), inner
        )
    ),
    max_leaves=12,
)

_bounded = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_bounded
@given(body=some.binary(max_size=300))
def test_any_bytes_are_answered(store: StoreUnderTest, body: bytes) -> None:
    """Bytes of any kind are acknowledged or to be sent again, never a fault."""
    assert store.post(body).status_code in {204, 503}


@_bounded
@given(document=_JSON, content_type=some.sampled_from(["application/json", "application/cloudevents+json", ""]))
def test_any_json_is_answered(store: StoreUnderTest, document: object, content_type: str) -> None:
    """JSON of any shape is acknowledged or to be sent again, never a fault."""
    assert store.post(json.dumps(document).encode(), content_type=content_type).status_code in {204, 503}
