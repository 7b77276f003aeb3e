"""`POST /v1/preview`: what would be stored of a request, and nothing is."""

import json
import time
from typing import Any

import pytest

from edge import Edge
from exports import ENDPOINT, LOGIN, span, traces

OF_ALICE = LOGIN | {"session.id": "s-1", "metadata.plan": "write to alice@example.com"}


def preview(edge: Edge, *spans: Any) -> dict[str, Any]:
    response = edge.post(traces(*spans, resource={"service.name": "rhesis"}), path="/v1/preview")
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    found: dict[str, Any] = response.json
    return found


def test_it_tells_what_would_be_stored(edge: Edge) -> None:
    """The row of each event, as it would be in its table, and why others would not be stored."""
    shown = preview(edge, span(OF_ALICE), span({"http.route": "/x"}))

    (stored,) = shown["stored"]
    assert stored["table"] == "analytics_user_activity"
    assert stored["row"]["event_type"] == "login"
    assert stored["row"]["service_name"] == "rhesis"
    assert stored["row"]["metadata"] == {"plan": "write to [redacted]"}
    assert len(stored["row"]["user_id"]) == 32
    assert shown["rejected"] == [{"reason": "not_an_event", "count": 1}]


def test_nothing_is_published(edge: Edge) -> None:
    """Neither what would be stored nor what would not."""
    preview(edge, span(LOGIN), span(ENDPOINT))

    assert edge.topic.take() == []


def test_it_is_no_way_to_learn_a_pseudonym(edge: Edge) -> None:
    """Or anybody could ask for the pseudonym of an id, and find it among stored events."""
    edge.post(traces(span(LOGIN)))
    (stored,) = edge.topic.take_spans()
    pseudonym = next(one.value.string_value for one in stored.attributes if one.key == "user.id")

    shown = [preview(edge, span(LOGIN)) for _ in range(2)]

    told = [one["stored"][0]["row"]["user_id"] for one in shown]
    assert len({pseudonym, *told}) == 3


def test_it_shows_no_more_than_somebody_reads(edge: Edge) -> None:
    """A row is several times the size of its span: the answer's size is bounded by their number."""
    spans = [span(LOGIN) for _ in range(1001)]

    within = edge.post(traces(*spans[:1000]), path="/v1/preview")
    beyond = edge.post(traces(*spans), path="/v1/preview")

    assert len(within.json["stored"]) == 1000
    assert beyond.status_code == 413


def test_it_takes_what_a_web_client_sends(edge: Edge) -> None:
    """OTLP/JSON, from another origin."""
    now = str(time.time_ns())
    body = {
        "resourceSpans": [
            {
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "1" * 32,
                                "spanId": "2" * 16,
                                "startTimeUnixNano": now,
                                "endTimeUnixNano": now,
                                "attributes": [{"key": "feature.name", "value": {"stringValue": "export"}}],
                            }
                        ]
                    }
                ]
            }
        ]
    }
    response = edge.client.post(
        "/v1/preview", data=json.dumps(body), content_type="application/json", headers={"Origin": "https://app.example"}
    )

    assert response.headers["Access-Control-Allow-Origin"]
    assert response.json["stored"][0]["row"]["feature_name"] == "export"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"method": "GET"}, 405),
        ({"method": "POST", "data": b"x", "content_type": "application/x-protobuf"}, 400),
        ({"method": "POST", "data": b"x", "content_type": "text/plain"}, 415),
        ({"method": "OPTIONS"}, 204),
    ],
)
def test_bad_requests_are_answered_as_those_to_store(edge: Edge, arguments: dict[str, Any], status: int) -> None:
    """By the protocol's own statuses."""
    assert edge.client.open("/v1/preview", **arguments).status_code == status
