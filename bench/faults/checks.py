"""What must hold after each round, asked of the tables, of the bus and of the logs."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
from google.api_core.exceptions import ServiceUnavailable
from google.api_core.retry import Retry, if_exception_type
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import ReceivedMessage
from sqlalchemy import Connection, text

from bench.faults.senders import CANARY, Ledger
from telemetry_local.topics import EVENTS, PROJECT
from telemetry_pipeline import bus, contract

TABLES = [event.table for event in contract.EVENTS]

_PULL_SECONDS = 60.0
_RETRY = Retry(predicate=if_exception_type(ServiceUnavailable), timeout=_PULL_SECONDS)
_EVERY_TABLE = text(
    "select relname from pg_class where relnamespace = 'public'::regnamespace "
    "and relkind in ('r', 'p') and not relispartition"
)


def stored(connection: Connection, since: float) -> Counter[bytes]:
    """The ids of the rows that were received since then (seconds since 1970), and how often each is there."""
    found: Counter[bytes] = Counter()
    for table in TABLES:
        query = text(f"select id from {table} where received_at >= to_timestamp(:since)")  # noqa: S608 - our own names
        found.update(row.id.bytes for row in connection.execute(query, {"since": since}))
    return found


def violations(ledger: Ledger, rows: Counter[bytes]) -> Iterator[str]:
    """What doesn't hold, if anything."""
    if lost := len(ledger.acknowledged - rows.keys()):
        yield f"{lost} acknowledged events are no rows"
    if doubled := sum(number > 1 for number in rows.values()):
        yield f"{doubled} events are there more than once"
    if strange := len(rows.keys() - ledger.sent):
        yield f"{strange} rows were never sent"
    yield from dict.fromkeys(ledger.faults)


class Tap:
    """A subscription of its own to what `ingest` publishes."""

    def __init__(self, bus_port: int) -> None:
        channel = grpc.insecure_channel(f"127.0.0.1:{bus_port}")
        self._subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self._name = f"{PROJECT}/subscriptions/searched"
        self._subscriber.create_subscription(name=self._name, topic=EVENTS)

    def betrayals(self) -> Iterator[str]:
        """Take what has come since the last time; whether any of it names somebody."""
        while messages := self._pull():
            if any(CANARY.encode() in bus.unpack(one.message.data) for one in messages):
                yield "a message on the bus names somebody"
            self._subscriber.acknowledge(subscription=self._name, ack_ids=[one.ack_id for one in messages])

    def _pull(self) -> list[ReceivedMessage]:
        answer = self._subscriber.pull(
            subscription=self._name, max_messages=1000, return_immediately=True, timeout=_PULL_SECONDS, retry=_RETRY
        )
        return list(answer.received_messages)


def betrayals(connection: Connection, directory: Path, since: float) -> Iterator[str]:
    """Where somebody's name is kept, if anywhere; of events, only those are searched that were received since then."""
    for name in connection.execute(_EVERY_TABLE).scalars().all():
        query = f"select count(*) from {name} as kept where kept::text like '%{CANARY}%'"  # noqa: S608 - our own names
        if name in TABLES:
            query += " and received_at >= to_timestamp(:since)"
        if number := connection.execute(text(query), {"since": since}).scalar_one():
            yield f"{number} rows of {name} name somebody"
    for log in (directory / "logs").iterdir():
        if CANARY.encode() in log.read_bytes():
            yield f"{log.name} names somebody"
