"""docs/cost.md, docs/scaling.md and what they are calculated from agree with each other and with the deployment."""

import re
from pathlib import Path

import pytest
import yaml
from bench import bill, cost
from bench.scaling import limits, plan
from bench.service_times import ServiceTimes
from bench.sizes import Sizes

from telemetry_pipeline.maintain import rollups

ROOT = Path(__file__).parents[2]
VARIABLES = (ROOT / "terraform" / "variables.tf").read_text()
SCALING = (ROOT / "docs" / "scaling.md").read_text()


def test_the_bill_is_of_what_was_measured_last() -> None:
    """bench/results/cost.md follows from parts.json and sizes.json."""
    figures = cost.figures(ServiceTimes.measured(), Sizes.measured(), cost.orm_rows_per_cpu_second())

    assert figures in (ROOT / "bench" / "results" / "cost.md").read_text()


def test_each_step_names_variables_that_there_are() -> None:
    """Of what is to be written into terraform.tfvars, and their attributes."""
    written = re.findall(r"`(\w+ = [^`]+)`", SCALING)
    names = {name for one in written for name in re.findall(r"(\w+) =", one)}
    known = set(re.findall(r'^variable "(\w+)"', VARIABLES, re.MULTILINE)) | set(
        re.findall(r"\b(\w+) += (?:optional|string)", VARIABLES)
    )

    assert len(written) >= 8
    assert names <= known | {"run"}


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        ("ingest", "max", limits.INGEST_MOST),
        ("store", "max", limits.STORE_MOST),
        ("store", "database_pool_size", plan.POOL_SIZE),
        ("ingest", "concurrency", bill.CONCURRENCY),
        ("store", "concurrency", bill.CONCURRENCY),
        ("maintain", "timeout_seconds", limits.MAINTAIN_SECONDS),
        ("ingest", "memory_mb", bill.INGEST_GIB * 1024),
        ("store", "memory_mb", bill.STORE_GIB * 1024),
        ("maintain", "memory_mb", bill.MAINTAIN_GIB * 1024),
    ],
)
def test_the_defaults_are_those_of_the_deployment(function: str, name: str, value: float) -> None:
    """What is calculated with is what terraform/variables.tf has."""
    block = VARIABLES.split(f"    {function} = optional(object({{")[1].split("    }), {})")[0]

    assert int(re.findall(rf"\b{name} += optional\(number, (\d+)\)", block)[0]) == value


def test_the_disk_and_the_schedule_are_those_of_the_deployment() -> None:
    """As above."""
    assert f"disk_size_limit_gb             = optional(number, {limits.DISK_LIMIT_GIB})" in VARIABLES
    assert bill.SLICE_SECONDS == rollups._SLICE_SECONDS
    assert f'schedule    = "*/{bill.MAINTENANCE_SECONDS // 60} * * * *"' in VARIABLES


def test_the_gateway_that_batches_waits_for_the_answer() -> None:
    """It promises what the gateway promises: nothing is acknowledged that ingest has not acknowledged."""
    (block,) = re.findall(r"```yaml\n(.*?)```", SCALING, re.DOTALL)

    queue = yaml.safe_load(block)["exporters"]["otlp_http"]["sending_queue"]
    assert queue["enabled"]
    assert queue["wait_for_result"]
