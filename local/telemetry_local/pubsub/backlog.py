"""How much a subscription has not acknowledged yet.

Pub/Sub has no call for it; in the cloud Monitoring tells. Here the broker does, by a call of its own, since nobody else
can read its file.
"""

import sqlite3

import grpc
from google.protobuf.wrappers_pb2 import Int64Value, StringValue

from telemetry_local.pubsub import catalog
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.rpc import unary

SERVICE = "telemetry_local.pubsub.Backlog"

_SECONDS = 5.0


class Backlog:
    """The broker's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def methods(self) -> dict[str, grpc.RpcMethodHandler]:
        """The handler by its method's name."""
        return {"Count": unary(self._count, StringValue)}

    def _count(self, subscription: StringValue, _: grpc.ServicerContext) -> Int64Value:
        return Int64Value(value=self._database.run(lambda connection: _count(connection, subscription.value)))


def backlog(host: str, subscription: str) -> int | None:
    """The messages of a subscription that nobody has acknowledged; None if the broker at `host:port` can't tell."""
    with grpc.insecure_channel(host) as channel:
        count = channel.unary_unary(f"/{SERVICE}/Count", StringValue.SerializeToString, Int64Value.FromString)
        try:
            return int(count(StringValue(value=subscription), timeout=_SECONDS).value)
        except grpc.RpcError:
            return None


def _count(connection: sqlite3.Connection, subscription: str) -> int:
    catalog.get_subscription(connection, subscription)
    ((count,),) = connection.execute(
        """
        select count(*)
        from delivery
        where subscription = (select id from subscription where name = ?)
        """,
        (subscription,),
    )
    return int(count)
