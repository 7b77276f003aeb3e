"""Ports on this machine: free ones where none is asked for, and a clear word where one is taken."""

import os
import socket
from dataclasses import dataclass

_OURS = "127.0.0.1"


class PortTakenError(Exception):
    """The port that was asked for can't be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen: `ingest` and `grpc` on `host`, the others on 127.0.0.1.

    `grpc` is 0 where no gateway is wanted; `bus` is 0 where another Pub/Sub is used; `mirror` and BigQuery's own are 0
    where there is no BigQuery.
    """

    host: str
    ingest: int
    store: int
    maintain: int
    database: int
    dashboard: int
    bus: int = 0
    grpc: int = 0
    mirror: int = 0
    bigquery: int = 0
    bigquery_grpc: int = 0


def choose(
    host: str,
    port: int,
    database_port: int,
    dashboard_port: int,
    grpc_port: int | None,
    *,
    own_bus: bool,
    bigquery: bool,
) -> Ports:
    """Find the ports of a stack whose `ingest` is to listen on `port`; with 0, free ones are picked for all.

    Raises:
        PortTakenError: One that was asked for can't be used.
    """
    any_free = port == 0
    return Ports(
        host=host,
        ingest=_reserve(host, port, "--port"),
        store=_reserve(_OURS, 0),
        maintain=_reserve(_OURS, 0),
        database=_reserve(_OURS, 0 if any_free else database_port, "--database-port"),
        dashboard=_reserve(_OURS, 0 if any_free else dashboard_port, "--dashboard-port"),
        bus=_reserve(_OURS, 0) if own_bus else 0,
        grpc=0 if grpc_port is None else _reserve(host, 0 if any_free else grpc_port, "--grpc-port"),
        mirror=_reserve(_OURS, 0) if bigquery else 0,
        bigquery=_reserve(_OURS, 0) if bigquery else 0,
        bigquery_grpc=_reserve(_OURS, 0) if bigquery else 0,
    )


def _reserve(host: str, port: int, option: str = "") -> int:
    try:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            chosen: int = one.getsockname()[1]
            return chosen
    except OverflowError:
        raise PortTakenError(f"port {port} does not exist: give one from 0 to 65535 with {option}") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise PortTakenError(
            f"port {port} on {host} can't be used ({reason}): stop what uses it, or choose another with {option}"
        ) from None
