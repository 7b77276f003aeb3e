"""What is measured is summed up within bounds, whatever comes."""

import pytest

from telemetry_pipeline.observing.instruments import Counter, Histogram, Switch

OVERFLOW = {"otel.metric.overflow": "true"}


@pytest.fixture(autouse=True)
def _on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Switch, "is_on", True)


def test_a_metric_has_few_series() -> None:
    """What would make more is summed up in one, so that memory and cost are bounded and no count is lost."""
    counter = Counter("tests.counter", "{thing}", "Things.", "kind")
    histogram = Histogram("tests.histogram", "s", "Times.", (1.0, 2.0), "kind")
    for number in range(1000):
        counter.add(1, str(number))
        histogram.record(1.5, str(number))

    sums, distributions = dict(counter.series()), dict(histogram.series())
    assert len(sums) == len(distributions) == 201
    assert sum(sums.values()) == sum(one.count for one in distributions.values()) == 1000
    (rest,) = [amount for values, amount in sums.items() if counter.named(values) == OVERFLOW]
    assert rest == 800


def test_a_histogram_counts_by_its_boundaries() -> None:
    """A value on a boundary is below it, as OpenTelemetry has it."""
    histogram = Histogram("tests.boundaries", "s", "Times.", (1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.record(value)

    ((_, found),) = histogram.series()
    assert (found.counts, found.total, found.least, found.most) == ([2, 2, 1], 14.0, 0.5, 9.0)


def test_nothing_is_noted_while_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is turned off costs nothing and keeps nothing."""
    monkeypatch.setattr(Switch, "is_on", False)
    counter = Counter("tests.off", "{thing}", "Things.")
    counter.add(1)

    assert list(counter.series()) == []
