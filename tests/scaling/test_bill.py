"""The formula of the bill, on cases that were calculated by hand."""

from dataclasses import fields, replace

import pytest
from bench.bill import Load, always_on, bill, billed_instances, database_cores, tier_for, total
from bench.fit import unit_costs
from bench.prices import GIB, PRICES
from bench.service_times import ServiceTimes
from bench.sizes import Sizes

TIMES = replace(
    ServiceTimes(*(0.0 for _ in fields(ServiceTimes))),
    ingest_request=0.006,
    store_message=0.003,
    postgres_transaction=0.0006,
)
SIZES = Sizes({1: 500, 20: 2_000, 100: 6_000}, 400.0, 0.0, 400.0, 250.0, {})
TEN_MILLION = Load(events_per_day=17_280_000, retention_days=100)
"""10 requests a second of 20 events."""


def lines(load: Load) -> dict[str, float]:
    return {line.item: line.dollars for line in bill(load, TIMES, SIZES)}


def test_a_month_by_hand() -> None:
    """Each item of 10 requests a second."""
    found = lines(TEN_MILLION)

    # 10 a second for 30 days, published once and pushed once, less what is free.
    assert found["functions: requests"] == pytest.approx((51.84 - 2) * 0.40)
    assert found["Pub/Sub: in and out"] == pytest.approx((25_920_000 * 2 * 2_000 / 2**30 - 10) * 40 / 1024)
    assert found["Pub/Sub: a week's messages"] == pytest.approx(25_920_000 * 2_000 * 7 / 30 / 2**30 * 0.27)
    # 1.728 billion events of 400 bytes.
    assert found["its disk"] == pytest.approx(1_728_000_000 * 400 / 2**30 * 0.17)
    assert found["its backups"] == pytest.approx(1_728_000_000 * 400 / 2**30 * 0.08)
    # Each has a request in hand, rounded up to 100 ms, for 1 - 1/e of the time; maintain starts each 10 minutes.
    busy = 2_592_000 * 0.632121
    maintain = 2_592_000 * 1.2 / 600
    assert found["functions: CPU"] == pytest.approx((2 * busy + maintain - 180_000) * 0.000024, rel=1e-4)
    assert found["functions: memory"] == pytest.approx((1.5 * busy + maintain - 360_000) * 0.0000025, rel=1e-4)
    # 16 transactions a second of 0.6 ms: a hundredth of a CPU.
    assert found["database"] == pytest.approx(730 * 0.0105)
    assert sum(found.values()) == pytest.approx(total(bill(TEN_MILLION, TIMES, SIZES)))


def test_the_first_events_are_free() -> None:
    """Of few, only the database and what is always there are paid."""
    found = lines(Load(10_000))

    assert {item for item, dollars in found.items() if dollars > 0.01} == {
        "database",
        "its disk",
        "its backups",
        "secrets, images, alerts",
    }


def test_bigquery_beside() -> None:
    """It is read by one more subscriber and function, and the older of its events are cheaper."""
    without, with_it = lines(TEN_MILLION), lines(replace(TEN_MILLION, mirror=True))

    day = 17_280_000 * 250 / GIB
    assert with_it["BigQuery: stored"] == pytest.approx(90 * day * 0.02 + 10 * day * 0.01)
    assert with_it["functions: requests"] - without["functions: requests"] == pytest.approx(25.92 * 0.40)
    assert with_it["BigQuery: written"] == 0


@pytest.mark.parametrize(
    ("rate", "cpu", "wait", "instances"),
    [
        (0.001, 0.01, 0.02, 0.0001),  # a tenth of a second each
        (1000, 0.01, 0.02, 1000 * 0.01 / 0.6),  # by CPU
        (1000, 0.01, 0.30, 1000 * 0.31 / 16 / 0.6),  # by slots
    ],
)
def test_instances_that_are_billed(rate: float, cpu: float, wait: float, instances: float) -> None:
    """Few requests by the time that they take, many by what limits an instance."""
    assert billed_instances(rate, cpu, wait, PRICES) == pytest.approx(instances, rel=1e-3)


def test_the_database_has_room_for_maintain() -> None:
    """It compares a year of events each time, or a slice of half a minute, or what makes a pass each day."""
    load = Load(1_000_000)
    for compare_event, seconds in ((2e-8, 365e6 * 2e-8), (2e-7, 30), (2e-5, 365e6 * 2e-5 / 144)):
        times = replace(TIMES, compare_event=compare_event)
        needed = database_cores(load, times) - database_cores(load, TIMES)
        assert needed == pytest.approx(seconds / 600)
    assert [tier_for(cores).name for cores in (0.1, 0.2, 2.5)] == [
        "db-f1-micro",
        "db-custom-1-3840",
        "db-custom-8-30720",
    ]


def test_what_is_always_on() -> None:
    """Two instances by the second, and more processors where one doesn't insert fast enough."""
    instance = 2_592_000 * (0.000018 + 0.5 * 0.000002)

    assert total(always_on(Load(10_000), 3000)) == pytest.approx(2 * instance)
    # 4,000 a second at the busiest moment; 60 % of a CPU insert 1,800.
    assert total(always_on(Load(4000 / 1.6 * 86_400), 3000)) == pytest.approx(4 * instance)


def test_a_message_between_two_that_were_measured() -> None:
    """On a straight line, and beyond the largest on its last one."""
    assert [SIZES.message_bytes(spans) for spans in (1, 20, 60, 180)] == [500, 2_000, 4_000, 10_000]


def test_unit_costs_explain_what_was_measured() -> None:
    """Exactly, where they can; and none is below nothing."""
    counts = [(1, 10), (1, 100), (5, 20), (7, 3)]

    assert unit_costs([(2 * a + 0.5 * b, (a, b)) for a, b in counts]) == pytest.approx([2, 0.5])
    assert unit_costs([(2 * a - 0.01 * b, (a, b)) for a, b in counts])[1] == 0
