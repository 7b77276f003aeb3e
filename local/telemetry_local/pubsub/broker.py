"""The broker put together: a database, who pushes from it, and the gRPC server before it."""

import errno
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import grpc

from telemetry_local.pubsub import backlog, catalog, deliveries
from telemetry_local.pubsub.backlog import Backlog
from telemetry_local.pubsub.bells import Bells
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.errors import CannotStart
from telemetry_local.pubsub.housekeeping import Housekeeping
from telemetry_local.pubsub.leases import Leases
from telemetry_local.pubsub.publisher import Publisher
from telemetry_local.pubsub.pushes import Pushes
from telemetry_local.pubsub.streaming import Streaming
from telemetry_local.pubsub.subscriber import Subscriber
from telemetry_local.pubsub.subscriptions import Subscriptions
from telemetry_pipeline.logs import log

_CALLS = 64  # under way at once; a waiting pull is one
_GRACE_SECONDS = 0.3
_OPTIONS = (
    # More than the 10,000,000 bytes that Publish takes, so that it is Publish who refuses, and says why.
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    ("grpc.max_send_message_length", -1),
    # Otherwise a second broker would share the port, and each would get half of the messages.
    ("grpc.so_reuseport", 0),
)


class Broker:
    """A Pub/Sub on one port over one file, for as long as its `with` block runs."""

    def __init__(self, database: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self._path = database
        self._host = host
        self.port = port
        """Where it listens; 0 before the `with` block means that a free one is taken there."""
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        """Start.

        Raises:
            CannotStart: The port is taken or the database can't be used.
        """
        with ExitStack() as exits:
            self._start(exits)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def _start(self, exits: ExitStack) -> None:
        server = self._listen()
        database = exits.enter_context(Database(self._path))
        bells = Bells()
        pushes = Pushes(database, bells)
        leases = Leases(database, bells)
        subscriber = (
            Subscriptions(database, pushes).methods() | Subscriber(leases).methods() | Streaming(leases).methods()
        )
        services = {
            "google.pubsub.v1.Publisher": Publisher(database, bells).methods(),
            "google.pubsub.v1.Subscriber": subscriber,
            backlog.SERVICE: Backlog(database).methods(),
        }
        server.add_generic_rpc_handlers(
            [
                # For methods that are not among them, gRPC itself answers UNIMPLEMENTED.
                grpc.method_handlers_generic_handler(name, methods)
                for name, methods in services.items()
            ]
        )
        database.run(deliveries.release)
        exits.callback(pushes.stop)
        housekeeping = Housekeeping(database)
        housekeeping.start()
        exits.callback(housekeeping.stop)
        server.start()
        exits.callback(_stop, server, bells)
        # Before the first push is made and logged: whoever started this reads the port in the first line.
        log("INFO", "listening", host=self._host, port=self.port)
        for subscription in database.run(catalog.every_subscription):
            pushes.follow(subscription)

    def _listen(self) -> grpc.Server:
        _check_port(self._host, self.port)
        server = grpc.server(ThreadPoolExecutor(_CALLS, "call"), options=_OPTIONS)
        self.port = server.add_insecure_port(f"{self._host}:{self.port}")
        return server


def _check_port(host: str, port: int) -> None:
    """Try the port first: gRPC would answer with a page of its own log and no reason."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {port} of {host} is taken; stop what listens there or choose another with --port"
            ) from error
        raise CannotStart(f"can't listen on port {port} of {host}: {error.strerror}; see --host and --port") from error


def _stop(server: grpc.Server, bells: Bells) -> None:
    stopped = server.stop(_GRACE_SECONDS)
    bells.close()
    stopped.wait()
