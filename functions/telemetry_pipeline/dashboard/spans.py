"""Spans of days."""

from collections.abc import Iterator
from datetime import date, timedelta


def days(first: date, last: date) -> Iterator[date]:
    """Each day from one to another, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
