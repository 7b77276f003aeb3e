"""What each part of the pipeline needs: CPU-seconds by request, by transaction and by event.

The whole pipeline on one machine gets requests of one size after the other, over one connection and over sixteen; what
each process and its children used is explained by the numbers of requests, transactions and events, by least squares
of the relative errors. CPU time is the part's own, however busy the machine is. The bus is the local one, which is not
deployed. What is waited for beside CPU: the bus' disk by who publishes, Postgres' disk by who commits. `bench.cost` and
`bench.scaling` begin with these figures. Run as `python -m bench.parts`.
"""

import os
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from sqlalchemy import Connection, create_engine, make_url, text

from bench import captured, counting, load, processes, report
from bench.end_to_end import COUNT
from bench.fit import unit_costs
from bench.servers import stack
from bench.service_times import RESULTS, ServiceTimes

_SIZES = {1: 1500, 12: 1200, 128: 300, 512: 120}
"""Spans per request, and how many requests over each number of connections."""
_CONNECTIONS = (1, 16)
_BODIES = 60
_COMMITS = 200
_PARTS = ("ingest", "bus", "store", "postgres", "load")
_TRANSACTIONS = text("""
    select count(distinct transaction)
    from (
        select xmin::text as transaction from analytics_user_activity
        union all
        select xmin::text from analytics_endpoint_usage
        union all
        select xmin::text from analytics_feature_usage
    ) as rows
""")


@dataclass(frozen=True, slots=True)
class Run:
    """One load, and what it took."""

    connections: int
    requests: int
    spans: int
    transactions: int
    cpu_seconds: Mapping[str, float]
    answer_seconds: float
    """Until half of the requests were answered, each from its own begin."""


def main() -> None:
    """Print the tables and write them down, for people and for programs."""
    begun, used = time.perf_counter(), processes.machine_cpu_seconds()
    with stack() as about:
        pids = cast("dict[str, int]", about["pids"])
        url = make_url(str(about["database_url"])).set(drivername="postgresql+pg8000")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            runs = list(_runs(urlsplit(str(about["otlp_url"])).port or 0, connection, pids))
            commit_seconds = _commit_seconds(connection, pids["postgres"])
        engine.dispose()
    ours = sum(sum(run.cpu_seconds[part] for part in pids if part in run.cpu_seconds) for run in runs)
    ours += time.process_time()
    others = (processes.machine_cpu_seconds() - used - ours) / (time.perf_counter() - begun)
    times = fitted(runs, commit_seconds, counting.measured())
    RESULTS.write_text(times.to_json())
    report.write("parts", __doc__, "\n\n".join(_tables(times, runs, others)))


def fitted(runs: Sequence[Run], commit_seconds: float, counted: tuple[float, float, float]) -> ServiceTimes:
    """The unit costs that explain the runs, beside what a commit waits and what `bench.counting` says."""
    by_request = [[run.requests, run.spans] for run in runs]
    by_transaction = [[run.transactions, run.spans] for run in runs]
    by_all = [[run.requests, run.transactions, run.spans] for run in runs]
    ingest, bus, load_, store, postgres = (
        unit_costs([(run.cpu_seconds[part], counts) for run, counts in zip(runs, units, strict=True)])
        for part, units in (
            ("ingest", by_request),
            ("bus", by_request),
            ("load", by_request),
            ("store", by_all),
            ("postgres", by_transaction),
        )
    )
    waits = (
        run.answer_seconds - sum(run.cpu_seconds[part] for part in ("ingest", "load")) / run.requests
        for run in runs
        if run.connections == 1
    )
    return ServiceTimes(
        ingest_request=ingest[0],
        ingest_event=ingest[1],
        bus_message=bus[0],
        bus_event=bus[1],
        load_request=load_[0],
        load_event=load_[1],
        store_message=store[0],
        store_transaction=store[1],
        store_event=store[2],
        postgres_transaction=postgres[0],
        postgres_event=postgres[1],
        publish_wait=max(statistics.median(waits), 0.0),
        commit_wait=commit_seconds,
        count_event=counted[0],
        compare_event=counted[1],
        ask_event=counted[2],
    )


