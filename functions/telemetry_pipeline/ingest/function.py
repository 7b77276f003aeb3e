"""The function `ingest`: one OTLP/HTTP request in, one answer out (OTLP 1.x, "OTLP/HTTP")."""

import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import flask
from google.protobuf.message import Message
from werkzeug.datastructures import Headers

from telemetry_pipeline import __version__, contract, health
from telemetry_pipeline.ingest import api_keys, cors
from telemetry_pipeline.ingest.admission import Admission
from telemetry_pipeline.ingest.erasures import ErasureBound
from telemetry_pipeline.ingest.export import Export, Exporter
from telemetry_pipeline.ingest.preview import preview
from telemetry_pipeline.ingest.publisher import Publisher
from telemetry_pipeline.instance import Once
from telemetry_pipeline.logs import log
from telemetry_pipeline.observing import metrics, observed
from telemetry_pipeline.otlp import body
from telemetry_pipeline.otlp.errors import MethodNotAllowed, NotFound, Refused, Unavailable
from telemetry_pipeline.otlp.media import Media, status_of
from telemetry_pipeline.otlp.requests import Group, Signal, data_points
from telemetry_pipeline.settings import IngestSettings

_PREVIEW = "/v1/preview"
_PREVIEW_SPANS = 1000
"""Most spans of a preview: its answer is several times their size, and nobody reads more."""
_CONTRACT = "/.well-known/telemetry.json"
_CONTRACT_SECONDS = 3600
_FAULT_RETRY_AFTER_SECONDS = 30
_ROUTES = frozenset(("/", *health.PATHS, _CONTRACT, _PREVIEW, *(signal.value for signal in Signal)))


@dataclass(frozen=True, slots=True)
class _Edge:
    settings: IngestSettings
    exporter: Exporter
    publisher: Publisher
    keys: api_keys.ApiKeys
    admission: Admission
    erasures: ErasureBound

    def publish(self, export: Export) -> None:
        """Publish an export unless it holds too many requests for erasure; what fails is counted against nobody."""
        try:
            self.erasures.take(export.erasures)
            try:
                self.publisher.publish(export.messages)
            except BaseException:
                self.erasures.give_back(export.erasures)
                raise
        except BaseException:
            if export.admitted:
                export.admitted.give_back()
            raise


def _make_edge() -> _Edge:
    settings = IngestSettings.read(os.environ)
    publisher = Publisher(settings.events_topic, settings.publish_timeout_seconds)
    return _Edge(
        settings,
        Exporter(settings),
        publisher,
        api_keys.ApiKeys(settings.api_keys),
        Admission(settings),
        ErasureBound(settings.max_erasures_per_hour),
    )


_edge = Once(_make_edge)
_health = health.Health(
    bus=lambda: _edge().publisher.look(),
    # An instance without a key does not start; this says that it has one.
    key=lambda: _edge().settings.pseudonym_key,
)


@observed(_ROUTES, is_public=True)
def respond(request: flask.Request) -> flask.Response:
    """Answer a request; whatever it holds, the answer is one of the protocol's own."""
    response = _respond(request)
    response.headers.update(cors.headers(request.headers.get("Origin")))
    # A client that is still sending would see its connection break instead of the answer.
    body.discard(request.stream)
    return response


def _respond(request: flask.Request) -> flask.Response:
    media = Media.JSON
    try:
        if request.path in {"/", *health.PATHS, _CONTRACT}:
            return _about(request)
        signal = _signal(request)
        if request.method == "OPTIONS":
            return _preflight(request)
        media = Media.of(request.headers.get("Content-Type", ""))
        if request.path == _PREVIEW:
            return _preview(request, media)
        return _answer(media, 200, _receive(request, signal, media))
    except Refused as refused:
        log("WARNING", "request refused", status=refused.status, reason=type(refused).__name__)
        return _answer(media, refused.status, status_of(refused), refused.headers)
    except Exception as error:  # the framework would send the exception's text to the client
        log("CRITICAL", "request failed", error=type(error).__name__)
        fault = Unavailable("the request failed; send it again")
        return _answer(media, 503, status_of(fault), {"Retry-After": str(_FAULT_RETRY_AFTER_SECONDS)})


