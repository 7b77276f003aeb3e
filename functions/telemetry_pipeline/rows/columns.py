"""The columns of the events' tables, in the order in which rows are written."""

from collections.abc import Mapping

from telemetry_pipeline import contract

METADATA = "metadata"

RESOURCE_COLUMNS = ("service_name", "service_version", "installation_id")
"""Filled by the resource alone; deployment_type may also stand on the span."""


def event_columns(event: contract.Event) -> tuple[str, ...]:
    """An event's columns that its own attributes and its metadata fill, in the order of the contract."""
    columns = tuple(attribute.column for attribute in (*event.required, *event.optional))
    return (*columns, METADATA) if event.has_metadata else columns


COLUMNS: Mapping[str, tuple[str, ...]] = {
    event.table: ("timestamp", "id", *event_columns(event), *RESOURCE_COLUMNS, "key_epoch", "received_at")
    for event in (*contract.EVENTS, *contract.REQUESTS)
}
"""Table → its columns: those of `Form.begin`, the event's own and its resource's, those of `Form.end`."""
