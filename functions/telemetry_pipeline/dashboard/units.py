"""How values read: thousands separators, units, ISO dates; never a bare number whose unit one must guess."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from telemetry_pipeline.dashboard.anonymity import Hidden

Unit = Literal["text", "day", "time", "count", "mean", "rate", "share", "ratio", "milliseconds", "seconds", "bytes"]
Value = str | int | float | Decimal | date | Hidden | None

NOTHING = "\u2013"
_NO_BREAK = "\u00a0"
_DAY = 86_400
_LONGER = (("min", 60, 7200), ("h", 3600, 2 * _DAY))
_BYTES = ("B", "kB", "MB", "GB", "TB")


def shown(value: Value, unit: Unit) -> str:
    """A value in words that stand alone."""
    match value:
        case None:
            return NOTHING
        case Hidden() | str():
            return str(value)
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case _:
            return _number(float(value), unit)


def _number(value: float, unit: Unit) -> str:
    match unit:
        case "rate":
            return f"{value * 100:.1f}{_NO_BREAK}%"
        case "share":
            return f"{value * 100:.0f}{_NO_BREAK}%"
        case "mean":
            return f"{value:,.1f}"
        case "milliseconds":
            return f"{value:,.{_decimals(value)}f}{_NO_BREAK}ms"
        case "seconds":
            return _duration(value)
        case "bytes":
            return _size(value)
        case "ratio":
            return f"{value:.2f}"
        case _:
            return f"{value:,.{0 if value == round(value) else 1}f}"


def _decimals(value: float) -> int:
    return 0 if value >= 10 else 1


def _duration(value: float) -> str:
    if value < 1:
        return f"{value * 1000:,.0f}{_NO_BREAK}ms"
    if value < 120:
        return f"{value:,.{_decimals(value)}f}{_NO_BREAK}s"
    for unit, seconds, most in _LONGER:
        if value < most:
            return f"{value / seconds:,.0f}{_NO_BREAK}{unit}"
    return f"{value / _DAY:,.0f}{_NO_BREAK}days"


def _size(value: float) -> str:
    power = 0
    while value >= 1000 and power < len(_BYTES) - 1:
        value, power = value / 1000, power + 1
    return f"{value:,.{_decimals(value) if power else 0}f}{_NO_BREAK}{_BYTES[power]}"


def plain(value: Value) -> str:
    """A value for a machine: a CSV cell, or what a chart is drawn from; empty if there is none."""
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)
