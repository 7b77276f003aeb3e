"""The tables that are written, each with its columns in the order in which rows have them."""

from collections.abc import Mapping

from telemetry_pipeline import contract
from telemetry_pipeline.rows import columns

REJECTED_SPANS = "analytics_rejected_spans"
PARKED_MESSAGES = "analytics_parked_messages"
LINKS = "analytics_pseudonym_links"

EVENT_TABLES = frozenset(event.table for event in contract.EVENTS)

Rows = dict[str, list[bytes]]
"""Table → its rows, as `copy.row` makes them."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    **columns.COLUMNS,
    REJECTED_SPANS: ("id", "received_at", "service_name", "event", "reason", "attribute"),
    PARKED_MESSAGES: (
        "sha256",
        "received_at",
        "message_id",
        "reason",
        "contract_version",
        "size_bytes",
        "payload",
    ),
    LINKS: ("domain", "pseudonym", "previous", "key_epoch", "first_seen"),
}
