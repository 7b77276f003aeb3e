"""Nothing identifying is kept: a marker in every place that can hold a string, then a search of all that is kept."""

import base64
import hashlib
import json
import urllib.parse
from collections.abc import Iterator

import grpc
import requests
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from exports import span, traces, value
from stack import KEY, Pipeline
from telemetry_local.topics import EVENTS, PROJECT
from telemetry_pipeline import bus, contract
from telemetry_pipeline.privacy import Pseudonymiser
from waiting import until

CANARY = "Kanarienvogel"
ALLOWED = "nachtigall"

IDENTIFIERS = {attribute.name for attribute in contract.ATTRIBUTES if attribute.treatment == "pseudonym"}
EVENT = {"event.category": "feature_usage", "feature.name": ALLOWED, "metadata.plan": ALLOWED}


def sing(message: Message, depth: int = 4) -> None:
    """Put the canary into each string and bytes field of a message, and of the messages in it, down to a depth."""
    for field in message.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if depth:
                inner = getattr(message, field.name)
                sing(inner.add() if field.is_repeated else inner, depth - 1)
                if not field.is_repeated:
                    inner.SetInParent()
        elif field.type == FieldDescriptor.TYPE_STRING:
            if field.is_repeated:
                getattr(message, field.name).append(CANARY)
            else:
                setattr(message, field.name, CANARY)
        elif field.type == FieldDescriptor.TYPE_BYTES and field.name not in {"trace_id", "span_id"}:
            setattr(message, field.name, CANARY.encode())


def smuggled() -> list[KeyValue]:
    """Attributes that hold the canary, under every name that could let it through."""
    nested = {"a": [CANARY, {CANARY: CANARY}]}
    contents: dict[str, object] = {
        **dict.fromkeys(IDENTIFIERS, CANARY),
        CANARY: CANARY,
        "http.url": f"https://h/{CANARY}?q={CANARY}",
        "enduser.id": CANARY,
        "user.email": f"{CANARY}@example.com",
        "client.address": CANARY,
        "metadata.email": CANARY,
        "metadata.prompt": CANARY,
        "metadata.nested": nested,
        "metadata.list": [CANARY],
        "metadata.blob": CANARY.encode(),
        "metadata.owner_address": CANARY,
        "metadata.note1": f"mail {CANARY}@example.com or password={CANARY}",
        f"metadata.{CANARY} ": 1,
        "deployment.type": CANARY,
        "http.request.method": CANARY,
    }
    return [KeyValue(key=key, value=value(content)) for key, content in contents.items()]


def carrying(message: Message, attributes: dict[str, object]) -> None:
    """Give a span or a record the event's attributes, and those that smuggle."""
    message.attributes.extend(  # type: ignore[attr-defined]
        [*(KeyValue(key=key, value=value(one)) for key, one in attributes.items()), *smuggled()]
    )


def exports_that_sing(now: int) -> Iterator[tuple[str, bytes, str]]:
    """Requests of each kind, as path, body and content type."""
    traces = ExportTraceServiceRequest()
    sing(traces)
    for number, event in enumerate((EVENT, {**EVENT, "feature.name": ""}), 1):
        span = traces.resource_spans[0].scope_spans[0].spans.add()
        sing(span)
        carrying(span, event)
        span.trace_id, span.span_id = number.to_bytes(16), number.to_bytes(8)
        span.start_time_unix_nano = now
    traces.resource_spans[0].resource.attributes.extend(smuggled())
    yield "/v1/traces", traces.SerializeToString(), "application/x-protobuf"
    logs = ExportLogsServiceRequest()
    sing(logs)
    record = logs.resource_logs[0].scope_logs[0].log_records.add()
    sing(record)
    carrying(record, EVENT)
    record.time_unix_nano = now
    yield "/v1/logs", logs.SerializeToString(), "application/x-protobuf"
    yield (
        "/v1/traces",
        json.dumps({"resourceSpans": [{"resource": CANARY}], CANARY: CANARY}).encode(),
        "application/json",
    )
    yield "/v1/traces", CANARY.encode(), "application/x-protobuf"
    yield f"/{CANARY}", CANARY.encode(), CANARY


