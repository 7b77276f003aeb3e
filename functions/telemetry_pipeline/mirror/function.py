"""The function `mirror`: one pushed message in, its rows in BigQuery, one answer out."""

import os
import time
from dataclasses import dataclass

import flask

from telemetry_pipeline import __version__, warehouse
from telemetry_pipeline.instance import Once
from telemetry_pipeline.logs import log
from telemetry_pipeline.mirror.protobuf import ProtobufForm
from telemetry_pipeline.mirror.writer import Unavailable, Writer
from telemetry_pipeline.push import Delivery, delivery_of
from telemetry_pipeline.rows.message import NewerContract, Reader, Unreadable
from telemetry_pipeline.settings import MirrorSettings

_RETRY_AFTER = {"Retry-After": "5"}

_reader = Reader(ProtobufForm())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: how many spans it had and how many of them are not mirrored.

    `skipped` says why the whole message is not, and is empty otherwise; `store` keeps the record of what is wrong.
    """

    spans: int = 0
    rejected: int = 0
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What an instance keeps between requests."""

    settings: MirrorSettings
    writer: Writer

    @classmethod
    def made_from(cls, settings: MirrorSettings) -> "Mirror":
        """Connect to nothing yet; the first message does."""
        return cls(settings, Writer(warehouse.write_client(settings), settings.bigquery_dataset))

    def take(self, delivery: Delivery) -> Outcome:
        """Mirror a message, and return once it is written.

        Raises:
            Unavailable: BigQuery can't take it now.
            NewerContract: This version can't read it, a newer one can.
        """
        try:
            content = _reader.read(delivery.data, self.settings.max_age_days)
        except Unreadable as unreadable:
            return Outcome(skipped=unreadable.reason)
        refused = self.writer.write(content.rows)
        rejected = len(content.rejections)
        return Outcome(sum(map(len, content.rows.values())) + rejected, rejected + refused)


mirror = Once(lambda: Mirror.made_from(MirrorSettings.read(os.environ)))


def respond(request: flask.Request) -> flask.Response:
    """Answer a push: 204 once the message is mirrored or can never be, 503 while BigQuery can't take it."""
    try:
        return _receive(request) if request.method == "POST" else _about(request)
    except (Unavailable, NewerContract) as fault:
        log("ERROR", "push not mirrored", error=type(fault).__name__, detail=str(fault))
    except Exception as error:  # the framework would send the exception's text
        log("CRITICAL", "push failed", error=type(error).__name__)
    return flask.Response(status=503, headers=_RETRY_AFTER)


def _receive(request: flask.Request) -> flask.Response:
    begun = time.perf_counter()
    outcome = mirror().take(delivery_of(request))
    log(
        "WARNING" if outcome.skipped else "INFO",
        "push skipped" if outcome.skipped else "push mirrored",
        spans=outcome.spans,
        rejected=outcome.rejected,
        reason=outcome.skipped,
        milliseconds=round((time.perf_counter() - begun) * 1000, 1),
    )
    return flask.Response(status=204)


def _about(request: flask.Request) -> flask.Response:
    if request.method not in {"GET", "HEAD"}:
        return flask.Response(status=405, headers={"Allow": "GET, HEAD, POST"})
    if request.path not in {"/", "/health"}:
        return flask.Response(status=404)
    return flask.jsonify(function="mirror", status="ok", version=__version__)
