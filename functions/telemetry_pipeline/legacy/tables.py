"""The tables that the former system wrote, of both generations, and how they are read.

Its version 0.4 wrote `analytics_user_activity`, `analytics_endpoint_usage` and `analytics_feature_usage` into the app's
own database; later versions wrote `user_activity`, `endpoint_usage` and `feature_usage` into one of their own. Ids are
UUIDs or 16 digits of their SHA-256, times have no zone, and what else was on the span is in `event_metadata` (or
`metadata`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from telemetry_pipeline import contract

GENERATIONS = ("analytics_", "")
"""What the tables' names begin with, the older first."""

_FETCHED = 2000
_OURS = "key_epoch"
"""A column that this pipeline's tables have, and the former ones don't."""
_SHARED = {
    "user_id": contract.USER_ID,
    "organization_id": contract.ORGANIZATION_ID,
    "deployment_type": contract.DEPLOYMENT_TYPE,
}
_OWN: Mapping[str, Mapping[str, contract.Attribute]] = {
    contract.USER_ACTIVITY.name: {"event_type": contract.EVENT_TYPE, "session_id": contract.SESSION_ID},
    contract.ENDPOINT_USAGE.name: {
        "endpoint": contract.HTTP_ROUTE,
        "method": contract.HTTP_REQUEST_METHOD,
        "status_code": contract.HTTP_RESPONSE_STATUS_CODE,
        "duration_ms": contract.DURATION_MS,
    },
    contract.FEATURE_USAGE.name: {"feature_name": contract.FEATURE_NAME, "action": contract.FEATURE_ACTION},
}
_METADATA = ("event_metadata", "metadata")


class NotTheFormerSystem(Exception):
    """The database has none of the tables, or one that isn't what it seems; the message says which."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a former table; its values are text, by the name of the attribute that they are.

    `microseconds` since 1970 are None where it has no time, or an infinite one.
    """

    id: str
    microseconds: int | None
    metadata: str | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A former table that was found: the event that its rows are, and the name of the attribute that each column is."""

    schema: str
    name: str
    event: contract.Event
    attributes: Mapping[str, str]
    metadata: str | None
    has_zone: bool

    @property
    def place(self) -> str:
        """Its name in a statement."""
        return f"{_quoted(self.schema)}.{_quoted(self.name)}"

    def count(self, connection: Connection) -> int:
        """How many rows it has."""
        return int(connection.exec_driver_sql(f"select count(*) from {self.place}").scalar_one())  # noqa: S608 - quoted

    def rows(self, connection: Connection, time_zone: str) -> Iterator[list[Row]]:
        """Its rows in batches, through a cursor of the server, so that memory does not depend on how many there are.

        All is turned into text by the server: what a value becomes is decided where every event's is.

        Args:
            connection: In a transaction, whose snapshot is read.
            time_zone: Where times without a zone are from, as an IANA name that exists.
        """
        moment = '"timestamp"' if self.has_zone else f"\"timestamp\" at time zone '{time_zone}'"
        columns = "".join(f", {_quoted(column)}::text" for column in self.attributes)
        metadata = f"{_quoted(self.metadata)}::text" if self.metadata else "null"
        connection.exec_driver_sql(f"""
            declare former no scroll cursor for
            select
                id::text,
                case when isfinite("timestamp") then (extract(epoch from {moment}) * 1000000)::bigint end,
                {metadata}
                {columns}
            from {self.place}
        """)  # noqa: S608 - names are quoted, and the zone is one that exists
        while batch := connection.exec_driver_sql(f"fetch {_FETCHED} from former").all():
            yield [self._row(*fields) for fields in batch]
        connection.exec_driver_sql("close former")

    def _row(self, row_id: str, microseconds: int | None, metadata: str | None, *values: str | None) -> Row:
        found = zip(self.attributes.values(), values, strict=True)
        return Row(row_id, microseconds, metadata, {name: value for name, value in found if value is not None})


def find(connection: Connection, schema: str) -> list[Table]:
    """The former system's tables in a schema, of both generations if both are there.

    Raises:
        NotTheFormerSystem: There are none, or one lacks a column that its events can't do without.
    """
    tables = []
    for prefix in GENERATIONS:
        for event in contract.EVENTS:
            name = f"{prefix}{event.name}"
            types = _types(connection, schema, name)
            if types and _OURS not in types:
                tables.append(_table(schema, name, event, types))
    if not tables:
        names = ", ".join(f"{prefix}{event.name}" for prefix in GENERATIONS for event in contract.EVENTS)
        raise NotTheFormerSystem(f"schema {schema} has none of {names}, other than this pipeline's own")
    return tables


def _table(schema: str, name: str, event: contract.Event, types: Mapping[str, str]) -> Table:
    own = _OWN[event.name]
    columns = {column: attribute.name for column, attribute in {**own, **_SHARED}.items() if column in types}
    needed = ["id", "timestamp", *(column for column, attribute in own.items() if attribute in event.required)]
    if missing := [column for column in needed if column not in types]:
        raise NotTheFormerSystem(f"table {schema}.{name} has no column {', '.join(missing)}")
    if not types["timestamp"].startswith("timestamp"):
        raise NotTheFormerSystem(f"table {schema}.{name} has a column timestamp of type {types['timestamp']}")
    metadata = next((column for column in _METADATA if column in types), None)
    return Table(schema, name, event, columns, metadata, types["timestamp"] == "timestamp with time zone")


def _types(connection: Connection, schema: str, table: str) -> dict[str, str]:
    found = connection.execute(
        text("""
            select column_name, data_type
            from information_schema.columns
            where table_schema = :schema and table_name = :table
        """),
        {"schema": schema, "table": table},
    )
    return {str(name): str(kind) for name, kind in found}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
