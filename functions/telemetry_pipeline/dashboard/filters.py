"""What the reader of a page asks for, as it stands in the address: every view is a link."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

PERIODS: Mapping[str, tuple[str, int]] = {
    "7d": ("7 days", 7),
    "28d": ("28 days", 28),
    "90d": ("90 days", 90),
    "12m": ("12 months", 365),
}
COMPARISONS: Mapping[str, str] = {"none": "nothing", "previous": "period before", "year": "a year ago"}
DEPLOYMENTS: Mapping[str, str] = {
    "all": "All",
    "cloud": "Cloud",
    "self_hosted": "Self-hosted",
    "unknown": "Unknown",
}

_PERIOD = "28d"
_LONGEST_DAYS = 3660
_YEAR_DAYS = 364
"""A year of whole weeks, so that a Monday is compared with a Monday."""


class BadFilter(ValueError):
    """A filter in the address can't be understood; the message says what is accepted."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one view. `first` and `last` are the days that `period` or the two dates mean."""

    first: date
    last: date
    period: str = _PERIOD
    compare: str = "none"
    deployment: str = "all"
    version: str = ""
    feature: str = ""

    @classmethod
    def read(cls, arguments: Mapping[str, str], today: date, first_day: date) -> "Filters":
        """Read them from the address.

        Args:
            arguments: The address's.
            today: The last day of a preset.
            first_day: Before it there is nothing; a preset does not go back further.

        Raises:
            BadFilter: One of them can't be understood.
        """
        period, first, last = _span(arguments, today)
        return cls(
            max(first, min(first_day, last)) if period else first,
            last,
            period,
            _one_of("compare", arguments.get("compare") or "none", COMPARISONS),
            _one_of("deployment", arguments.get("deployment") or "all", DEPLOYMENTS),
            arguments.get("version", "")[:128],
            arguments.get("feature", "")[:128],
        )

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    @property
    def shift(self) -> timedelta | None:
        """How far back lies what the period is compared with; none if with nothing."""
        if self.compare == "none":
            return None
        return timedelta(days=self.days if self.compare == "previous" else _YEAR_DAYS)

    @property
    def past(self) -> "Filters | None":
        """The same filters over the days that these are compared with; none if with nothing."""
        if self.shift is None:
            return None
        return replace(self, first=self.first - self.shift, last=self.last - self.shift, period="", compare="none")

    @property
    def told(self) -> Mapping[str, str]:
        """Those that somebody chose, by name, as they read."""
        chosen = {
            "period": PERIODS[self.period][0] if self.period else f"{self.first} to {self.last}",
            "compare": COMPARISONS[self.compare],
            "deployment": DEPLOYMENTS[self.deployment],
            "version": self.version,
            "feature": self.feature,
        }
        unusual = self._told()
        return {name: words for name, words in chosen.items() if name in unusual}

    def address(self, path: str, /, **more: str) -> str:
        """The address of a page under these filters, and with further arguments; empty ones are left out."""
        told = self._told() | more
        kept = {name: value for name, value in told.items() if value}
        return f"{path}?{urlencode(kept)}" if kept else path

    def _told(self) -> dict[str, str]:
        span = {"from": self.first.isoformat(), "to": self.last.isoformat()} if not self.period else {}
        usual = {"period": _PERIOD, "compare": "none", "deployment": "all", "version": "", "feature": ""}
        return span | {name: value for name, default in usual.items() if (value := getattr(self, name)) != default}


def _span(arguments: Mapping[str, str], today: date) -> tuple[str, date, date]:
    if arguments.get("from") or arguments.get("to"):
        last = _day("to", arguments.get("to") or today.isoformat())
        first = _day("from", arguments.get("from") or last.isoformat())
        if not 0 <= (last - first).days < _LONGEST_DAYS:
            raise BadFilter(f"from, to: expected two days in order, at most {_LONGEST_DAYS} apart")
        return "", first, last
    period = _one_of("period", arguments.get("period") or _PERIOD, PERIODS)
    return period, today - timedelta(days=PERIODS[period][1] - 1), today


def _day(name: str, value: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            day = date.fromisoformat(value)
            if 2000 <= day.year < 2100:
                return day
    except ValueError:
        pass
    raise BadFilter(f"{name}: expected a day from 2000 to 2099 as YYYY-MM-DD")


def _one_of(name: str, value: str, accepted: Mapping[str, object]) -> str:
    if value not in accepted:
        raise BadFilter(f"{name}: expected one of {', '.join(accepted)}")
    return value
