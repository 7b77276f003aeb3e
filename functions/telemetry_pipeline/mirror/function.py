"""The function `mirror`: one pushed message in, its rows in BigQuery, one answer out."""

import os
from dataclasses import dataclass

import flask

from telemetry_pipeline import contract, health, triggered, warehouse
from telemetry_pipeline.instance import Once
from telemetry_pipeline.mirror.protobuf import ProtobufForm
from telemetry_pipeline.mirror.writer import Unavailable, Writer
from telemetry_pipeline.observing import Operation, metrics, observed
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.rows.message import NewerContract, Reader, Unreadable
from telemetry_pipeline.settings import MirrorSettings
from telemetry_pipeline.triggered import Outcome

_reader = Reader(ProtobufForm())

_MIRRORED = frozenset(event.table for event in contract.EVENTS)
"""What people ask of us is for `maintain` alone, which obeys it here too."""


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
            # The record of what is wrong with it is the store's.
            return Outcome("skipped", fault=unreadable.reason)
        rows = {table: some for table, some in content.rows.items() if table in _MIRRORED}
        with Operation(metrics.DATABASE, "append", "gcp.bigquery", "append", ""):
            refused = self.writer.write(rows)
        rejected = len(content.rejections)
        return Outcome("mirrored", sum(map(len, rows.values())) + rejected, rejected + refused)


mirror = Once(lambda: Mirror.made_from(MirrorSettings.read(os.environ)))
_health = health.Health(bigquery=lambda: mirror().writer.look())


@observed(triggered.ROUTES)
def respond(request: flask.Request) -> flask.Response:
    """Answer a push: 204 once the message is mirrored or can never be, 503 while BigQuery can't take it."""
    return triggered.respond(
        request, "mirror", lambda delivery: mirror().take(delivery), (Unavailable, NewerContract), _health
    )
