"""What the pipeline costs, by list prices of us-central1 that were not checked against an account (bench/prices.py).

From the CPU-seconds of `bench.parts` and the bytes of `bench.sizes`, of which this is arithmetic (bench/bill.py): a
CPU-second here is taken for a vCPU-second there. Assumed: 20 events in a request, 12 months kept, Cloud Run's target of
60 % for CPUs and slots, 20 ms for Pub/Sub's acknowledgement and 5 ms for a commit. Run as `python -m bench.cost`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench import report
from bench.bill import TARGET, Line, Load, always_on, bill, total
from bench.prices import GIB, PRICES
from bench.service_times import ServiceTimes
from bench.sizes import Sizes

DAYS = {"10,000 events a day": 10_000, "1 million": 1_000_000, "50 million": 50_000_000}

_ALWAYS_ON = (
    "A collector and a processor on Cloud Run that are always on, in the place of functions and bus, and the same "
    "database. The processor inserts span by span through an ORM: {:,.0f} rows by CPU-second (bench/results/store.md). "
    "The functions' sum has `maintain` in it, whose work nobody did there."
)


def main() -> None:
    """Print the tables and write them down."""
    report.write("cost", __doc__, figures(ServiceTimes.measured(), Sizes.measured(), orm_rows_per_cpu_second()))


def orm_rows_per_cpu_second() -> float:
    """What inserting span by span through an ORM was measured to do, with 36 spans in a message (bench.store)."""
    results = (Path(__file__).with_name("results") / "store.md").read_text()
    found = re.search(r"^\| ORM.*\| 36 \|.*\| ([\d,]+) \|$", results, re.MULTILINE)
    if not found:
        raise ValueError("bench/results/store.md has no such row; run `python -m bench store`")
    return float(found[1].replace(",", ""))


def figures(times: ServiceTimes, sizes: Sizes, orm: float) -> str:
    """All tables."""
    loads = {name: Load(events) for name, events in DAYS.items()}
    bills = {name: list(bill(load, times, sizes)) for name, load in loads.items()}
    return "\n\n".join(
        (
            "## A million events",
            "Without what is free, at a load that keeps instances busy; storage for each month that they are kept.",
            report.table(("part", "how", "dollars"), _million(times, sizes)),
            "## A month",
            report.table(("", *loads), _months(bills)),
            "## What was before",
            _ALWAYS_ON.format(orm),
            report.table(("", *loads), _before(loads, bills, orm)),
            "## Events in a request",
            report.table(("events in a request", *loads), _batches(loads, times, sizes)),
            "## Cuts",
            report.table(
                ("50 million a day, with", "dollars a month", "less"), _cuts(loads["50 million"], times, sizes)
            ),
        )
    )


def _million(times: ServiceTimes, sizes: Sizes) -> Iterator[list[str]]:
    events, million = Load(0).events_per_request, 1e6
    requests = million / events
    cpu = times.cpu_seconds(requests, requests, million)
    size = max(sizes.message_bytes(events), PRICES.pubsub_least_bytes)
    second = {"ingest": PRICES.cpu_second + PRICES.gib_second, "store": PRICES.cpu_second + PRICES.gib_second / 2}
    lines = [
        Line(
            name,
            f"{cpu[name]:.0f} CPU s / {TARGET} × {second[name]:.6g}",
            cpu[name] / TARGET * second[name],
        )
        for name in ("ingest", "store")
    ]
    lines += [
        Line(
            "requests",
            f"2 × {requests:,.0f} × {PRICES.million_requests} / million",
            2 * requests / million * PRICES.million_requests,
        ),
        Line(
            "Pub/Sub",
            f"2 × {requests:,.0f} messages × {size:,.0f} bytes × {PRICES.pubsub_gib:.4f} / GiB",
            2 * requests * size / GIB * PRICES.pubsub_gib,
        ),
    ]
    row = sizes.postgres_event + sizes.postgres_counted_event
    stored = Line(
        "Postgres: disk and backup, a month",
        f"{row:.0f} bytes × million / GiB × ({PRICES.disk_gib} + {PRICES.backup_gib})",
        row * million / GIB * (PRICES.disk_gib + PRICES.backup_gib),
    )
    yield from ([line.item, line.how, f"{line.dollars:.4f}"] for line in lines)
    yield ["**to take and store them**", "", f"**{sum(line.dollars for line in lines):.4f}**"]
    yield [stored.item, stored.how, f"{stored.dollars:.4f}"]
    yield ["**12 months of it**", f"12 × {stored.dollars:.4f}", f"**{12 * stored.dollars:.3f}**"]
    yield ["Postgres: CPU", f"{cpu['postgres']:.0f} CPU s of the instance, which is paid for anyway", ""]


def _months(bills: dict[str, list[Line]]) -> Iterator[list[str]]:
    for lines in zip(*bills.values(), strict=True):
        yield [lines[0].item, *(_cell(line) for line in lines)]
    yield ["**sum**", *(f"**{total(lines):,.2f}**" for lines in bills.values())]
    yield ["with BigQuery", *(f"+ {_mirrored(events):,.2f}" for events in DAYS.values())]


def _mirrored(events: float) -> float:
    times, sizes = ServiceTimes.measured(), Sizes.measured()
    load = Load(events)
    return total(bill(replace(load, mirror=True), times, sizes)) - total(bill(load, times, sizes))


def _cell(line: Line) -> str:
    return f"{line.how}: **{line.dollars:,.2f}**" if line.how else f"**{line.dollars:,.2f}**"


def _before(loads: dict[str, Load], bills: dict[str, list[Line]], orm: float) -> Iterator[list[str]]:
    former = {name: list(always_on(load, orm)) for name, load in loads.items()}
    for lines in zip(*former.values(), strict=True):
        yield [lines[0].item, *(_cell(line) for line in lines)]
    moving = {
        name: sum(line.dollars for line in lines if line.item.startswith(("functions", "Pub/Sub")))
        for name, lines in bills.items()
    }
    yield ["**sum, without the database**", *(f"**{total(lines):,.2f}**" for lines in former.values())]
    yield ["functions and bus instead", *(f"{dollars:,.2f}" for dollars in moving.values())]


def _batches(loads: dict[str, Load], times: ServiceTimes, sizes: Sizes) -> Iterator[list[str]]:
    for events in (1, 5, 20, 100, 500):
        sums = (total(bill(replace(load, events_per_request=events), times, sizes)) for load in loads.values())
        yield [str(events), *(f"{dollars:,.2f}" for dollars in sums)]


def _cuts(load: Load, times: ServiceTimes, sizes: Sizes) -> Iterator[list[str]]:
    now = total(bill(load, times, sizes))
    ways: dict[str, tuple[Load, Sizes]] = {
        name: (load, replace(sizes, postgres_event=sizes.postgres_event - saved))
        for name, saved in sizes.narrower_event.items()
    }
    ways["6 months kept (`retention_months = 6`)"] = (replace(load, retention_days=183), sizes)
    ways["3 months kept (`retention_months = 3`)"] = (replace(load, retention_days=91), sizes)
    ways["100 events in a request (clients, or a gateway that batches)"] = (
        replace(load, events_per_request=100),
        sizes,
    )
    for name, (other, narrower) in ways.items():
        sum_ = total(bill(other, times, narrower))
        yield [name, f"{sum_:,.0f}", f"{1 - sum_ / now:.0%}"]


if __name__ == "__main__":
    main()
