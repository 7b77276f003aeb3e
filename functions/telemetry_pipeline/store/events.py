"""A message's data → the rows it becomes, of events and of spans that break the contract."""

from telemetry_pipeline.rows.message import Link, Reader
from telemetry_pipeline.store.form import CopyForm
from telemetry_pipeline.store.rejections import rejected_span
from telemetry_pipeline.store.tables import REJECTED_SPANS, Rows

_reader = Reader(CopyForm())


def rows_of(data: bytes, max_age_days: int) -> tuple[Rows, list[Link]]:
    """Turn a message's data into rows, as `Reader.read` has it; what breaks the contract becomes a row that says so.

    Returns:
        The rows, and the links of the pseudonyms in them to those of the key before.
    """
    content = _reader.read(data, max_age_days)
    rows: Rows = content.rows
    if content.rejections:
        rows = rows | {REJECTED_SPANS: [rejected_span(one) for one in content.rejections]}
    return rows, content.links
