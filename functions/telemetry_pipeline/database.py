"""Postgres: how every function that uses it connects."""

import socket
from typing import Any

import pg8000
from sqlalchemy import URL, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from telemetry_pipeline.settings import DatabaseSettings

FAULTS = (DBAPIError, OSError)
"""What an engine raises when the database can't be reached, or refuses."""

_CONNECT_SECONDS = 5.0

_NETWORK_SECONDS = 5.0
"""How much longer than its statement a connection waits for the answer before it takes the server for gone."""


def connect(
    settings: DatabaseSettings, application_name: str, pool_size: int = 1, statement_seconds: float = 20.0
) -> Engine:
    """Make an engine; it connects at first use.

    Args:
        settings: Where the database is; a Unix socket is given as `?unix_sock=PATH` in the URL.
        application_name: What `pg_stat_activity` calls the connections.
        pool_size: The most connections that are open together.
        statement_seconds: A statement that takes longer is cancelled. With 0 it may take for ever, as migrations need.
    """
    engine = create_engine(
        _with_driver(settings.database_url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=statement_seconds or None,
        connect_args={
            "application_name": application_name,
            "timeout": statement_seconds + _NETWORK_SECONDS if statement_seconds else None,
            "startup_params": {"timezone": "UTC", "statement_timeout": str(round(statement_seconds * 1000))},
        },
    )
    event.listen(engine, "do_connect", _open)
    return engine


def _with_driver(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+pg8000")


def _open(_: Dialect, __: ConnectionPoolEntry, ___: list[Any], arguments: dict[str, Any]) -> pg8000.Connection | None:
    if "unix_sock" in arguments:
        return None
    opened = socket.create_connection((arguments["host"], arguments.get("port", 5432)), _CONNECT_SECONDS)
    # pg8000 sends a COPY in pieces: the last waits 40 ms for the acknowledgement of the one before, unless told not to.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.settimeout(arguments["timeout"])
    return pg8000.Connection(**arguments, sock=opened)


def reason(error: Exception) -> str:
    """What the driver or the server said, for an operator's eyes; it may quote values, so never log it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    details = cause.args[0] if cause and len(cause.args) == 1 else cause
    return str(details.get("M", details) if isinstance(details, dict) else details)
