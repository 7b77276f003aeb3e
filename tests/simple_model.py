"""What the tables must hold, said as simply as it can be; and the functions, with the means to disturb them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import functions_framework
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import Engine, text

from edge import Edge
from expected_views import Event
from postgres import TEMPLATE
from store_under_test import StoreUnderTest
from telemetry_local.postgres import Postgres
from telemetry_pipeline import bus
from telemetry_pipeline.database import connect
from telemetry_pipeline.ingest import function as ingest_function
from telemetry_pipeline.ingest.publisher import Publisher
from telemetry_pipeline.instance import Once
from telemetry_pipeline.maintain import function as maintain_function
from telemetry_pipeline.maintain.retention import first_kept_day
from telemetry_pipeline.settings import DatabaseSettings, MaintainSettings
from telemetry_pipeline.store import function as store_function

MAIN = Path(__file__).parents[1] / "functions" / "main.py"
MONTHS = 12

REQUEST = "erasure_request"


@dataclass(frozen=True)
class Sent:
    """What a client sends, and the row that it must become; `kind` of a request is no table's."""

    span: Span
    row: Event
    keeps_contract: bool = True

    @property
    def is_request(self) -> bool:
        """Whether it asks for erasure."""
        return self.row.kind == REQUEST


@dataclass(eq=False)
class Message:
    """What `ingest` published for one request."""

    data: bus.Message
    batch: list[Sent]
    attempts: int = 0


@dataclass
class Model:
    """The rows that there must be, and what was counted of those that are gone."""

    rows: dict[str, Event] = field(default_factory=dict)
    requests: dict[str, datetime] = field(default_factory=dict)
    first_day: date = date.min
    oldest_partition: date = field(default_factory=lambda: first_kept_day(datetime.now(UTC).date(), 3))
    counted: dict[date, int] = field(default_factory=dict)

    def store(self, batch: Iterable[Sent]) -> None:
        """Each event once; of a person's requests the latest."""
        for one in batch:
            if one.is_request:
                user = str(one.row.user_id)
                self.requests[user] = max(self.requests.get(user, one.row.timestamp), one.row.timestamp)
            else:
                self.rows.setdefault(str(one.row.id), one.row)

    def is_asked_away(self, row: Event) -> bool:
        """Whether somebody asked after it for it to be erased."""
        asked = self.requests.get(str(row.user_id))
        return asked is not None and row.timestamp < asked

    def erase(self) -> None:
        """Nothing stays of what people did before they asked."""
        self.rows = {key: row for key, row in self.rows.items() if not self.is_asked_away(row)}

    def expire(self, months: int) -> None:
        """Whole months go, once there is anything older than is kept; their counts stay."""
        first_kept = first_kept_day(datetime.now(UTC).date(), months)
        if self.oldest_partition < first_kept or any(row.day < first_kept for row in self.rows.values()):
            people = self.people()
            self.counted |= {day: count for day, count in people.items() if day < first_kept}
            self.first_day = max(self.first_day, first_kept)
            self.oldest_partition = max(self.oldest_partition, first_kept)
        self.rows = {key: row for key, row in self.rows.items() if row.day >= self.first_day}

    def people(self) -> dict[date, int]:
        """How many people were active on each day, as far as there were any."""
        seen = {(row.day, row.user_id) for row in self.rows.values() if row.user_id and row.day >= self.first_day}
        days = {day: sum(day == then for then, _ in seen) for day, _ in seen}
        return self.counted | days


class World:
    """The functions, on a database that is new for each story."""

    def __init__(
        self, server: Postgres, edge: Edge, patch: pytest.MonkeyPatch, serve: Callable[[str], StoreUnderTest]
    ) -> None:
        self.edge = edge
        self._server = server
        self._patch = patch
        self._serve = serve
        self._admin = connect(DatabaseSettings(database_url=server.url("postgres")), "tests")
        self._stories = 0
        self._engines: list[Engine] = []
        patch.setenv("PUBSUB_EMULATOR_HOST", edge.topic.host)
        self._edge_made = ingest_function._edge()
        self._edge_without_bus = replace(self._edge_made, publisher=Publisher("projects/tests/topics/absent", 2.0))
        patch.setenv("FUNCTION_TARGET", "maintain")
        patch.setenv("RHESIS_DATABASE_URL", server.url("postgres"))
        self.maintain = functions_framework.create_app("maintain", str(MAIN)).test_client()

    def begin(self) -> None:
        """A new database, and everything in order."""
        self._stories += 1
        self._name = f"story_{self._stories}"
        self._server.create_database(self._name, template=TEMPLATE)
        url = self._server.url(self._name)
        self.store = self._serve(url)
        self._engine = connect(DatabaseSettings(database_url=url), "tests")
        self.connection = self._engine.connect()
        self.keep(MONTHS)
        self.bus_is(there=True)
        self.edge.topic.take()

    def end(self) -> None:
        """Let go of the database."""
        self.connection.close()
        self._engine.dispose()
        self.store.close()
        store_function.store().engine.dispose()
        while self._engines:
            self._engines.pop().dispose()
        self._run(f"drop database {self._name} with (force)")

    def close(self) -> None:
        """Let go of the server."""
        self._admin.dispose()

    def keep(self, months: int) -> None:
        """Have events kept for so many months."""
        about = MaintainSettings(database_url=self._server.url(self._name), k_anonymity=1, retention_months=months)

        def make() -> maintain_function.Maintenance:
            made = maintain_function.Maintenance.made_from(about)
            self._engines.append(made.engine)
            return made

        self._patch.setattr(maintain_function, "maintenance", Once(make))

    def bus_is(self, *, there: bool) -> None:
        """Whether the bus takes what `ingest` publishes."""
        edge = self._edge_made if there else self._edge_without_bus
        self._patch.setattr(ingest_function, "_edge", lambda: edge)

    def postgres_is(self, *, there: bool) -> None:
        """Whether the functions can connect; when not, the connections that they have are broken."""
        self._run(f"alter database {self._name} allow_connections {there}")
        if not there:
            self.break_connections("store")
            self.break_connections("maintain")

    def break_connections(self, function: str) -> None:
        """Break a function's connections, as a restart of the server does."""
        self._run(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            f" where datname = '{self._name}' and application_name = '{function}'"
        )

    def _run(self, statement: str) -> None:
        with self._admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))


def long_ago(days: float) -> timedelta:
    """So many days, in whole microseconds, as Postgres has them."""
    return timedelta(microseconds=int(days * 86_400 * 10**6))
