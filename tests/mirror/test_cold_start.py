"""What an instance of `mirror` loads before its first request."""

import os
import subprocess
import sys

from mirror_under_test import MAIN


def test_a_cold_start_loads_the_mirror_alone() -> None:
    """Neither the database's libraries, nor BigQuery's for queries, nor another function's room are imported."""
    code = "import main, sys; print('\\n'.join(sys.modules))"
    environment = {**os.environ, "FUNCTION_TARGET": "mirror", "RHESIS_BIGQUERY_DATASET": "project.dataset"}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=MAIN.parent, env=environment, check=True, capture_output=True, text=True
    )

    loaded = set(done.stdout.split())
    assert "telemetry_pipeline.mirror.function" in loaded
    assert set() == loaded & {"sqlalchemy", "pg8000", "alembic", "google.cloud.bigquery", "google.pubsub_v1"}
    rooms = ("ingest", "store", "maintain", "dashboard", "privacy", "analytics")
    assert set() == {name for name in loaded if name.startswith(tuple(f"telemetry_pipeline.{one}" for one in rooms))}