def _runs(port: int, connection: Connection, pids: Mapping[str, int]) -> Iterator[Run]:
    for spans in _SIZES:
        _run(port, connection, pids, spans, 2 * _BODIES, max(_CONNECTIONS))
    for spans, count in _SIZES.items():
        for connections in _CONNECTIONS:
            yield _run(port, connection, pids, spans, count, connections)


def _run(port: int, connection: Connection, pids: Mapping[str, int], spans: int, count: int, connections: int) -> Run:
    requests = load.prepared("/v1/traces", captured.bodies(spans, count))
    stored = connection.execute(COUNT).scalar_one()
    transactions = connection.execute(_TRANSACTIONS).scalar_one()
    before = _used(pids)
    answered = load.send(port, requests, connections)
    load_used = time.process_time()
    while connection.execute(COUNT).scalar_one() < stored + spans * count:
        time.sleep(0.1)
    after = _used(pids) | {"load": load_used}
    return Run(
        connections,
        count,
        spans * count,
        connection.execute(_TRANSACTIONS).scalar_one() - transactions,
        {part: after[part] - before[part] for part in _PARTS},
        answered.percentile(0.5),
    )


def _used(pids: Mapping[str, int]) -> dict[str, float]:
    used = {part: processes.cpu_seconds(pids[part]) for part in _PARTS if part != "load"}
    return used | {"load": time.process_time()}


def _commit_seconds(connection: Connection, postgres: int) -> float:
    """What a commit waits beside CPU, for the disk: half of them wait longer."""
    connection.execute(text("create table if not exists bench_commits (number integer)"))
    insert = text("insert into bench_commits values (1)")
    taken = []
    used = processes.cpu_seconds(postgres) + time.process_time()
    for _ in range(_COMMITS):
        begun = time.perf_counter()
        connection.execute(insert)
        taken.append(time.perf_counter() - begun)
    used = processes.cpu_seconds(postgres) + time.process_time() - used
    connection.execute(text("drop table bench_commits"))
    return max(statistics.median(taken) - used / _COMMITS, 0.0)


def _tables(times: ServiceTimes, runs: Sequence[Run], others: float) -> Iterator[str]:
    def microseconds(value: float | None) -> str:
        return "" if value is None else f"{value * 1e6:,.1f}"

    rows: list[tuple[str, float | None, float | None, float | None]] = [
        ("ingest", times.ingest_request, None, times.ingest_event),
        ("store", times.store_message, times.store_transaction, times.store_event),
        ("Postgres", None, times.postgres_transaction, times.postgres_event),
        ("the local bus", times.bus_message, None, times.bus_event),
        ("the load", times.load_request, None, times.load_event),
    ]
    units = ("CPU microseconds", "by request or message", "by transaction", "by event")
    yield report.table(units, ([row[0], *map(microseconds, row[1:])] for row in rows))
    yield (
        f"Waited for beside CPU: {times.publish_wait * 1000:.2f} ms by who publishes, "
        f"{times.commit_wait * 1000:.2f} ms by who commits. Others took {others:.2f} of the "
        f"{os.cpu_count()} cores meanwhile."
    )
    yield (
        f"To keep the answers up to date, Postgres needs {times.count_event * 1e6:.2f} microseconds of CPU by event to "
        f"count a day and {times.compare_event * 1e6:.2f} by stored event to see what changed; a question needs "
        f"{times.ask_event * 1e6:.2f} by event of the days that are not counted yet, as today."
    )
    yield "What was measured, and in brackets what the figures above say:"
    headers = ("spans per request", "requests", "transactions", *(f"{part} ms" for part in _PARTS))
    yield report.table(headers, (_compared(times, run) for run in runs))


def _compared(times: ServiceTimes, run: Run) -> list[object]:
    said = times.cpu_seconds(run.requests, run.transactions, run.spans)
    cells = (f"{run.cpu_seconds[part] * 1000:,.0f} ({said[part] * 1000:,.0f})" for part in _PARTS)
    return [run.spans // run.requests, f"{run.requests:,}", f"{run.transactions:,}", *cells]


if __name__ == "__main__":
    main()
