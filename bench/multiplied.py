"""Many events in little time: some are played by the demo, the others are copies of them that Postgres makes itself.

A copy is another population: each event has an id of its own, each person, organization, session and installation
another pseudonym, and all of it happens some whole weeks later, around the end of the period, so that each copy has its
own busy days. The rows go day by day through the same tables, partitions and indexes as any event.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection, Engine, TextClause, text

from bench.pipeline import TABLES
from telemetry_local.demo import fill
from telemetry_pipeline.maintain.partitions import make_partitions
from telemetry_pipeline.settings import IngestSettings, StoreSettings

DAYS = 91
"""Whole weeks, so that a copy's weekdays are those of what it copies."""

_MONTHS_BACK = 4
_AT_ONCE = 2
_PSEUDONYMS = ("user_id", "organization_id", "session_id", "installation_id")


def play(engine: Engine, database_url: str, events: int) -> int:
    """Play about so many events by the demo, through the code of `ingest` and `store`, and keep them to be copied.

    Returns:
        How many there are.
    """
    ingest = IngestSettings(events_topic="projects/p/topics/t", pseudonym_key=bytes(32), max_age_days=DAYS + 1)
    now = datetime.now(UTC)
    people = max(20, events // fill.EVENTS_PER_PERSON)
    with engine.connect() as connection:
        _make_partitions(engine, now)
        with fill.by_writer(StoreSettings(database_url=database_url)) as send:
            played = fill.fill(
                ingest, send, days=DAYS, events=events, people=people, seed=1, now=now, as_they_came=True
            )
            count = sum(number for _, number in played)
        for table in TABLES:
            connection.exec_driver_sql(f"create unlogged table bench_{table} as select * from {table}")  # noqa: S608
            connection.exec_driver_sql(f'create index on bench_{table} ("timestamp")')
            connection.exec_driver_sql(f"analyze bench_{table}")
    return count


def copy(engine: Engine, first: int, last: int) -> None:
    """Add the copies of these numbers, both included, of what was played; a line is printed every ten days."""
    with engine.connect() as connection:
        today = connection.execute(text("select (now() at time zone 'UTC')::date")).scalar_one()
        statements = {table: _copying(connection, table) for table in TABLES}
    days = [datetime.combine(today, time(), UTC) - timedelta(days=back) for back in reversed(range(DAYS))]

    def add(day: datetime) -> None:
        with engine.connect() as connection:
            for statement in statements.values():
                connection.execute(statement, {"day": day, "first": first, "last": last, "days": DAYS})

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for number, _ in enumerate(threads.map(add, days), start=1):
            if number % 10 == 0:
                print(f"  {number} of {DAYS} days", flush=True)


def _make_partitions(engine: Engine, now: datetime) -> None:
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        make_partitions(connection, now.date(), _MONTHS_BACK, 0)


def _copying(connection: Connection, table: str) -> TextClause:
    """The copies `first` to `last` on a day, each of the day as many weeks before as its number, in a circle."""
    columns = connection.execute(text(f"select * from {table} limit 0")).keys()  # noqa: S608 - a name of the contract
    written = {
        "id": "gen_random_uuid()",
        "timestamp": 'played."timestamp" + source.later',
        "received_at": "least(played.received_at + source.later, now())",
        **{one: f"md5(played.{one} || source.number::text)" for one in _PSEUDONYMS},
    }
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(written.get(column, f'played."{column}"') for column in columns)
    return text(f"""
        insert into {table} ({names})
        select {values}
        from (
            select
                number,
                cast(:day as timestamptz) - midnight as later,
                midnight
            from
                generate_series(cast(:first as integer), cast(:last as integer)) as number,
                lateral (
                    select
                        current_date::timestamp at time zone 'UTC'
                        - make_interval(days => mod(
                            (current_date - (cast(:day as timestamptz) at time zone 'UTC')::date) + 7 * number,
                            cast(:days as integer)
                        )) as midnight
                ) as of_source
        ) as source
        inner join bench_{table} as played
            on played."timestamp" >= source.midnight
            and played."timestamp" < source.midnight + interval '1 day'
        where played."timestamp" + source.later <= now()
    """)  # noqa: S608 - names of the contract
