"""Pipeline: does everything arrive, how late, and what is kept until when?"""

from datetime import date
from typing import Any

from telemetry_pipeline import contract
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.units import shown
from telemetry_pipeline.dashboard.view import Card, Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit

_LARGEST = 7


def view(visit: Visit) -> Page:
    """The page."""
    ask = visit.reader.rows
    minutes, delay, state = ask("minutes"), ask("delay")[0], ask("maintenance")[0]
    charts = (
        _minutes(minutes),
        _rejected(ask("rejected")),
        _parked(ask("parked")),
        _storage(ask("storage")),
        _kept(state.first_day),
    )
    return Page(title="Pipeline", lead="Does everything arrive?", cards=_cards(minutes, delay, state), charts=charts)


def _cards(minutes: Rows, delay: Any, state: Any) -> tuple[Card, ...]:  # noqa: ANN401 - rows of the queries
    return (
        Card(
            "Events in the last hour",
            int(sum(row.events for row in minutes)),
            trend=tuple(float(row.events) for row in minutes),
        ),
        Card("Age on arrival, median", delay.median_seconds, "seconds", note=f"{delay.events:,} events in 24 hours"),
        Card("Age on arrival, p95", delay.p95_seconds, "seconds", note="a client that was offline sends late"),
        Card("Since maintenance", state.seconds, "seconds", note=f"{state.rolled_days:,} days rolled up"),
    )


def _minutes(rows: Rows) -> Chart:
    events = sum(row.events for row in rows)
    return Chart(
        "minutes",
        f"{events / max(1, len(rows)):,.1f} events a minute in the last hour",
        "columns",
        Table.of([Column("Minute", "text"), Column("Events")], [(f"{row.minute:%H:%M}", row.events) for row in rows]),
        "Events by the minute they reached ingest",
        is_wide=True,
    )


def _rejected(rows: Rows) -> Chart:
    spans = sum(row.spans for row in rows)
    return Chart(
        "rejected",
        f"{spans:,} spans broke the contract in 30 days" if spans else "Nothing was rejected in 30 days",
        "table",
        Table.of(
            [
                Column("Reason", "text"),
                Column("Event", "text"),
                Column("Attribute", "text"),
                Column("Spans"),
                Column("Last", "time"),
            ],
            [(row.reason, row.event, row.attribute, row.spans, row.last_at) for row in rows],
        ),
        "Spans that were not stored, by what was wrong with them; never the value",
    )


def _parked(rows: Rows) -> Chart:
    messages = sum(row.messages for row in rows)
    return Chart(
        "parked",
        f"{messages:,} messages can't be stored" if messages else "No dead letters are parked",
        "table",
        Table.of(
            [Column("Reason", "text"), Column("Messages"), Column("Size", "bytes"), Column("Last", "time")],
            [(row.reason, row.messages, row.bytes, row.last_at) for row in rows],
        ),
        "Messages that store acknowledged and put aside, since no retry can help",
    )


def _storage(rows: Rows) -> Chart:
    largest, rest = rows[:_LARGEST], rows[_LARGEST:]
    ranked = [(row.name.removeprefix("analytics_"), int(row.bytes), row.rows) for row in largest]
    if rest:
        ranked.append((f"{len(rest)} others", sum(int(row.bytes) for row in rest), sum(row.rows for row in rest)))
    return Chart(
        "storage",
        f"{shown(sum(int(row.bytes) for row in rows), 'bytes')} in all",
        "ranked",
        Table.of([Column("Table", "text"), Column("Size", "bytes"), Column("Rows, about", is_drawn=False)], ranked),
        "Tables with their indexes, all partitions together",
    )


def _kept(first_day: date | None) -> Chart:
    months = f"{contract.RETENTION_MONTHS} months, then its partition is dropped"
    return Chart(
        "kept",
        f"Raw events go back to {first_day}" if first_day else "What is kept until when",
        "table",
        Table.of(
            [Column("What", "text"), Column("Kept for", "text")],
            [
                ("Raw events, with pseudonyms", months),
                ("Who was active on which day, with pseudonyms", "as long as the raw events"),
                ("Daily counts and histograms, nobody in them", "for ever"),
            ],
        ),
        "What is kept until when",
    )
