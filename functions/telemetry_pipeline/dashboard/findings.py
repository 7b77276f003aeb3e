"""Titles that say what is to be seen, and what changed."""

from typing import Literal

from telemetry_pipeline.dashboard.anonymity import Hidden
from telemetry_pipeline.dashboard.units import Value

Direction = Literal["up", "down", "level"]

_NO_BREAK = "\u00a0"


def number(value: Value) -> float | None:
    """A value as a number; none where it is hidden or missing."""
    if value is None or isinstance(value, Hidden | str):
        return None
    return float(value)  # type: ignore[arg-type]


def change(now: Value, before: Value) -> tuple[str, Direction]:
    """By how much a value changed, in percent, and which way; empty where it can't be said."""
    new, old = number(now), number(before)
    if new is None or not old:
        return "", "level"
    percent = round((new / old - 1) * 100)
    if not percent:
        return f"0{_NO_BREAK}%", "level"
    return f"{percent:+,}{_NO_BREAK}%".replace("-", "\u2212"), "up" if percent > 0 else "down"


def points(now: Value, before: Value) -> tuple[str, Direction]:
    """By how many percentage points a rate changed, and which way; empty where it can't be said."""
    new, old = number(now), number(before)
    if new is None or old is None:
        return "", "level"
    moved_by = round((new - old) * 100, 1)
    if not moved_by:
        return "", "level"
    return f"{moved_by:+.1f}{_NO_BREAK}points".replace("-", "\u2212"), "up" if moved_by > 0 else "down"


def moved(what: str, now: Value, before: Value, than: str, otherwise: str) -> str:
    """A title such as "Weekly active people up 12 % on the week before"; `otherwise` where it can't be said."""
    told, direction = change(now, before)
    if not told:
        return otherwise
    if direction == "level":
        return f"{what} level with {than}"
    amount = told.lstrip("+\u2212")
    return f"{what} {direction} {amount} on {than}"


def share(part: Value, whole: Value) -> str:
    """A part of a whole in percent; empty where it can't be said."""
    some, everything = number(part), number(whole)
    if some is None or not everything:
        return ""
    return f"{some / everything * 100:.0f}{_NO_BREAK}%"
