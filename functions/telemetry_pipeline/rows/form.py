"""The form that rows are written in: Postgres and BigQuery each take bytes of their own."""

from collections.abc import Iterable
from typing import Protocol


class Form(Protocol):
    """Writes fields; a row is its fields, joined, from `begin` to `end`.

    A field belongs to a column, so that a form may name it. Whatever comes here keeps the contract: texts have no NUL,
    numbers are in their range.
    """

    @property
    def null(self) -> bytes:
        """The field of a column without a value; told from a value's by identity."""

    def begin(self, table: str, nanoseconds: int, event_id: bytes) -> bytes:
        """The first two fields of a row: when it happened, in nanoseconds since 1970, and the 16 bytes of its id."""

    def text(self, column: str, value: str) -> bytes:
        """A text."""

    def integer(self, column: str, value: int) -> bytes:
        """A whole number that is not negative, below 2³¹."""

    def double(self, column: str, value: float) -> bytes:
        """A number."""

    def json_object(self, column: str, members: Iterable[bytes]) -> bytes:
        """A JSON object, from its members, each as JSON text in UTF-8."""

    def end(self, key_epoch: int, received_at: int) -> bytes:
        """The last two fields of a row: the number of the pseudonyms' key, and when it arrived, as in `begin`."""
