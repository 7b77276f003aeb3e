"""One visit to a page: who asks what, of which data, with which promise of anonymity."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from telemetry_pipeline.analytics import definition, explanation
from telemetry_pipeline.dashboard.filters import Filters
from telemetry_pipeline.dashboard.reader import Reader

_WEEK_DAYS = 7
_REASONS = {
    "period": "its spans are its own",
    "compare": "nothing of it is compared",
    "deployment": "it has all deployment types together",
    "version": "these counts are kept without the version",
    "feature": "these counts are kept without the feature",
}


class Unheeded(NamedTuple):
    """A filter that a page can't obey: its name, what was asked for, why not, and the address without it."""

    name: str
    value: str
    reason: str
    address: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page needs to answer. `arguments` are those of the address, the filters' own among them."""

    reader: Reader
    filters: Filters
    k: int
    today: date
    arguments: dict[str, str]
    first_day: date | None

    @property
    def is_empty(self) -> bool:
        """Whether there has never been an event."""
        return self.first_day is None

    @property
    def is_little(self) -> bool:
        """Whether there are events of less than a week."""
        return self.first_day is not None and self.first_day > self.today - timedelta(days=_WEEK_DAYS)

    def link(self, path: str, **more: str) -> str:
        """The address of another page under the same filters."""
        return self.filters.address(path, **more)

    def but(self, path: str, **changes: str) -> str:
        """The address of this view with filters changed; a preset takes the place of dates."""
        gone = ("from", "to") if "period" in changes else ()
        return with_arguments(path, dict(self.kept(gone)) | changes)

    def unheeded(self, path: str, controls: Collection[str], reasons: Mapping[str, str]) -> Iterator[Unheeded]:
        """The filters that somebody chose and that a page can't obey."""
        for name, value in self.filters.told.items():
            if name not in controls:
                gone = ("from", "to", "period") if name == "period" else (name,)
                reason = reasons.get(name, _REASONS[name])
                yield Unheeded(name, value, reason, with_arguments(path, dict(self.kept(gone))))

    def with_arguments(self, path: str, **more: str) -> str:
        """The address of this view, with further arguments."""
        return with_arguments(path, dict(self.kept(())) | more)

    def kept(self, without: Collection[str]) -> list[tuple[str, str]]:
        """The arguments of this view but for some."""
        dropped = {*without, "csv"}
        return [(name, value) for name, value in self.arguments.items() if value and name not in dropped]


def with_arguments(path: str, arguments: Mapping[str, str]) -> str:
    """A path with arguments."""
    return f"{path}?{urlencode(arguments)}" if arguments else path


def words_of(view: str) -> str:
    """A view's definition, in its own words."""
    return explanation(definition("postgres", view))
