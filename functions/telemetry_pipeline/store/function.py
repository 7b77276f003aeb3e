"""The function `store`: one pushed message in, its rows committed, one answer out."""

import os
import time
from dataclasses import dataclass

import flask
from sqlalchemy import Engine

from telemetry_pipeline import __version__
from telemetry_pipeline.database import connect
from telemetry_pipeline.instance import Once
from telemetry_pipeline.logs import log
from telemetry_pipeline.push import Delivery, delivery_of
from telemetry_pipeline.rows.message import NewerContract, Unreadable
from telemetry_pipeline.settings import StoreSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.group import Group
from telemetry_pipeline.store.rejections import parked_message
from telemetry_pipeline.store.tables import PARKED_MESSAGES, REJECTED_SPANS, Rows
from telemetry_pipeline.store.writer import Unavailable, Writer

_RETRY_AFTER = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: how many spans it had, how many of them were rejected, or that it was parked."""

    spans: int
    rejected: int
    is_parked: bool


@dataclass(frozen=True, slots=True)
class Store:
    """What an instance keeps between requests."""

    settings: StoreSettings
    engine: Engine
    group: Group

    @classmethod
    def made_from(cls, settings: StoreSettings) -> "Store":
        """Connect to nothing yet; the first message does."""
        engine = connect(settings, "store", settings.database_pool_size)
        return cls(settings, engine, Group(Writer(engine), settings.database_pool_size))

    def take(self, delivery: Delivery) -> "Outcome":
        """Store a message, and return once it is committed.

        Raises:
            Unavailable: The database can't take it now.
            NewerContract: This version can't read it, a newer one can.
        """
        rows = self._rows(delivery)
        refused = self.group.write(rows)
        is_parked = PARKED_MESSAGES in rows
        return Outcome(
            spans=0 if is_parked else sum(map(len, rows.values())),
            rejected=len(rows.get(REJECTED_SPANS, ())) + refused,
            is_parked=is_parked,
        )

    def _rows(self, delivery: Delivery) -> Rows:
        try:
            return rows_of(delivery.data, self.settings.max_age_days)
        except Unreadable as unreadable:
            keep = unreadable.is_ours and "contract_version" in delivery.attributes
            return parked_message(delivery, unreadable.reason, keep=keep)


store = Once(lambda: Store.made_from(StoreSettings.read(os.environ)))


def respond(request: flask.Request) -> flask.Response:
    """Answer a push: 204 once the message is stored or parked, 503 while that can't be done."""
    try:
        return _receive(request) if request.method == "POST" else _about(request)
    except (Unavailable, NewerContract) as fault:
        log("ERROR", "push not stored", error=type(fault).__name__, detail=str(fault))
    except Exception as error:  # the framework would send the exception's text
        log("CRITICAL", "push failed", error=type(error).__name__)
    return flask.Response(status=503, headers=_RETRY_AFTER)


def _receive(request: flask.Request) -> flask.Response:
    begun = time.perf_counter()
    outcome = store().take(delivery_of(request))
    log(
        "WARNING" if outcome.is_parked else "INFO",
        "push parked" if outcome.is_parked else "push stored",
        spans=outcome.spans,
        rejected=outcome.rejected,
        milliseconds=round((time.perf_counter() - begun) * 1000, 1),
    )
    return flask.Response(status=204)


def _about(request: flask.Request) -> flask.Response:
    if request.method not in {"GET", "HEAD"}:
        return flask.Response(status=405, headers={"Allow": "GET, HEAD, POST"})
    if request.path not in {"/", "/health"}:
        return flask.Response(status=404)
    return flask.jsonify(function="store", status="ok", version=__version__)
