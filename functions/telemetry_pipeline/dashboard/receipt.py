"""The receipt of an erasure, for whoever has its token: a page, or JSON where that is asked for.

The token is all that is needed, and no token but the asked one is ever looked at. It is in the address, so nothing
here may log one or send it on.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from telemetry_pipeline.dashboard.reader import Reader
from telemetry_pipeline.privacy import receipts

PREFIX = "/erasures/"

_STATUS = {
    "waiting": "Received; not everything is erased yet",
    "erased": "Erased; what arrives late is erased too",
    "forgotten": "Erased; who asked for it is forgotten too",
}


def find(reader: Reader, path: str) -> Mapping[str, Any] | None:
    """The receipt at a path that begins with `PREFIX`; None where there is none."""
    digest = receipts.digest(path.removeprefix(PREFIX))
    if digest is None:
        return None
    found: Mapping[str, Any] | None = reader.rows("receipt", digest=digest)[0].receipt
    return found


def lines(receipt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A receipt in words, as label and text."""
    erased, copies = receipt["events_erased"], receipt["copies_expire"]
    yield "What became of it", _STATUS[receipt["status"]]
    yield "Asked for", _moment(receipt["requested_at"])
    yield "Erased", _moment(receipt["erased_at"])
    yield "Events erased from the database", str(erased["postgres"])
    if erased["bigquery"] is not None:
        yield "Events erased from BigQuery", str(erased["bigquery"])
    yield "Copies in queues end", _moment(copies["queues"])
    yield "Copies in backups end", _moment(copies["backups"])
    if erased["bigquery"] is not None:
        yield "BigQuery's own copies end", _moment(copies["bigquery"])
    yield "The last copy is gone", _moment(copies["last"])


def _moment(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC" if text else "not yet known"
