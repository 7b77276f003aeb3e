"""`telemetry keys`: the key that pseudonyms are made with, and the overlap with the one before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points

import click
from sqlalchemy import Connection, text

from telemetry_pipeline import contract, database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.configuration import SettingsError
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is stored under one key."""

    number: int
    events: int
    people: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Overlap:
    """What is linked between one key and the one before it; `ends_at` is None without a linkage horizon."""

    epoch: int
    people: int
    installations: int
    began_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ended:
    """An overlap that is over; `unlinked_at` is None until its links are deleted."""

    epoch: int
    unlinked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """What the database knows of keys; `horizon_months` is None or 0 where links are kept until somebody ends it."""

    epochs: list[Epoch]
    overlaps: list[Overlap]
    ended: list[Ended]
    horizon_months: int | None

    @classmethod
    def of(cls, connection: Connection) -> "Status":
        """Read it; that counts all events."""
        horizon = connection.execute(text("select linkage_horizon_months from analytics_upkeep")).scalar_one()
        return cls(
            [Epoch(*row) for row in connection.execute(_EPOCHS)],
            [Overlap(*row) for row in connection.execute(_OVERLAPS, {"months": horizon or 0})],
            [Ended(*row) for row in connection.execute(_ENDED)],
            horizon,
        )


@click.group()
def keys() -> None:
    """See and rotate the key that pseudonyms are made with; docs/keys.md explains it."""


@keys.command()
@click.pass_obj
def status(obj: dict[str, str]) -> None:
    """Tell what is stored under which key, what is linked, until when, and what to do next."""
    engine = database.connect(environment.read(DatabaseSettings, obj), "telemetry keys", statement_seconds=0)
    try:
        with engine.connect() as connection:
            found = Status.of(connection)
    except database.FAULTS as error:
        raise click.ClickException(
            f"the database refused: {database.reason(error)}; run `telemetry migrate`?"
        ) from None
    finally:
        engine.dispose()
    for line in (*_table(found.epochs), *_state(found), f"next: {_next(found, _ingest(obj), datetime.now(UTC))}"):
        click.echo(line)


def _ingest(obj: dict[str, str]) -> IngestSettings | None:
    try:
        return IngestSettings.read(obj)
    except SettingsError:
        return None


def _table(epochs: list[Epoch]) -> Iterator[str]:
    if not epochs:
        yield "no events are stored"
        return
    yield f"{'epoch':>5} {'events':>13} {'people':>9}  {'first received':<16}  {'last received':<16}"
    for one in epochs:
        yield f"{one.number:>5} {one.events:>13,} {one.people:>9,}  {_minute(one.first)}  {_minute(one.last)}"


def _state(found: Status) -> Iterator[str]:
    for overlap in found.overlaps:
        yield (
            f"overlap of keys {overlap.epoch - 1} and {overlap.epoch}: since {_minute(overlap.began_at)}, "
            f"{overlap.people:,} people and {overlap.installations:,} installations are linked"
        )
        if overlap.ends_at:
            yield f"it ends: {_minute(overlap.ends_at)}, by the linkage horizon of {found.horizon_months} months"
        else:
            yield "it ends: not by itself, for no linkage horizon is set"
    for ended in found.ended:
        when = _minute(ended.unlinked_at) if ended.unlinked_at else "with the next run of maintain"
        yield f"keys {ended.epoch - 1} and {ended.epoch}: unlinked {when}"


def _next(found: Status, ingest: IngestSettings | None, now: datetime) -> str:
    is_kept = ingest and ingest.previous_pseudonym_key
    if any(ended.unlinked_at is None for ended in found.ended):
        return "run `telemetry maintain --now`, or wait for it; it deletes the links"
    if not found.overlaps:
        if found.ended and is_kept:
            return "destroy the previous key, which ingest still has: `telemetry keys destroy-previous`, docs/keys.md"
        return "nothing; `telemetry keys rotate` begins a new key"
    latest = found.overlaps[-1]
    if latest.ends_at and latest.ends_at <= now:
        return "run `telemetry maintain --now`, or wait for it; the overlap is over"
    days = (now - latest.began_at).days
    if days < SHORTEST_DAYS:
        return f"nothing before the {SHORTEST_DAYS} days are over that active people are counted in; {days} are"
    return "nothing; `telemetry keys destroy-previous` ends the overlap earlier"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


SHORTEST_DAYS = 32
"""How long an overlap should last, so that nobody is counted twice among those who are active in 30 days."""

_TABLES = " union all ".join(f"select key_epoch, user_id, received_at from {event.table}" for event in contract.EVENTS)  # noqa: S608 - names of the contract
_EPOCHS = text(f"""
    select
        key_epoch,
        count(*),
        count(distinct user_id),
        min(received_at),
        max(received_at)
    from ({_TABLES}) as events
    group by key_epoch
    order by key_epoch
""")  # noqa: S608 - as above
_OVERLAPS = text("""
    select
        key_epoch,
        count(*) filter (where domain = 'user'),
        count(*) filter (where domain = 'installation'),
        min(first_seen),
        case when :months > 0 then min(first_seen) + make_interval(months => :months) end
    from analytics_pseudonym_links
    where key_epoch not in (select key_epoch from analytics_key_overlaps)
    group by key_epoch
    order by key_epoch
""")
_ENDED = text("""
    select
        key_epoch,
        unlinked_at
    from analytics_key_overlaps
    order by key_epoch
""")

for entry_point in entry_points(group="telemetry.keys"):
    keys.add_command(entry_point.load())
