"""Tables as CSV: what a page shows, to the last digit, and nothing that it hides."""

import csv
import io

from telemetry_pipeline.dashboard.units import plain
from telemetry_pipeline.dashboard.view import Table

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(table: Table) -> str:
    """A table as CSV (RFC 4180)."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([column.label for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(plain(value), is_text=isinstance(value, str)) for value in row])
    return written.getvalue()


def _cell(text: str, *, is_text: bool) -> str:
    # A spreadsheet would take such a name of a feature for a formula.
    return f"'{text}" if is_text and text.startswith(_FORMULA) else text