def _about(request: flask.Request) -> flask.Response:
    if request.method not in {"GET", "HEAD"}:
        paths = ", ".join(signal.value for signal in Signal)
        raise MethodNotAllowed(f"post to one of {paths}", {"Allow": "GET, HEAD"})
    if request.path == _CONTRACT:
        return _contract(request)
    about = {"function": "ingest", "version": __version__, "contract_version": contract.VERSION}
    if request.path in health.PATHS:
        return _health.answer(request, about)
    return flask.Response(json.dumps(about), mimetype="application/json")


def _contract(request: flask.Request) -> flask.Response:
    """What is collected, and why, for anybody to read (docs/what-we-collect.md is the same for people)."""
    response = flask.Response(Path(__file__).with_name("contract.json").read_bytes(), mimetype="application/json")
    response.cache_control.max_age = _CONTRACT_SECONDS
    response.add_etag()
    response.make_conditional(request)
    return response


def _signal(request: flask.Request) -> Signal:
    try:
        signal = Signal.TRACES if request.path == _PREVIEW else Signal(request.path)
    except ValueError:
        paths = ", ".join(signal.value for signal in Signal)
        raise NotFound(f"there is nothing at this path; post to one of {paths}") from None
    if request.method not in {"POST", "OPTIONS"}:
        raise MethodNotAllowed("export requests are sent by POST", {"Allow": "POST, OPTIONS"})
    return signal


def _preflight(request: flask.Request) -> flask.Response:
    headers = cors.preflight(request.headers.get("Access-Control-Request-Headers"))
    return flask.Response(status=204, headers=headers)


def _objects(headers: Headers) -> bool:
    """Whether the person behind the request asked not to be counted (Global Privacy Control, Do Not Track)."""
    return headers.get("Sec-GPC") == "1" or headers.get("DNT") == "1"


def _receive(request: flask.Request, signal: Signal, media: Media) -> Message:
    """Read, decode, scrub and publish an export request; return the export response."""
    received_at = time.time_ns()
    edge = _edge()
    sender = _sender(request, edge)
    groups = _read(request, signal, media, edge.settings, edge.settings.max_spans)
    if signal is Signal.METRICS:
        return _reject_metrics(groups)
    export = edge.exporter.export(
        signal,
        groups,
        received_at,
        requests_only=_objects(request.headers),
        sender=sender,
        admission=edge.admission,
    )
    edge.publish(export)
    metrics.count_export(signal.name.lower(), export.accepted, export.rejected)
    log(
        "INFO",
        "export",
        signal=signal.name.lower(),
        accepted=export.accepted,
        rejected=export.rejected,
        blocked=export.blocked,
        messages=len(export.messages),
        bytes=sum(len(message.data) for message in export.messages),
    )
    return signal.response(export.rejected.total(), _explain(export.rejected))


def _sender(request: flask.Request, edge: _Edge) -> api_keys.Sender:
    return edge.keys.sender_of(request.headers.get(api_keys.HEADER, ""))


def _read(request: flask.Request, signal: Signal, media: Media, settings: IngestSettings, most: int) -> list[Group]:
    """Read and decode a request of at most so many spans, log records or metrics."""
    raw = body.read(request.stream, settings.max_body_bytes, request.content_length)
    raw = body.decompress(raw, request.headers.get("Content-Encoding", ""), settings.max_decompressed_bytes)
    return signal.decode(raw, media, most)


def _preview(request: flask.Request, media: Media) -> flask.Response:
    """Answer with what would be stored of an export request of spans; nothing is."""
    edge = _edge()
    settings, sender = edge.settings, _sender(request, edge)
    groups = _read(request, Signal.TRACES, media, settings, _PREVIEW_SPANS)
    return flask.jsonify(preview(settings, Signal.TRACES, groups, time.time_ns(), sender))


def _reject_metrics(groups: list[Group]) -> Message:
    rejected = data_points(groups)
    metrics.count_export("metrics", 0, {"metrics": rejected})
    log("INFO", "export", signal="metrics", accepted=0, rejected={"metrics": rejected})
    return Signal.METRICS.response(rejected, "metrics are not stored; send spans or log records")


def _explain(rejected: Counter[str]) -> str:
    reasons = ", ".join(f"{reason} ({count})" for reason, count in rejected.most_common())
    return f"not stored: {reasons}"


def _answer(media: Media, status: int, message: Message, headers: Mapping[str, str] | None = None) -> flask.Response:
    content = media.encode(message)
    # As a stream, since the framework reads all of an unread body into memory before it sends any other response.
    response = flask.Response(iter((content,)), status, headers, mimetype=media.value)
    response.content_length = len(content)
    return response
