"""Rows out of Postgres by a cursor of the server's, some thousands at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, text

BATCH = 5000
"""Rows that are fetched, and written, at once."""

_DATE = 1082
"""Postgres' number of the type date (pg_type.oid), as are the others in `forms`."""

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and the number of its type in Postgres."""

    name: str
    type: int


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be exported of a table or a view.

    Args:
        relation: Its name.
        first: The first day, in UTC; None for all that there is.
        last: The last day, included.
        column: The column that names somebody, and
        values: who of them is wanted; without a column, everybody is.
    """

    relation: str
    first: date | None = None
    last: date | None = None
    column: str = ""
    values: tuple[str, ...] = field(default=())


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that can't write, and for which time stands still until the block ends."""
    with engine.connect() as connection:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        connection = connection.execution_options(**options)
        with connection.begin():
            yield connection


def columns_of(connection: Connection, relation: str) -> list[Column]:
    """The columns of a table or a view."""
    cursor = connection.execute(text(f"select * from {relation} limit 0")).cursor  # noqa: S608 - a name of ours
    return [Column(name, int(str(kind))) for name, kind, *_ in cursor.description] if cursor else []


def batches(connection: Connection, selection: Selection, columns: Sequence[Column]) -> Iterator[Sequence[Row]]:
    """The rows of a selection, in order of time, as they were when the transaction began."""
    query, values = _query(selection, _moment(columns))
    cursor = f"exported_{selection.relation}"
    connection.execute(text(f"declare {cursor} no scroll cursor for {query}"), values)
    fetch = text(f"fetch {BATCH} from {cursor}")
    while rows := connection.execute(fetch).all():
        yield rows
    connection.execute(text(f"close {cursor}"))


def _moment(columns: Sequence[Column]) -> Column:
    """The column that says when: an event's time, or the day that a view counts."""
    return next(column for column in columns if column.name == "timestamp" or column.type == _DATE)


def _query(selection: Selection, moment: Column) -> tuple[str, Mapping[str, object]]:
    conditions = {
        f'"{moment.name}" >= {_bound("first", moment)}': selection.first,
        f"\"{moment.name}\" < {_bound('last', moment)} + interval '1 day'": selection.last,
        f"{selection.column} = any(:values)": list(selection.values) if selection.column else None,
    }
    wanted = [condition for condition, value in conditions.items() if value is not None]
    query = f'select * from {selection.relation} where {" and ".join(wanted) or "true"} order by "{moment.name}"'  # noqa: S608 - names of ours
    given = {"first": selection.first, "last": selection.last, "values": list(selection.values)}
    return query, {name: value for name, value in given.items() if f":{name}" in query}


def _bound(name: str, moment: Column) -> str:
    return f"cast(:{name} as date)" if moment.type == _DATE else f"cast(:{name} as timestamp) at time zone 'UTC'"
