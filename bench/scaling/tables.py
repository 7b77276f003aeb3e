"""The tables of `bench.scaling`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bench import report
from bench.bill import Line, Load, bigquery, bill, total
from bench.machine import Measured
from bench.prices import GIB, MONTH_DAYS, PRICES
from bench.scaling import check
from bench.scaling.limits import DISK_TIB, limits
from bench.scaling.model import percentile
from bench.scaling.plan import Need, need
from bench.service_times import ServiceTimes
from bench.sizes import Sizes

LOADS = (10, 1_000, 10_000, 100_000)
BATCHES = (20, 200)
_DAY_SECONDS = 86_400


def figures(times: ServiceTimes, sizes: Sizes, measured: Measured) -> str:
    """All tables."""
    needs = {batch: [need(times, load, batch) for load in LOADS] for batch in BATCHES}
    return "\n\n".join(
        (
            "## This machine",
            report.table(("load and figure", "unit", "predicted", "measured", "error"), check.rows(times, measured)),
            *(part for batch in BATCHES for part in _needs(batch, needs[batch])),
            "## What gives out first",
            report.table(
                ("what", "events/s", "what moves it"),
                ([one.what, _round(one.events_per_second), one.moves] for one in limits(times, sizes)),
            ),
            "## A day",
            report.table(("dollars a day", *(f"{load:,} events/s" for load in LOADS)), _days(times, sizes)),
            f"A worker of Dataflow with 4 CPUs and 15 GiB: {_dataflow_worker():.2f} dollars a day.",
        )
    )


def _needs(batch: int, needs: list[Need]) -> Iterator[str]:
    yield f"## Instances, {batch} events in a request"
    rows: list[tuple[str, list[object]]] = [
        ("requests/s at the busiest moment", [f"{one.seen.spans / one.seen.seconds / batch:,.2f}" for one in needs]),
        ("instances of `ingest`", [one.ingest for one in needs]),
        ("instances of `store`", [one.store for one in needs]),
        ("connections to the database", [one.connections for one in needs]),
        ("pushes under way, on average", [f"{one.seen.under_way:,.1f}" for one in needs]),
        ("messages that wait on the bus", [f"{one.seen.waiting:,.0f}" for one in needs]),
        ("transactions/s", [f"{one.seen.transactions / one.seen.seconds:,.1f}" for one in needs]),
        ("rows in a transaction", [f"{one.seen.stored / max(one.seen.transactions, 1):,.0f}" for one in needs]),
        ("CPUs of Postgres that are busy with writing", [f"{one.seen.database_busy:,.2f}" for one in needs]),
        ("smallest tier for that", [one.tier.name for one in needs]),
        ("answer, p99 ms", [f"{percentile(one.seen.answers, 0.99) * 1000:,.0f}" for one in needs]),
        ("request to row, p99 ms", [f"{percentile(one.seen.to_row, 0.99) * 1000:,.0f}" for one in needs]),
    ]
    yield report.table(
        ("on average a day", *(f"{load:,} events/s" for load in LOADS)), ([name, *cells] for name, cells in rows)
    )


def _days(times: ServiceTimes, sizes: Sizes) -> Iterator[list[str]]:
    loads = [Load(load * _DAY_SECONDS) for load in LOADS]
    batched = [replace(load, events_per_request=BATCHES[1]) for load in loads]
    yield ["12 months in Postgres", *(_day(load, times, sizes) for load in loads)]
    yield [f"… {BATCHES[1]} events in a request", *(_day(load, times, sizes) for load in batched)]
    short = [replace(load, retention_days=31) for load in batched]
    yield ["… and 1 month in Postgres", *(_day(load, times, sizes) for load in short)]
    yield [
        "… and 12 months in BigQuery",
        *(_day(month, times, sizes, _stored(year, sizes)) for month, year in zip(short, batched, strict=True)),
    ]
    yield [
        "BigQuery alone has the events, Postgres what is counted",
        *(f"{total(_rollups_only(load, times, sizes)) / MONTH_DAYS:,.2f}" for load in batched),
    ]


def _day(load: Load, times: ServiceTimes, sizes: Sizes, more: Iterable[Line] = ()) -> str:
    gib = load.stored_events * sizes.postgres_event / GIB
    dollars = (total(bill(load, times, sizes)) + total(more)) / MONTH_DAYS
    return f"{dollars:,.2f}" + ("" if gib <= DISK_TIB * 1024 else f" (no disk holds {gib / 1024:,.0f} TiB)")


def _dataflow_worker() -> float:
    return 24 * (4 * PRICES.dataflow_cpu_hour + 15 * PRICES.dataflow_gib_hour)


def _stored(load: Load, sizes: Sizes) -> Iterator[Line]:
    """What BigQuery costs besides."""
    times = ServiceTimes.measured()
    without = {line.item: line.dollars for line in bill(load, times, sizes)}
    for line in bill(replace(load, mirror=True), times, sizes):
        yield replace(line, dollars=line.dollars - without.get(line.item, 0.0))


def _rollups_only(load: Load, times: ServiceTimes, sizes: Sizes) -> Iterator[Line]:
    """`mirror` in the place of `store`, with its needs, so one reader of the bus; each day read once to count it.

    Postgres neither writes nor counts nor compares events, and has what is counted alone.
    """
    idle = replace(times, postgres_transaction=0.0, postgres_event=0.0, compare_event=0.0, count_event=0.0)
    yield from bill(load, idle, replace(sizes, postgres_event=0.0))
    yield from bigquery(load, sizes, PRICES)
    tib = load.events_per_day * MONTH_DAYS * sizes.bigquery_event / GIB / 1024
    yield Line("BigQuery: read", "", max(tib - 1, 0) * PRICES.bigquery_read_tib)


def _round(value: float) -> str:
    """To two figures: no limit is known better."""
    return f"{float(f'{value:.2g}'):,.0f}"
