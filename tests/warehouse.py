"""Fixtures: one BigQuery emulator for the session, and a dataset of its own for each test.

What the emulator (bqemulator) does not do, and no test on it can show: it forgets that a table requires a partition
filter, expires no partitions, and never refuses a single row of a request (`row_errors`) nor ends an idle stream, which
append_rows.py stands in for. It does not check that SQL keeps to BigQuery's own limits, such as its reserved words.
"""

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from google.cloud import bigquery as google_bigquery

from postgres import free_port
from telemetry_local import bigquery
from telemetry_pipeline import warehouse
from telemetry_pipeline.mirror import tables
from telemetry_pipeline.settings import WarehouseSettings
from waiting import until

_START_SECONDS = 60

_numbers = itertools.count(1)


class Emulator:
    """A BigQuery emulator that can be stopped and started again; what it had is lost then."""

    def __init__(self) -> None:
        self.rest_port = free_port()
        self.grpc_port = free_port()
        try:
            self._command = bigquery.command(self.rest_port, self.grpc_port)
        except bigquery.EmulatorMissingError as missing:
            pytest.skip(str(missing))

    @property
    def rest(self) -> str:
        """Where its REST interface is."""
        return f"http://127.0.0.1:{self.rest_port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._is_up, _START_SECONDS)

    def stop(self) -> None:
        """Stop it outright."""
        self._process.kill()
        self._process.wait()

    def _is_up(self) -> bool:
        assert self._process.poll() is None, f"the emulator ended with exit code {self._process.returncode}"
        try:
            return requests.get(f"{self.rest}/healthz", timeout=1).ok
        except requests.RequestException:
            return False


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A dataset."""

    settings: WarehouseSettings
    client: google_bigquery.Client

    @property
    def environment(self) -> dict[str, str]:
        """The settings as environment variables."""
        return {
            "RHESIS_BIGQUERY_DATASET": self.settings.bigquery_dataset,
            "RHESIS_BIGQUERY_REST": self.settings.bigquery_rest,
            "RHESIS_BIGQUERY_GRPC": self.settings.bigquery_grpc,
        }

    def create_tables(self) -> None:
        """Make dataset and tables."""
        tables.create(self.client, self.settings.bigquery_dataset)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, in which tables stand without their dataset."""
        config = google_bigquery.QueryJobConfig(default_dataset=self.settings.bigquery_dataset)
        return [dict(row) for row in self.client.query(query, job_config=config).result()]

    def count(self, table: str) -> int:
        """How many rows a table has, duplicates and all."""
        (row,) = self.rows(f"select count(*) as number from {table} where timestamp > '1970-01-01'")
        return int(row["number"])


@contextmanager
def emulator() -> Iterator[Emulator]:
    """An emulator that runs until the block ends."""
    one = Emulator()
    one.start()
    try:
        yield one
    finally:
        one.stop()


@contextmanager
def dataset_of(one: Emulator) -> Iterator[Warehouse]:
    """A dataset that is not made yet."""
    settings = WarehouseSettings(
        bigquery_dataset=f"{bigquery.PROJECT}.test_{next(_numbers)}",
        bigquery_rest=one.rest,
        bigquery_grpc=f"127.0.0.1:{one.grpc_port}",
    )
    client = warehouse.client(settings)
    yield Warehouse(settings, client)
    client.close()


@pytest.fixture(scope="session")
def session_emulator() -> Iterator[Emulator]:
    """The session's emulator."""
    with emulator() as one:
        yield one


@pytest.fixture
def dataset(session_emulator: Emulator) -> Iterator[Warehouse]:
    """A dataset of the test's own, its tables empty."""
    with dataset_of(session_emulator) as made:
        made.create_tables()
        yield made