def disguises() -> list[bytes]:
    """The canary as it could be told by somebody who looks for it: in other letters, encoded, hashed without a key."""
    plain = [CANARY, CANARY.lower(), CANARY.upper(), urllib.parse.quote(CANARY), CANARY.encode().hex()]
    encoded = [base64.b64encode(CANARY.encode()).decode().rstrip("=")[:-1]]
    hashed = [hashlib.new(name, CANARY.encode()).hexdigest()[:16] for name in ("md5", "sha1", "sha256")]
    return [text.encode() for text in (*plain, *encoded, *hashed)]


def singing(content: bytes) -> bool:
    return any(disguise in content for disguise in disguises())


def everything_in_the_tables(pipeline: Pipeline) -> bytes:
    tables = pipeline.query("select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables")
    rows = [pipeline.query(f"select t::text from {table} t") for (table,) in tables if "pg_authid" not in table]
    return repr(rows).encode()


def test_no_canary_is_kept(pipeline: Pipeline) -> None:
    """Not in a column, not on the bus, not in a log, not in any file of the stack; what is allowed is there."""
    subscription = f"{PROJECT}/subscriptions/canary"
    channel = grpc.insecure_channel(pipeline.about["pubsub_emulator_host"])
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
    subscriber.create_subscription(name=subscription, topic=EVENTS)
    headers = {"User-Agent": CANARY, "X-Forwarded-For": CANARY, "Cookie": f"{CANARY}={CANARY}", CANARY: CANARY}
    now = (pipeline.directory / "stack.json").stat().st_mtime_ns

    answers = [
        requests.post(
            f"{pipeline.otlp_url}{path}?{CANARY}={CANARY}",
            data=body,
            headers={**headers, "Content-Type": content_type},
            timeout=20,
        )
        for path, body, content_type in exports_that_sing(now)
    ]
    count = f"select count(*) from analytics_feature_usage where feature_name = '{ALLOWED}'"
    until(lambda: pipeline.query(count) == [(2,)], 60)
    messages = subscriber.pull(subscription=subscription, max_messages=10, timeout=20).received_messages
    channel.close()

    assert [answer.status_code for answer in answers] == [200, 200, 400, 400, 404]
    assert not any(singing(answer.content) for answer in answers)
    tables = everything_in_the_tables(pipeline)
    assert ALLOWED.encode() in tables
    assert not singing(tables)
    published = [bus.unpack(received.message.data) for received in messages]
    assert published
    assert all(ALLOWED.encode() in data for data in published)
    assert not any(map(singing, published))
    assert not singing(repr([received.message.attributes for received in messages]).encode())
    files = [file for file in pipeline.directory.rglob("*") if file.is_file()]
    assert [file for file in files if singing(file.read_bytes())] == []
    assert any(ALLOWED.encode() in file.read_bytes() for file in files if file.parent.name != "logs")


def test_who_is_erased_is_nowhere(pipeline: Pipeline) -> None:
    """By the operator's command, on the whole pipeline: in no table but as a request, on no log's line."""
    pseudonym = str(Pseudonymiser(bytes.fromhex(KEY), 1).pseudonym("user", "erika"))
    spans = [span(EVENT | {"user.id": "erika"}) for _ in range(3)]
    requests.post(
        f"{pipeline.otlp_url}/v1/traces",
        data=traces(*spans).SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        timeout=20,
    )
    until(lambda: pseudonym.encode() in everything_in_the_tables(pipeline), 60)

    erased = pipeline.telemetry("erase", "--user-id", "erika", "--yes")
    token = erased.stdout.splitlines()[-1].removeprefix("receipt: ")
    receipt = pipeline.telemetry("erase", "--receipt", token)

    assert "erased 3 in Postgres" in erased.stdout, erased.stderr
    assert json.loads(receipt.stdout)["events_erased"]["postgres"] == 3
    requested = pipeline.query("select t::text from analytics_erasure_requests t")
    assert everything_in_the_tables(pipeline).count(pseudonym.encode()) == repr(requested).count(pseudonym)
    logs = b"".join(log.read_bytes() for log in (pipeline.directory / "logs").iterdir())
    assert b"export" in logs
    assert not any(text.encode() in logs for text in ("erika", pseudonym, token))
    assert not any(text.encode() in everything_in_the_tables(pipeline) for text in ("erika", token))


def test_the_search_finds_what_is_there() -> None:
    """The canary's disguises are found where they are, so that finding none means something."""
    for disguise in disguises():
        assert singing(b"\0 in the middle " + disguise + b" of something")
    assert not singing(ALLOWED.encode())
