"""API keys: only who bears one may say that it is the hosted product, and a key is never told to anybody."""

import hmac
from collections.abc import Callable
from hashlib import sha256

import pytest
import requests
from google.protobuf.message import Message
from google.rpc.code_pb2 import UNAUTHENTICATED
from google.rpc.status_pb2 import Status

from edge import PROTOBUF, Topic
from exports import LOGIN, content_of, span, traces
from telemetry_pipeline.ingest.api_keys import ApiKeys, hashed, new_key
from telemetry_pipeline.otlp.errors import Unauthenticated

Serve = Callable[..., tuple[str, Topic]]

KEY, OTHER, REVOKED = (new_key() for _ in range(3))
KEYS = ",".join(f"{name}={hashed(key).hex()}" for name, key in {"backend": KEY, "website": OTHER}.items())
CLOUD = {"deployment.type": "cloud"}


def post(url: str, message: Message, path: str = "/v1/traces", **headers: str) -> requests.Response:
    return requests.post(
        f"{url}{path}", message.SerializeToString(), headers={"Content-Type": PROTOBUF} | headers, timeout=10
    )


def deployments(topic: Topic) -> list[object]:
    """The deployment that each resource that was published claims, and then each of its spans."""
    resources = topic.take_resources()
    spans = [[span for scope in resource.scope_spans for span in scope.spans] for resource in resources]
    return [
        content_of(one.attributes).get("deployment.type")
        for resource, of_it in zip(resources, spans, strict=True)
        for one in (resource.resource, *of_it)
    ]


@pytest.mark.parametrize("key", [KEY, OTHER], ids=["one", "other"])
def test_a_bearer_may_claim_to_be_hosted(serve_edge: Serve, key: str) -> None:
    """Whoever bears no key is stored as self-hosted, on the resource and on spans, before and after one who does."""
    url, topic = serve_edge(RHESIS_API_KEYS=KEYS)
    message = traces(span(LOGIN | CLOUD), resource=CLOUD)

    answers = [post(url, message), post(url, message, **{"x-api-key": key}), post(url, message)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert deployments(topic) == ["self_hosted"] * 2 + ["cloud"] * 2 + ["self_hosted"] * 2


def test_what_claims_nothing_stays_as_it_is(serve_edge: Serve) -> None:
    """A sender without a key that says nothing, or that it is self-hosted, is taken at its word."""
    url, topic = serve_edge(RHESIS_API_KEYS=KEYS)

    post(url, traces(span(LOGIN), resource={"deployment.type": "self-hosted"}))
    post(url, traces(span(LOGIN), resource={"deployment.type": "a laptop"}))
    post(url, traces(span(LOGIN)))

    assert deployments(topic) == ["self_hosted", None, "unknown", None, None, None]


def test_a_key_that_is_wrong_or_revoked_is_refused(serve_edge: Serve, tmp_path: object) -> None:
    """401 in the protocol's form, for events and previews; nothing is published, and the log knows no key."""
    url, topic = serve_edge(RHESIS_API_KEYS=KEYS)
    message = traces(span(LOGIN), resource=CLOUD)

    for key in (REVOKED, KEY[:-1], KEY + "x", KEY.upper(), hashed(KEY).hex(), "schlüssel"):
        for path in ("/v1/traces", "/v1/logs", "/v1/preview"):
            answer = post(url, message, path, **{"x-api-key": key.encode().decode("latin-1")})
            status = Status.FromString(answer.content)
            assert (answer.status_code, status.code) == (401, UNAUTHENTICATED)
            assert key not in status.message
    assert topic.take() == []
    log = (tmp_path / "ingest.log").read_text()  # type: ignore[operator]
    assert "Unauthenticated" in log
    assert not [secret for secret in (REVOKED, KEY, hashed(KEY).hex()) if secret[:12] in log]


def test_without_keys_a_header_means_nothing(serve_edge: Serve) -> None:
    """A pipeline that uses none takes everybody at their word, whatever they send as a key."""
    url, topic = serve_edge()

    answer = post(url, traces(span(LOGIN), resource=CLOUD), **{"x-api-key": "anything"})

    assert answer.status_code == 200
    assert deployments(topic) == ["cloud", None]


def test_a_preview_shows_what_a_sender_without_a_key_would_store(serve_edge: Serve) -> None:
    """The preview claims no more than what would be stored."""
    url, _ = serve_edge(RHESIS_API_KEYS=KEYS)

    answers = [
        post(url, traces(span(LOGIN), resource=CLOUD), "/v1/preview", **headers).json()
        for headers in ({}, {"x-api-key": KEY})
    ]

    assert [answer["stored"][0]["row"]["deployment_type"] for answer in answers] == ["self_hosted", "cloud"]


def test_a_browser_may_send_the_header(serve_edge: Serve) -> None:
    """A preflight request that asks for it is answered that it may."""
    url, _ = serve_edge(RHESIS_API_KEYS=KEYS)

    answer = requests.options(
        f"{url}/v1/traces",
        headers={"Origin": "https://app.example.com", "Access-Control-Request-Headers": "content-type,x-api-key"},
        timeout=10,
    )

    assert answer.status_code == 204
    assert "x-api-key" in answer.headers["Access-Control-Allow-Headers"]


def test_all_hashes_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer takes as many comparisons as there are keys, of hashes and by `hmac.compare_digest` alone."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    known = [sha256(key.encode()).digest() for key in (KEY, OTHER)]
    keys = ApiKeys(zip(("backend", "website"), known, strict=True))

    keys.sender_of(KEY)
    with pytest.raises(Unauthenticated):
        keys.sender_of(REVOKED)

    assert [(known[0], one) for one in known] + [(hashed(REVOKED), one) for one in known] == compared
