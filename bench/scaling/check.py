"""What the model says of this machine, beside what was measured there (`bench.machine`)."""

import os
from collections.abc import Iterator
from random import Random

from bench import end_to_end, fleet
from bench.machine import SPANS_PER_SECOND, Measured, Seen
from bench.scaling.model import Instances, Outcome, Pipeline, Plant, Push, Steps, percentile
from bench.service_times import ServiceTimes

_LOCAL_WINDOW = 32
"""As local/telemetry_local/pubsub/window.py has it."""


def plant(times: ServiceTimes, others: float, connections: int) -> Plant:
    """This machine: one instance of each function, and all parts on the cores that others leave."""
    return Plant(
        times,
        Instances(1),
        Instances(1),
        database_cores=os.cpu_count() or 1,
        push=Push(most=_LOCAL_WINDOW),
        cores=max((os.cpu_count() or 1) - others, 0.5),
        connections=connections,
    )


def closed(times: ServiceTimes, others: float) -> Outcome:
    """As many requests as are answered, over the connections that there are."""
    pipeline = Pipeline(plant(times, others, end_to_end.CONNECTIONS))
    left = end_to_end.REQUESTS

    def connection() -> Steps:
        nonlocal left
        while left > 0:
            left -= 1
            yield from pipeline.request(end_to_end.SPANS)

    for _ in range(end_to_end.CONNECTIONS):
        pipeline.env.process(connection())
    pipeline.env.run()
    return pipeline.outcome()


def open_fleet(times: ServiceTimes, others: float, seconds: int) -> Outcome:
    """The fleet's requests, each when it was due in the measurement."""
    pipeline = Pipeline(plant(times, others, fleet.CONNECTIONS))
    for due, spans in fleet.timetable(Random(1), seconds, SPANS_PER_SECOND):
        pipeline.at(due, spans)
    pipeline.env.run()
    return pipeline.outcome()


def rows(times: ServiceTimes, measured: Measured) -> Iterator[list[object]]:
    """For each load and figure: the prediction, the measurement, and by how much the one misses the other."""
    loads = (
        ("as fast as it is answered", closed(times, measured.closed.others), measured.closed),
        ("a fleet", open_fleet(times, measured.fleet.others, measured.fleet_seconds), measured.fleet),
    )
    for name, predicted, seen in loads:
        for figure, unit, said, was in _figures(predicted, seen):
            yield [f"{name}: {figure}", unit, f"{said:,.4g}", f"{was:,.4g}", f"{said / was - 1:+.0%}"]


def _figures(predicted: Outcome, seen: Seen) -> Iterator[tuple[str, str, float, float]]:
    yield "sustained", "spans/s", predicted.stored / predicted.seconds, seen.spans_per_second
    yield "answer, p50", "ms", percentile(predicted.answers, 0.5) * 1000, seen.answer_p50 * 1000
    yield "answer, p99", "ms", percentile(predicted.answers, 0.99) * 1000, seen.answer_p99 * 1000
    yield "request to row, p50", "ms", percentile(predicted.to_row, 0.5) * 1000, seen.to_row_p50 * 1000
    yield "request to row, p99", "ms", percentile(predicted.to_row, 0.99) * 1000, seen.to_row_p99 * 1000
