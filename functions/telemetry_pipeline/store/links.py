"""Links of pseudonyms to those of the key before: one row for each person, however often they are told of."""

from collections.abc import Iterable

from telemetry_pipeline.rows.message import Link
from telemetry_pipeline.store import copy
from telemetry_pipeline.store.tables import LINKS, Rows

Known = tuple[str, str]
"""A link's domain and pseudonym."""


class KnownLinks:
    """The links that this instance has stored, so that most messages write none."""

    _LINKS = 50_000

    def __init__(self) -> None:
        self._known: set[Known] = set()

    def new(self, links: Iterable[Link]) -> list[Link]:
        """Those that this instance has not stored."""
        return [link for link in links if (link.domain, link.pseudonym) not in self._known]

    def add(self, links: Iterable[Link]) -> None:
        """Note that they are stored; when there are too many, begin anew."""
        if len(self._known) >= self._LINKS:
            self._known.clear()
        self._known.update((link.domain, link.pseudonym) for link in links)


def with_links(rows: Rows, links: Iterable[Link]) -> Rows:
    """Rows, and those that links become."""
    if ready := [_link_row(link) for link in links]:
        return rows | {LINKS: ready}
    return rows


def _link_row(link: Link) -> bytes:
    return copy.row(
        (
            copy.text(link.domain),
            copy.text(link.pseudonym),
            copy.text(link.previous),
            copy.smallint(link.key_epoch),
            copy.timestamp(link.received_at),
        )
    )
