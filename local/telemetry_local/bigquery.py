"""BigQuery on one machine: the emulator, in a virtual environment of its own, and the dataset that it is to have.

The dataset is made by `python -m telemetry_local.bigquery`, since BigQuery's libraries have no place in the supervisor,
which forks.
"""

import sys
import urllib.request
from contextlib import closing
from pathlib import Path

PROJECT = "rhesis-local"
DATASET = f"{PROJECT}.telemetry"

_PYTHON = Path(sys.prefix) / "bigquery" / "bin" / "python"
_EMULATOR = Path(__file__).with_name("bigquery_emulator.py")


class EmulatorMissingError(Exception):
    """The emulator is not installed; the message says how it is."""


def command(rest_port: int, grpc_port: int, directory: Path | None = None) -> list[str]:
    """The emulator's command line; without a directory it keeps nothing.

    Raises:
        EmulatorMissingError: It is not installed.
    """
    if not _PYTHON.is_file():
        raise EmulatorMissingError("BigQuery needs its emulator: make .venv/bigquery.installed")
    kept = ["--persistent", f"--data-dir={directory}"] if directory else ["--ephemeral"]
    ports = [f"--rest-port={rest_port}", f"--grpc-port={grpc_port}"]
    # -P: the directory of the program, which has modules of ours, is not where its imports are looked for.
    return [str(_PYTHON), "-P", str(_EMULATOR), "start", f"--project={PROJECT}", "--log-level=warning", *ports, *kept]


def is_up(rest_url: str) -> bool:
    """Whether the emulator answers."""
    try:
        with urllib.request.urlopen(f"{rest_url}/healthz", timeout=1):  # noqa: S310 - our own
            return True
    except OSError:
        return False


def make_dataset(rest_url: str) -> None:
    """Make the dataset, its tables and its views, as Terraform makes them in the cloud."""
    from telemetry_pipeline import warehouse
    from telemetry_pipeline.analytics.warehouse import install
    from telemetry_pipeline.mirror import tables
    from telemetry_pipeline.settings import WarehouseSettings

    settings = WarehouseSettings(bigquery_dataset=DATASET, bigquery_rest=rest_url)
    with closing(warehouse.client(settings)) as client:
        tables.create(client, DATASET)
        install(client, DATASET, k=1)


if __name__ == "__main__":
    make_dataset(sys.argv[1])
