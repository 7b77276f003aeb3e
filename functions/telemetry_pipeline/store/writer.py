"""Rows into their tables, in one transaction, each row once however often it comes."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pg8000.dbapi import DatabaseError, InterfaceError
from sqlalchemy import Engine, PoolProxiedConnection

from telemetry_pipeline.observing import Operation, metrics
from telemetry_pipeline.store import copy
from telemetry_pipeline.store.form import oldest_arrival
from telemetry_pipeline.store.tables import COLUMNS, EVENT_TABLES, LINKS, Rows

_Way = Callable[[PoolProxiedConnection, Rows], None]

_ATTEMPTS = 4

_LATE_NANOSECONDS = 60 * 10**9
"""Half of how far the rollups stay behind the clock (maintain/rollups.py); no transaction takes the other half."""

_UNIQUE_VIOLATION = "23505"
_OF_THE_ROWS = {"22", "23"}
"""SQLSTATE classes: data exception, integrity constraint violation."""
_PASSING = {"40P01", "40001", "57P01"}
"""A deadlock, a failed serialisation, a server that is being restarted."""


class WriteError(Exception):
    """The rows are not stored.

    WriteError
    ├── Refused      a row broke a rule of the database: writing it again can't help
    └── Unavailable  ours for now: write again later
    """


class Refused(WriteError):
    """Postgres refused the values of a row (SQLSTATE class 22 or 23); nothing of the transaction is stored."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


class Unavailable(WriteError):
    """The database is away, or has no schema yet; the text is the SQLSTATE or the name of the fault."""


class Writer:
    """Copies rows straight into their tables and, where some are there already, by way of temporary tables.

    COPY can't skip a row that is there and fails the transaction; but deliveries that come again are rare, and without
    the detour Postgres takes about twice as many rows per second.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, rows: Rows) -> None:
        """Store the rows that are not there yet, all or none.

        Raises:
            Refused: A row can't be stored.
            Unavailable: The database can't be used now.
        """
        try:
            self._persist(_copy, rows)
        except Refused as refused:
            if refused.sqlstate != _UNIQUE_VIOLATION:
                raise
            self._persist(_copy_what_is_new, rows)

    def _persist(self, way: _Way, rows: Rows) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with Operation(metrics.DATABASE, "COPY", "postgresql", "COPY", ""):
                    self._transaction(way, rows)
            except DatabaseError as error:
                sqlstate = _sqlstate(error)
                if sqlstate[:2] in _OF_THE_ROWS:
                    raise Refused(sqlstate) from None
                if attempt == _ATTEMPTS or sqlstate not in _PASSING:
                    raise Unavailable(sqlstate) from None
            except (InterfaceError, OSError) as error:
                # The pool's connections may have died unnoticed, with a restart of the server: the next one is new.
                self._engine.dispose()
                if attempt > 1 or isinstance(error, TimeoutError):
                    raise Unavailable(type(error).__name__) from None
            else:
                metrics.TRANSACTION_ROWS.record(sum(map(len, rows.values())))
                return

    def _transaction(self, way: _Way, rows: Rows) -> None:
        connection = self._engine.raw_connection()
        try:
            # Tables, and the rows of each, in one order: two transactions that hold some of the same rows then wait for
            # each other and don't lock each other out.
            way(connection, {table: sorted(rows[table]) for table in sorted(rows, key=_place)})
            _tell_if_late(connection, rows)
            connection.commit()
        except DatabaseError as error:
            if _sqlstate(error)[:2] in {*_OF_THE_ROWS, "40"}:
                connection.rollback()
            else:
                connection.invalidate()
            raise
        except BaseException:
            connection.invalidate()
            raise
        finally:
            with suppress(Exception):
                connection.close()


def _place(table: str) -> tuple[bool, str]:
    return table != LINKS, table


def _copy(connection: PoolProxiedConnection, rows: Rows) -> None:
    # A link is there most often.
    if LINKS in rows:
        _copy_what_is_new(connection, {LINKS: rows[LINKS]})
    cursor: Any = connection.cursor()
    for table, ready in rows.items():
        if table != LINKS:
            cursor.execute(_COPY[table], stream=copy.stream(ready))


def _copy_what_is_new(connection: PoolProxiedConnection, rows: Rows) -> None:
    cursor: Any = connection.cursor()
    if "staged" not in connection.info:
        cursor.execute(";".join((*_STAGE.values(), "commit")))
        connection.info["staged"] = True
    for table, ready in rows.items():
        cursor.execute(f"copy incoming_{table} from stdin with (format binary)", stream=copy.stream(ready))
    cursor.execute(";".join(_INSERT[table] for table in rows))


def _tell_if_late(connection: PoolProxiedConnection, rows: Rows) -> None:
    """Have the views count what is stored so late that the rollups may have passed it by."""
    oldest = min((oldest_arrival(rows[table]) for table in EVENT_TABLES & rows.keys()), default=None)
    if oldest and oldest < copy.timestamp(time.time_ns() - _LATE_NANOSECONDS):
        connection.cursor().execute("select analytics_received_late(%s)", (copy.moment(oldest),))


def _statements(template: str) -> Mapping[str, str]:
    """A statement for each table; the names are the contract's and ours."""
    return {
        table: template.format(table=table, columns=", ".join(f'"{column}"' for column in columns))
        for table, columns in COLUMNS.items()
    }


_COPY = _statements("copy {table} ({columns}) from stdin with (format binary)")
_STAGE = _statements(
    "create temporary table incoming_{table} on commit delete rows as select {columns} from {table} with no data"
)
_INSERT = {
    **_statements("insert into {table} ({columns}) select * from incoming_{table} on conflict do nothing"),
    # What once was unlinked stays so, whatever still tells of it.
    LINKS: """
        insert into analytics_pseudonym_links
        select link.*
        from incoming_analytics_pseudonym_links as link
        where link.key_epoch > (select coalesce(max(key_epoch), 0) from analytics_key_overlaps)
        on conflict do nothing
    """,
}


def _sqlstate(error: DatabaseError) -> str:
    details = error.args[0] if error.args else None
    return str(details.get("C", "")) if isinstance(details, dict) else ""
