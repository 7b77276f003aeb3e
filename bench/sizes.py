"""Bytes of an event: on the bus, in Postgres with its indexes, in BigQuery; and what narrower ones would be.

On the bus: the message that `ingest` publishes for a request of real spans, its attributes counted as Pub/Sub bills
them, and the same data in other compressions. In Postgres: a demo of 90 days by the code of `ingest` and `store`, after
a run of `maintain`, and the same rows in tables that differ in one thing, written in the same order. In BigQuery: the
logical bytes of the same rows by cloud.google.com/bigquery/pricing#data. The write-ahead log: rows in transactions of
20 and of 1,000. `bench.cost` begins with these figures. Run as `python -m bench.sizes`.
"""

import json
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Self

from backports import zstd
from isal import isal_zlib
from sqlalchemy import Connection, Engine, text

from bench import captured, report
from bench.servers import free_port
from telemetry_local.demo import fill
from telemetry_local.postgres import Postgres
from telemetry_pipeline import bus, contract
from telemetry_pipeline.database import connect
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.maintain import migrate, rollups
from telemetry_pipeline.maintain.partitions import make_partitions
from telemetry_pipeline.otlp.media import Media
from telemetry_pipeline.otlp.requests import Signal
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, StoreSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.writer import Writer

RESULTS = Path(__file__).with_name("results") / "sizes.json"
EVENTS = 200_000
DAYS = 90
SPANS = (1, 5, 20, 100, 512)

