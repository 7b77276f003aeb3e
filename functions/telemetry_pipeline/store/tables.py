"""The tables that are written, each with its columns in the order in which rows have them."""

from collections.abc import Mapping

from telemetry_pipeline import contract

REJECTED_SPANS = "analytics_rejected_spans"
PARKED_MESSAGES = "analytics_parked_messages"

Rows = dict[str, list[bytes]]
"""Table → its rows, as `copy.row` makes them."""


def event_columns(event: contract.Event) -> tuple[str, ...]:
    """An event's columns that its own attributes fill, in the order of the contract."""
    return tuple(attribute.column for attribute in (*event.required, *event.optional))


_KEY_COLUMNS = ("timestamp", "id")
_LAST_COLUMNS = ("metadata", "service_name", "service_version", "installation_id", "key_epoch", "received_at")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{event.table: (*_KEY_COLUMNS, *event_columns(event), *_LAST_COLUMNS) for event in contract.EVENTS},
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
}
