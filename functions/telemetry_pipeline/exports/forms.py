"""The forms of an export: CSV (RFC 4180), JSON lines, Parquet."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Protocol
from uuid import UUID

from telemetry_pipeline.exports.rows import Column, Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class MissingLibraryError(Exception):
    """A form needs a library that is not installed; the text says how it gets there."""


class Writer(Protocol):
    """Writes rows to where it was made for."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""

    def close(self) -> None:
        """Write what ends it; the target stays open."""


class CsvWriter:
    """CSV with a header. A text that a spreadsheet would run as a formula has an apostrophe before it."""

    def __init__(self, target: IO[bytes], columns: Sequence[Column]) -> None:
        self._target = target
        self._write([[column.name for column in columns]])

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        self._write([[_cell(value) for value in row] for row in rows])

    def close(self) -> None:
        """Nothing ends a CSV."""

    def _write(self, rows: Sequence[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._target.write(text.getvalue().encode())


class JsonLinesWriter:
    """One JSON object a line, without what is null."""

    def __init__(self, target: IO[bytes], columns: Sequence[Column]) -> None:
        self._target = target
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        objects = (record(self._names, row) for row in rows)
        self._target.write("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in objects).encode())

    def close(self) -> None:
        """Nothing ends JSON lines."""


class ParquetWriter:
    """Parquet with a row group for each call, or for some of them."""

    _GROUP = 20_000

    def __init__(self, target: IO[bytes], columns: Sequence[Column]) -> None:
        """Begin the file.

        Raises:
            MissingLibraryError: There is no pyarrow.
        """
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise MissingLibraryError("Parquet needs pyarrow: pip install pyarrow") from None
        self._arrow = pyarrow
        self._schema = pyarrow.schema([(column.name, _arrow_type(pyarrow, column.type)) for column in columns])
        self._parquet = parquet.ParquetWriter(target, self._schema, compression="zstd")
        self._rows: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Keep some rows until they are a row group."""
        self._rows += rows
        if len(self._rows) >= self._GROUP:
            self._write_group()

    def close(self) -> None:
        """Write the last row group and the footer."""
        self._write_group()
        self._parquet.close()

    def _write_group(self) -> None:
        if not self._rows:
            return
        values: list[tuple[Any, ...]] = list(zip(*self._rows, strict=True))
        arrays = [
            self._arrow.array([_arrow_value(value) for value in column], field.type)
            for column, field in zip(values, self._schema, strict=True)
        ]
        self._parquet.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows = []


WRITERS: Mapping[str, Callable[[IO[bytes], Sequence[Column]], Writer]] = {
    "csv": CsvWriter,
    "jsonl": JsonLinesWriter,
    "parquet": ParquetWriter,
}
"""What is made of each form."""


def record(names: Sequence[str], row: Row) -> dict[str, object]:
    """A row as a JSON object, without what is null."""
    return {name: _plain(value) for name, value in zip(names, row, strict=True) if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value) if isinstance(value, UUID) else value


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _arrow_type(pyarrow: Any, kind: int) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The type of a column, by the number of its type in Postgres; a text where there is none like it."""
    types: dict[int, Callable[[], Any]] = {
        16: pyarrow.bool_,
        20: pyarrow.int64,
        21: pyarrow.int16,
        23: pyarrow.int32,
        701: pyarrow.float64,
        1082: pyarrow.date32,
        1184: lambda: pyarrow.timestamp("us", "UTC"),
        1700: pyarrow.float64,
    }
    return types.get(kind, pyarrow.string)()


def _arrow_value(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value) if isinstance(value, UUID) else value
