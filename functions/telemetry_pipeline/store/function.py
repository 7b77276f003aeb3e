"""The function `store`: one pushed message in, its rows committed, one answer out."""

import os
import time
from dataclasses import dataclass

import flask
from sqlalchemy import Engine

from telemetry_pipeline import health, triggered
from telemetry_pipeline.database import connect, look
from telemetry_pipeline.instance import Once
from telemetry_pipeline.observing import Switch, metrics, observed
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.rows.message import NewerContract, Unreadable
from telemetry_pipeline.settings import StoreSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.form import oldest
from telemetry_pipeline.store.group import Group
from telemetry_pipeline.store.links import KnownLinks, with_links
from telemetry_pipeline.store.rejections import parked_message
from telemetry_pipeline.store.tables import EVENT_TABLES, REJECTED_SPANS, Rows
from telemetry_pipeline.store.writer import Unavailable, Writer
from telemetry_pipeline.triggered import Outcome


@dataclass(frozen=True, slots=True)
class Store:
    """What an instance keeps between requests."""

    settings: StoreSettings
    engine: Engine
    group: Group
    known_links: KnownLinks

    @classmethod
    def made_from(cls, settings: StoreSettings) -> "Store":
        """Connect to nothing yet; the first message does."""
        engine = connect(settings, "store", settings.database_pool_size)
        return cls(settings, engine, Group(Writer(engine), settings.database_pool_size), KnownLinks())

    def take(self, delivery: Delivery) -> Outcome:
        """Store a message, and return once it is committed.

        Raises:
            Unavailable: The database can't take it now.
            NewerContract: This version can't read it, a newer one can.
        """
        try:
            rows, links = rows_of(delivery.data, self.settings.max_age_days)
        except Unreadable as unreadable:
            return self._park(delivery, unreadable)
        links = self.known_links.new(links)
        refused = self.group.write(with_links(rows, links))
        self.known_links.add(links)
        _note_delay(rows)
        return Outcome("stored", sum(map(len, rows.values())), len(rows.get(REJECTED_SPANS, ())) + refused)

    def _park(self, delivery: Delivery, unreadable: Unreadable) -> Outcome:
        keep = unreadable.is_ours and "contract_version" in delivery.attributes
        self.group.write(parked_message(delivery, unreadable.reason, keep=keep))
        return Outcome("parked", fault=unreadable.reason)


def _note_delay(rows: Rows) -> None:
    """How late the oldest event of a message is stored."""
    events = [row for table in EVENT_TABLES & rows.keys() for row in rows[table]] if Switch.is_on else ()
    if events:
        now = time.time()
        happened, received = oldest(events)
        metrics.DELAY.record(max(now - happened, 0.0), "event")
        metrics.DELAY.record(max(now - received, 0.0), "ingest")


store = Once(lambda: Store.made_from(StoreSettings.read(os.environ)))
_health = health.Health(database=lambda: look(store().engine))


@observed(triggered.ROUTES)
def respond(request: flask.Request) -> flask.Response:
    """Answer a push: 204 once the message is stored or parked, 503 while that can't be done."""
    return triggered.respond(
        request, "store", lambda delivery: store().take(delivery), (Unavailable, NewerContract), _health
    )
