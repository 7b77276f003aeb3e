"""Postgres: how every function that uses it connects."""

import socket
from functools import partial
from typing import Any

import pg8000
from sqlalchemy import Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.pool import ConnectionPoolEntry

from telemetry_pipeline.instance import Once
from telemetry_pipeline.settings import DatabaseSettings

FAULTS = (DBAPIError, NoFreeConnection, OSError)
"""What an engine raises when the database can't be reached, is too busy, or refuses."""

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
    in_the_cloud = bool(settings.database_instance)
    engine = create_engine(
        make_url(settings.database_url or "postgresql://").set(drivername="postgresql+pg8000"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=statement_seconds or None,
        # An instance that slept finds its connections dead.
        pool_pre_ping=in_the_cloud,
        connect_args={
            "application_name": application_name,
            "timeout": statement_seconds + _NETWORK_SECONDS if statement_seconds else None,
            "startup_params": {"timezone": "UTC", "statement_timeout": str(round(statement_seconds * 1000))},
        },
    )
    event.listen(engine, "do_connect", partial(_open_instance, settings) if in_the_cloud else _open_address)
    return engine


def _open_address(
    _: Dialect, __: ConnectionPoolEntry, ___: list[Any], arguments: dict[str, Any]
) -> pg8000.Connection | None:
    if "unix_sock" in arguments:
        return None
    opened = socket.create_connection((arguments["host"], arguments.get("port", 5432)), _CONNECT_SECONDS)
    _send_at_once(opened)
    opened.settimeout(arguments["timeout"])
    return pg8000.Connection(**arguments, sock=opened)


def _open_instance(
    settings: DatabaseSettings, _: Dialect, __: ConnectionPoolEntry, ___: list[Any], arguments: dict[str, Any]
) -> Any:  # noqa: ANN401 - pg8000 has no types
    login: dict[str, object] = {"user": settings.database_user, "db": settings.database_name}
    if settings.database_password:
        login["password"] = settings.database_password
    else:
        login["enable_iam_auth"] = True
    try:
        connection = _connector().connect(settings.database_instance, "pg8000", **login, **arguments)
    except (OSError, pg8000.Error):
        raise
    except Exception as error:  # the connector's, aiohttp's and google-auth's own, of many kinds
        raise ConnectionError(f"Cloud SQL could not be reached: {type(error).__name__}") from error
    _send_at_once(connection._usock)  # noqa: SLF001 - the connector opens it, and nobody else tells where it is
    return connection


def _make_connector() -> Any:  # noqa: ANN401 - imported only where it is used: it brings an HTTP client along
    from google.cloud.sql.connector import Connector, IPTypes, RefreshStrategy

    # Lazy, since a throttled CPU can't refresh certificates in the background.
    return Connector(ip_type=IPTypes.PRIVATE, refresh_strategy=RefreshStrategy.LAZY)


_connector = Once(_make_connector)


def _send_at_once(opened: socket.socket) -> None:
    # pg8000 sends a COPY in pieces: the last waits 40 ms for the acknowledgement of the one before, unless told not to.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def look(engine: Engine) -> None:
    """Return if the database answers.

    Raises:
        DBAPIError, OSError: It does not.
    """
    with engine.connect() as connection:
        connection.execute(text("select 1"))


def reason(error: Exception) -> str:
    """What the driver or the server said, for an operator's eyes; it may quote values, so never log it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    details = cause.args[0] if cause and len(cause.args) == 1 else cause
    return str(details.get("M", details) if isinstance(details, dict) else details)
