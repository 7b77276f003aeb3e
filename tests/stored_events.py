"""Events into the tables, and the views' rows out of them."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from expected_views import VIEWS, Event, Row, endpoint_performance_between

COLUMNS = {
    "user_activity": ("event_type", "session_id"),
    "endpoint_usage": ("method", "endpoint", "status_code", "duration_ms"),
    "feature_usage": ("feature_name", "action"),
}
_COMMON = (
    "id",
    "timestamp",
    "received_at",
    "user_id",
    "deployment_type",
    "installation_id",
    "service_name",
    "service_version",
)


def store(connection: Connection, events: Iterable[Event]) -> None:
    """Insert events, committed."""
    by_kind: dict[str, list[Event]] = {kind: [] for kind in COLUMNS}
    for event in events:
        by_kind[event.kind].append(event)
    with connection.begin():
        for kind, those in by_kind.items():
            columns = ", ".join(f'"{column}"' for column in (*_COMMON, *COLUMNS[kind]))
            connection.execute(
                text(f"""
                    insert into analytics_{kind} (key_epoch, {columns})
                    select 1, {columns}
                    from jsonb_populate_recordset(null::analytics_{kind}, cast(:rows as jsonb))
                """),
                {"rows": json.dumps([_fields(event, kind) for event in those])},
            )


def _fields(event: Event, kind: str) -> dict[str, Any]:
    fields = {column: getattr(event, column) for column in (*_COMMON, *COLUMNS[kind])}
    times = {column: fields[column].isoformat() for column in ("timestamp", "received_at")}
    return fields | times | {"id": str(event.id)}


def rows(connection: Connection, source: str, **parameters: object) -> list[Row]:
    """The rows of a view, or of a function with its arguments, in an order of their own."""
    with connection.begin():
        found = connection.execute(text(f"select * from {source}"), parameters)
        return ordered(tuple(row) for row in found)


def ordered(found: Iterable[Row]) -> list[Row]:
    """Rows in an order that None and numbers of different types don't disturb."""
    return sorted(found, key=lambda row: [(one is None, "" if isinstance(one, Near) else str(one)) for one in row])


def today() -> date:
    """The day that it is, in UTC."""
    return datetime.now(UTC).date()


def stored(connection: Connection) -> list[Event]:
    """All events that are in the tables."""
    events = []
    with connection.begin():
        for kind, columns in COLUMNS.items():
            names = (*_COMMON, *columns)
            quoted = ", ".join(f'"{name}"' for name in names)
            found = connection.execute(text(f"select {quoted} from analytics_{kind}"))
            events += [Event(kind=kind, **dict(zip(names, row, strict=True))) for row in found]
    return events


def empty(connection: Connection) -> None:
    """Take all events and rollups away."""
    with connection.begin():
        tables = connection.execute(
            text("""
                select string_agg(relname, ', ')
                from pg_class
                where relkind in ('r', 'p')
                    and not relispartition
                    and relname like 'analytics\\_%'
                    and relname not in ('analytics_rollup_state', 'analytics_upkeep')
            """)
        ).scalar()
        connection.execute(text(f"truncate {tables}"))
        connection.execute(
            text("""
                update analytics_rollup_state
                set received_before = '-infinity', first_day = '-infinity', recounted_at = '-infinity'
            """)
        )


def assert_views_answer(connection: Connection, events: list[Event]) -> None:
    """Every view has exactly the rows that the definitions give for these events."""
    day = today()
    for name, view in VIEWS.items():
        assert ordered(_exact(name, view(events, day))) == _found(connection, name), name
    span = {"first": day - timedelta(days=9), "last": day}
    expected = endpoint_performance_between(events, span["first"], span["last"])
    found = _found(connection, "endpoint_performance_between(:first, :last)", **span)
    assert ordered(_exact("endpoint_performance_between", expected)) == found


def _found(connection: Connection, source: str, **parameters: object) -> list[Row]:
    return ordered(_exact(source.partition("(")[0], rows(connection, source, **parameters)))


def _exact(view: str, found: Iterable[Row]) -> Iterable[Row]:
    """Rows with quantiles of durations as `Near` values, which are equal within the error that is stated."""
    first = {"endpoint_performance": 8, "endpoint_performance_between": 7}.get(view)
    if first is None:
        return found
    return [(*row[:first], *map(near, row[first : first + 3]), *row[first + 3 :]) for row in found]


class Near(float):
    """A duration in milliseconds; equal to one that is within 1% of it, and half a microsecond for rounding."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Near) and abs(self - other) <= 0.0101 * max(self, other) + 0.0011

    __hash__ = float.__hash__


def near(value: float | None) -> Near | None:
    """The value as one that need only be near."""
    return None if value is None else Near(value)
