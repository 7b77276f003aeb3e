"""Pipeline: does everything arrive, how late, and what is kept until when?"""

from datetime import date
from typing import Any

from telemetry_pipeline.dashboard import budget
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.units import shown
from telemetry_pipeline.dashboard.view import Card, Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit

_LARGEST = 7


def view(visit: Visit) -> Page:
    """The page."""
    ask = visit.reader.rows
    minutes, delay, state, upkeep = ask("minutes"), ask("delay")[0], ask("maintenance")[0], ask("upkeep")[0]
    charts = (
        _minutes(minutes),
        budget.chart(ask("budget")[0], upkeep.dead_letters),
        _rejected(ask("rejected")),
        _parked(ask("parked")),
        _storage(ask("storage")),
        _kept(state.first_day, upkeep),
    )
    return Page(
        title="Pipeline",
        lead="Does everything arrive?",
        cards=_cards(minutes, delay, state, upkeep),
        charts=charts,
        reasons=dict.fromkeys(("deployment", "version", "feature"), "the pipeline carries all alike"),
    )


def _cards(minutes: Rows, delay: Any, state: Any, upkeep: Any) -> tuple[Card, ...]:  # noqa: ANN401
    return (
        Card(
            "Events in the last hour",
            int(sum(row.events for row in minutes)),
            definition="Events of all kinds that reached ingest within the hour and are stored.",
            trend=tuple(float(row.events) for row in minutes),
        ),
        Card(
            "Age on arrival, median",
            delay.median_seconds,
            "seconds",
            note=f"{delay.events:,} events in 24 hours",
            definition="Time from when an event happened, by the app's clock, to when ingest took it: for half of "
            "the last day's events it is no longer.",
        ),
        Card(
            "Age on arrival, p95",
            delay.p95_seconds,
            "seconds",
            note="a client that was offline sends late",
            definition="The same for 95 % of the last day's events.",
        ),
        Card(
            "Since maintenance",
            state.seconds,
            "seconds",
            note=f"{state.rolled_days:,} days rolled up",
            definition="Time since the last run of maintenance, less the two minutes that it leaves for what is still "
            "being stored.",
        ),
        _dead_letters(upkeep),
    )


def _dead_letters(upkeep: Any) -> Card:  # noqa: ANN401 - a row of the query
    is_known = upkeep.dead_letters is not None
    return Card(
        "Dead letters",
        upkeep.dead_letters,
        note=f"at {shown(upkeep.dead_letters_at, 'time')}"
        if is_known
        else "not counted here; Pub/Sub's own page has them",
        definition="Messages that could not be delivered in all their attempts and wait in the dead-letter "
        "subscription, when maintenance last asked. Find the cause in the reader's log, then replay them. Where there "
        "is no number, maintenance isn't told of it (RHESIS_DEAD_LETTERS_SUBSCRIPTION), or could not ask.",
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
        f"{messages:,} messages can't be stored" if messages else "No message is parked",
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


def _kept(first_day: date | None, upkeep: Any) -> Chart:  # noqa: ANN401 - a row of the query
    unknown = "not known before the first run of maintenance"
    is_known = upkeep.retention_months is not None
    months = f"{upkeep.retention_months} months, then its partition is dropped" if is_known else unknown
    days = f"{upkeep.rejected_retention_days} days" if is_known else unknown
    return Chart(
        "kept",
        f"Raw events go back to {first_day}" if first_day else "What is kept until when",
        "table",
        Table.of(
            [Column("What", "text"), Column("Kept for", "text")],
            [
                ("Raw events, with pseudonyms", months),
                ("Who was active on which day, with pseudonyms", "as long as the raw events"),
                ("Records of rejected spans, and parked messages", days),
                ("Daily counts and histograms, nobody in them", "for ever"),
            ],
        ),
        "What is kept until when",
    )
