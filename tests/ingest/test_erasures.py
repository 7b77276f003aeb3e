"""Requests for erasure are so few that trying ids leads nowhere, and none of them is lost for that."""

from collections.abc import Callable
from hashlib import sha256

import pytest
import requests
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from clocks import Clock
from edge import PROTOBUF, Edge, Topic
from exports import LOGIN, content_of, span, traces
from telemetry_pipeline.ingest.erasures import ErasureBound
from telemetry_pipeline.otlp.errors import TooLarge, TooManyRequests
from telemetry_pipeline.privacy import receipts

Serve = Callable[..., tuple[str, Topic]]

TOKEN = receipts.new_token()


def guesses(first: int, count: int) -> list[dict[str, object]]:
    """Requests for people whose ids are numbers, hashed as the clients do it."""
    hashed = [sha256(str(number).encode()).hexdigest()[:16] for number in range(first, first + count)]
    return [{"event.category": "erasure_request", "user.id": one} for one in hashed]


def test_who_asks_for_too_many_has_to_wait(serve_edge: Serve) -> None:
    """One installation's requests run out, the others' do not; events go on, and nothing of a refused batch is kept."""
    url, topic = serve_edge(RHESIS_MAX_ERASURES_PER_HOUR="3")

    def post(*contents: dict[str, object], installation: str = "") -> requests.Response:
        resource = {"rhesis.installation.id": installation} if installation else {}
        body = traces(*map(span, contents), resource=resource).SerializeToString()
        return requests.post(f"{url}/v1/traces", data=body, headers={"Content-Type": PROTOBUF}, timeout=10)

    first = [post(*guesses(number, 1), installation="a") for number in range(3)]
    over = post(LOGIN, *guesses(3, 1), installation="a")
    others = [post(*guesses(10, 3), installation="b"), post(*guesses(20, 2))]
    batch = post(*guesses(30, 4), installation="c")

    assert [answer.status_code for answer in (*first, over, *others, batch)] == [*[200] * 3, 429, 200, 200, 413]
    assert 1 <= int(over.headers["Retry-After"]) <= 1200
    status = Status.FromString(over.content)
    assert (status.code, status.message) == (
        code_pb2.RESOURCE_EXHAUSTED,
        "too many requests for erasure; send it again later",
    )
    assert post(LOGIN, installation="a").status_code == 200
    assert sorted(one.name for one in topic.take_spans()) == [*["erasure_request"] * 8, "user_activity"]


def test_made_up_installations_help_nobody(serve_edge: Serve) -> None:
    """All installations together have ten times what one has."""
    url, topic = serve_edge(RHESIS_MAX_ERASURES_PER_HOUR="1")

    answers = []
    for number in range(15):
        body = traces(
            *map(span, guesses(number, 1)), resource={"rhesis.installation.id": f"i{number}"}
        ).SerializeToString()
        answers.append(requests.post(f"{url}/v1/traces", data=body, headers={"Content-Type": PROTOBUF}, timeout=10))

    assert [answer.status_code for answer in answers] == [*[200] * 10, *[429] * 5]
    assert len(topic.take_spans()) == 10


def test_the_bound_lets_go_with_time() -> None:
    """After as long as the answer says, and not before; whatever was not taken in the end is not counted."""
    clock = Clock()
    bound = ErasureBound(2, clock)
    bound.take({"a": 2})
    with pytest.raises(TooManyRequests) as refused:
        bound.take({"a": 1})
    assert refused.value.headers == {"Retry-After": "1800"}

    clock.seconds = 1799
    with pytest.raises(TooManyRequests):
        bound.take({"a": 1})
    clock.seconds = 1800
    bound.take({"a": 1})
    with pytest.raises(TooManyRequests):
        bound.take({"b": 1, "a": 1})
    bound.take({"b": 2})
    bound.give_back({"b": 2})
    bound.take({"b": 2})
    with pytest.raises(TooLarge):
        bound.take({"c": 3})


def test_the_bound_is_bounded_itself() -> None:
    """However many installations are named, it remembers no more than can have asked within an hour."""
    clock = Clock()
    bound = ErasureBound(2, clock)
    for number in range(10_000):
        clock.seconds += 180
        bound.take({str(number): 1})

    assert len(bound._each._buckets) <= 42


def test_a_receipt_is_asked_for_by_a_token_that_is_not_kept(edge: Edge) -> None:
    """What goes on is a hash of it, for a request alone."""
    (request,) = guesses(0, 1)
    edge.post(traces(span(request | {"erasure.receipt": TOKEN}), span(LOGIN | {"erasure.receipt": TOKEN})))

    first, second = (content_of(one.attributes) for one in edge.topic.take_spans())
    assert first["erasure.receipt"] == receipts.digest(TOKEN)
    assert "erasure.receipt" not in second


@pytest.mark.parametrize("token", ["short", "a" * 21, "with blanks in it, but long", "a" * 129, 7])
def test_a_token_that_others_could_guess_is_refused(edge: Edge, token: object) -> None:
    """With the reason, so that whoever wrote the client sees it."""
    (request,) = guesses(0, 1)
    response = edge.post(traces(span(request | {"erasure.receipt": token})))

    answer = ExportTraceServiceResponse.FromString(response.data).partial_success
    assert answer.rejected_spans == 1
    assert "erasure.receipt" in answer.error_message
    assert edge.topic.take_spans() == []
