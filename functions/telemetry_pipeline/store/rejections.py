"""Rows that say what was not stored, and why; never what it held."""

import re
import time
from hashlib import sha256

from telemetry_pipeline import contract
from telemetry_pipeline.push import Delivery
from telemetry_pipeline.rows.message import Rejection
from telemetry_pipeline.store import copy
from telemetry_pipeline.store.form import KEY_BYTES, arrival
from telemetry_pipeline.store.tables import PARKED_MESSAGES, REJECTED_SPANS, Rows

_EVENTS = {event.table: event.name for event in (*contract.EVENTS, *contract.REQUESTS)}


def rejected_span(rejection: Rejection) -> bytes:
    """A row of analytics_rejected_spans."""
    return copy.row(
        (
            copy.field(rejection.id),
            copy.timestamp(rejection.received_at),
            rejection.service_name,
            copy.text(rejection.event),
            copy.text(rejection.reason),
            copy.text(rejection.attribute or None),
        )
    )


def refused_row(table: str, row: bytes, sqlstate: str) -> tuple[str, bytes] | None:
    """The rejection of an event's row that Postgres refused; None if it is not a row of an event."""
    event = _EVENTS.get(table)
    if event is None:
        return None
    # An event's row has its id at the end of its key and its received_at at the very end.
    identity = row[KEY_BYTES - 16 : KEY_BYTES]
    fields = (
        copy.field(identity),
        arrival(row),
        copy.NULL,
        copy.text(event),
        copy.text(f"refused_by_database {sqlstate}"),
        copy.NULL,
    )
    return REJECTED_SPANS, copy.row(fields)


def parked_message(delivery: Delivery, reason: str, *, keep: bool) -> Rows:
    """The row that stands for a message which can't be stored; with its data only where that was scrubbed: `keep`."""
    version = delivery.attributes.get("contract_version", "")
    message_id = delivery.message_id
    fields = (
        copy.field(sha256(delivery.data).digest()),
        copy.timestamp(time.time_ns()),
        copy.text(message_id if re.fullmatch(r"[0-9A-Za-z_-]{1,64}", message_id) else None),
        copy.text(reason),
        copy.integer(int(version) if re.fullmatch(r"[0-9]{1,9}", version) else None),
        copy.integer(len(delivery.data)),
        copy.field(delivery.data) if keep else copy.NULL,
    )
    return {PARKED_MESSAGES: [copy.row(fields)]}