_PUBSUB_OVERHEAD_BYTES = 20 + 17
"""The timestamp and the message id, which are billed too (cloud.google.com/pubsub/pricing)."""
_SETTINGS = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(range(32)))
_DICTIONARY_BYTES = 16_384
_SENTENCES = (
    "A mean event: {sizes.postgres_event:.0f} bytes, and {sizes.postgres_counted_event:.0f} of what is counted of it. "
    "The write-ahead log has {wal[20]:.0f} bytes of an event in transactions of 20 rows, {wal[1000]:.0f} in those of "
    "1,000. In BigQuery an event has {sizes.bigquery_event:.0f} logical bytes."
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes; what is of an event is a mean of all kinds."""

    message_by_spans: dict[int, int]
    """As it is billed: data, attributes, timestamp and id."""
    postgres_event: float
    """A row with its share of the indexes."""
    postgres_counted_event: float
    """What is counted of an event: the rollups' share."""
    wal_event: float
    """In transactions of 20 rows."""
    bigquery_event: float
    narrower_event: dict[str, float]
    """What an event in Postgres would have less, by what would be written differently."""

    @classmethod
    def measured(cls) -> Self:
        """What was measured last."""
        found = json.loads(RESULTS.read_text())
        return cls(**found | {"message_by_spans": {int(key): one for key, one in found["message_by_spans"].items()}})

    def to_json(self) -> str:
        """To be read by `measured`."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def message_bytes(self, spans: float) -> float:
        """A message of so many spans, between those that were measured on a straight line."""
        known = sorted(self.message_by_spans.items())
        lines = list(pairwise(known))
        (low, low_bytes), (high, high_bytes) = next((line for line in lines if spans <= line[1][0]), lines[-1])
        return low_bytes + (high_bytes - low_bytes) * (spans - low) / (high - low)


def main() -> None:
    """Print the tables and write them down, for people and for programs."""
    with _database() as engine:
        _fill(engine)
        with engine.connect() as connection:
            tables = dict(_tables(connection))
            relations, counted = _relations(connection)
            variants = dict(_variants(connection))
            bigquery = _bigquery(connection)
            wal = {rows: _wal(engine, rows) for rows in (20, 1000)}
    now = sum(variants[_VARIANTS[0].name])
    events = sum(rows for rows, _, _ in tables.values())
    stored = sum(heap + indexes for _, heap, indexes in tables.values())
    sizes = Sizes(
        {spans: _billed(_message(spans)) for spans in SPANS},
        round(stored / events, 1),
        round(counted / events, 1),
        round(wal[20], 1),
        round(bigquery, 1),
        {name: round(now - sum(variant), 1) for name, variant in variants.items()},
    )
    RESULTS.write_text(sizes.to_json())
    parts = [
        "## On the bus",
        report.table(("spans in a message", "bytes as billed", "by event", "of these, attributes"), _messages(sizes)),
        report.table(("20 spans, data only", "bytes", "microseconds"), _compressions(20)),
        report.table(("512 spans, data only", "bytes", "microseconds"), _compressions(512)),
        "## In Postgres",
        report.table(
            ("table", "events", "bytes of an event", "of these, indexes"),
            (
                (table, f"{rows:,}", f"{(heap + indexes) / rows:.0f}", f"{indexes / rows:.0f}")
                for table, (rows, heap, indexes) in tables.items()
            ),
        ),
        _SENTENCES.format(sizes=sizes, wal=wal),
        report.table(("index", "bytes of an event of its table"), relations),
        "## Narrower rows",
        report.table(
            ("the same rows, with", "row", "indexes", "sum", "of now"),
            (
                (name, f"{row:.0f}", f"{indexes:.0f}", f"{row + indexes:.0f}", f"{(row + indexes) / now:.0%}")
                for name, (row, indexes) in variants.items()
            ),
        ),
    ]
    report.write("sizes", __doc__, "\n\n".join(parts))


def _message(spans: int) -> bus.Message:
    groups = Signal.TRACES.decode(captured.request(spans).SerializeToString(), Media.PROTOBUF, spans)
    (message,) = Exporter(_SETTINGS).export(Signal.TRACES, groups, time.time_ns()).messages
    return message


def _attribute_bytes(message: bus.Message) -> int:
    return sum(len(key) + len(value) for key, value in message.attributes.items())


def _billed(message: bus.Message) -> int:
    return len(message.data) + _attribute_bytes(message) + _PUBSUB_OVERHEAD_BYTES


def _messages(sizes: Sizes) -> Iterator[list[object]]:
    for spans, billed in sizes.message_by_spans.items():
        yield [spans, f"{billed:,}", f"{max(billed, 1000) / spans:,.0f}", _attribute_bytes(_message(spans))]


def _compressions(spans: int) -> Iterator[list[object]]:
    data = bus.unpack(_message(spans).data)
    samples = [bus.unpack(_message(spans).data) for _ in range(max(100, 2000 // spans))]
    dictionary = zstd.train_dict(samples, _DICTIONARY_BYTES)
    ways: dict[str, Callable[[], bytes]] = {
        "as it is": lambda: data,
        "gzip, ISA-L level 1 (used)": lambda: isal_zlib.compress(data, 1, 31),
        "gzip, ISA-L level 3": lambda: isal_zlib.compress(data, 3, 31),
        "gzip, zlib level 6": lambda: zlib.compress(data, 6, 31),
        "zstd level 3": lambda: zstd.compress(data, 3),
        "zstd level 3 with a dictionary": lambda: zstd.compress(data, 3, zstd_dict=dictionary),
    }
    for name, way in ways.items():
        taken = []
        for _ in range(50):
            begun = time.perf_counter()
            compressed = way()
            taken.append(time.perf_counter() - begun)
        yield [name, f"{len(compressed):,}", f"{min(taken) * 1e6:.0f}"]


@contextmanager
def _database() -> Iterator[Engine]:
    server = Postgres(Path(tempfile.mkdtemp(prefix="rhesis-bench-")), free_port())
    server.start()
    engine = connect(DatabaseSettings(database_url=server.url("postgres")), "bench", pool_size=3, statement_seconds=0)
    try:
        yield engine
    finally:
        engine.dispose()
        server.stop()
        shutil.rmtree(server.directory)


def _fill(engine: Engine) -> None:
    migrate.upgrade(engine)
    now = datetime.now(UTC)
    with engine.connect() as connection:
        make_partitions(connection, now.date(), 4, 0)
    url = engine.url.render_as_string(hide_password=False)
    with fill.by_writer(StoreSettings(database_url=url)) as send:
        people = EVENTS // fill.EVENTS_PER_PERSON
        for _ in fill.fill(_SETTINGS, send, days=DAYS, events=EVENTS, people=people, seed=1, now=now):
            pass
    with engine.connect() as connection:
        rollups.refresh(connection, now, all_days=True)
    _vacuum(engine)


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _tables(connection: Connection) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Each table of events: its rows, the bytes of its heap, and of its indexes."""
    for event in contract.EVENTS:
        row = connection.execute(
            text(f"""
                select (select count(*) from {event.table}),
                    sum(pg_table_size(relid)), sum(pg_indexes_size(relid))
                from pg_partition_tree('{event.table}')
                where isleaf
            """)  # noqa: S608 - the contract's names
        ).one()
        yield event.table, (int(row[0]), int(row[1]), int(row[2]))


def _relations(connection: Connection) -> tuple[list[tuple[str, str]], int]:
    """Each index with its bytes by event, and the bytes of what is counted."""
    rows = connection.execute(
        text("""
            select
                parent.relname as index,
                parent_table.relname as table,
                sum(pg_relation_size(leaf.relid)) as bytes
            from pg_class as parent
            join pg_index on pg_index.indexrelid = parent.oid
            join pg_class as parent_table on parent_table.oid = pg_index.indrelid
            cross join lateral pg_partition_tree(parent.oid) as leaf
            where parent.relkind = 'I' and leaf.isleaf and parent_table.relname = any(:tables)
            group by parent.relname, parent_table.relname
            order by parent_table.relname, bytes desc
        """),
        {"tables": [event.table for event in contract.EVENTS]},
    ).all()
    events = {name: count for name, (count, _, _) in _tables(connection)}
    counted = connection.execute(
        text("""
            select sum(pg_total_relation_size(oid))
            from pg_class
            where relkind = 'r' and not relispartition and relnamespace = 'public'::regnamespace
                and relname like 'analytics%'
        """)
    ).scalar_one()
    return [(str(row[0]), f"{row.bytes / events[row.table]:.1f}") for row in rows], int(counted)


_IDS = ("user_id", "organization_id", "session_id", "installation_id")
_REPEATED = (
    "endpoint", "method", "feature_name", "action", "page_path", "event_type", "deployment_type", "service_name",
    "service_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Variant:
    """How the columns of a table are written differently."""

    name: str
    ids: str = "{}"
    repeated: str = "{}"
    metadata: str = "{}"
    aligned: bool = False
    funnel_index: bool = True


_VARIANTS = (
    _Variant("what there is"),
    _Variant("pseudonyms as uuid (16 bytes)", ids="{}::uuid"),
    _Variant("columns in the order of their alignment", aligned=True),
    _Variant("metadata null where it is empty", metadata="nullif({}, '{{}}')"),
    _Variant("repeated texts as numbers (smallint, a dictionary)", repeated="(hashtext({}) % 30000)::smallint"),
    _Variant("no index for funnels", funnel_index=False),
    _Variant(
        "all but the last",
        ids="{}::uuid",
        repeated="(hashtext({}) % 30000)::smallint",
        metadata="nullif({}, '{{}}')",
        aligned=True,
    ),
)


def _variants(connection: Connection) -> Iterator[tuple[str, tuple[float, float]]]:
    """Each variant with the bytes of a mean row, and of its indexes."""
    for variant in _VARIANTS:
        heap = indexes = rows = 0
        for event in contract.EVENTS:
            _rewrite(connection, event.table, variant)
            sizes = connection.execute(
                text("select count(*), pg_table_size('variant'), pg_indexes_size('variant') from variant")
            ).one()
            rows, heap, indexes = rows + sizes[0], heap + sizes[1], indexes + sizes[2]
            connection.rollback()
        yield variant.name, (heap / rows, indexes / rows)


def _rewrite(connection: Connection, table: str, variant: _Variant) -> None:
    """Copy a table's rows as they lie, into one that is written as the variant says, with its indexes."""
    columns = connection.execute(
        text("""
            select attname, typalign, typlen
            from pg_attribute
            join pg_type on pg_type.oid = atttypid
            where attrelid = cast(:table as regclass) and attnum > 0 and not attisdropped
            order by attnum
        """),
        {"table": table},
    ).all()
    names = [row.attname for row in columns]
    if variant.aligned:
        fixed = {"id": 16, "timestamp": 8, "received_at": 8, "duration_ms": 8, "status_code": 4, "key_epoch": 2}
        narrow = dict.fromkeys(_IDS, 16 if "uuid" in variant.ids else 0)
        narrow |= dict.fromkeys(_REPEATED, 2 if "smallint" in variant.repeated else 0)
        widths = narrow | fixed
        order = (8, 16, 4, 2, 0)
        names.sort(key=lambda name: order.index(widths.get(name, 0)))
    ways = dict.fromkeys(_IDS, variant.ids) | dict.fromkeys(_REPEATED, variant.repeated)
    ways["metadata"] = variant.metadata
    chosen = ", ".join(ways.get(name, "{}").format(f'"{name}"') + f' as "{name}"' for name in names)
    connection.execute(text(f"create temporary table variant on commit drop as select {chosen} from {table}"))  # noqa: S608
    connection.execute(text('alter table variant add primary key ("timestamp", id)'))
    connection.execute(text("create index on variant using brin (received_at)"))
    if "feature_name" in names and variant.funnel_index:
        connection.execute(
            text('create index on variant (feature_name, "timestamp") include (user_id, action, deployment_type)')
        )


def _bigquery(connection: Connection) -> float:
    """Logical bytes of a mean event: a text has two more than its own, a null none, all else eight."""
    rows = total = 0.0
    for event in contract.EVENTS:
        schema = json.loads((Path(__file__).parents[1] / "schemas" / "bigquery" / f"{event.table}.json").read_text())
        widths = " + ".join(
            f'case when "{column["name"]}" is null then 0 else {_logical_bytes(column["name"], column["type"])} end'
            for column in schema
        )
        found = connection.execute(text(f"select count(*), sum({widths}) from {event.table}")).one()  # noqa: S608
        rows, total = rows + found[0], total + float(found[1])
    return total / rows


def _logical_bytes(column: str, kind: str) -> str:
    return f'2 + octet_length("{column}"::text)' if kind in {"STRING", "JSON"} else "8"


def _wal(engine: Engine, rows: int, events: int = 20_000) -> float:
    """Bytes of the write-ahead log by event, in transactions of so many rows, long after a checkpoint."""
    data = [_message(rows).data for _ in range(events // rows)]
    writer = Writer(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        before = connection.execute(text("select pg_current_wal_lsn()")).scalar_one()
    for one in data:
        writer.write(rows_of(one, 3650))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        written = connection.execute(
            text("select pg_wal_lsn_diff(pg_current_wal_lsn(), cast(:before as pg_lsn))"), {"before": before}
        ).scalar_one()
    return float(written) / (len(data) * rows)


if __name__ == "__main__":
    main()
