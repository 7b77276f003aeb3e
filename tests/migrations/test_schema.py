"""The schema that all migrations together make, as a file: a migration shows its effect in the review of that file."""

import os
import subprocess
from pathlib import Path

from telemetry_local.postgres import binaries

GOLDEN = Path(__file__).with_name("schema.sql")
WRITE = "RHESIS_WRITE_SCHEMA"


def _dump(url: str) -> str:
    """The schema without the partitions, whose names change with the date, and without what a dump adds."""
    # Tables by name, so that the views and functions, which are no part of the migrations, are left out.
    leave_out = ["--table=analytics_*", "--exclude-table=*_20*", "--exclude-table=*_default"]
    command = [binaries() / "pg_dump", "--schema-only", "--no-owner", *leave_out, f"--dbname={url}"]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    added = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")
    lines = [line for line in dump.splitlines() if line and not line.startswith(added)]
    return "\n".join(lines) + "\n"


def test_the_schema_is_the_one_that_was_reviewed(database_url: str) -> None:
    """The tables are those in schema.sql, which `RHESIS_WRITE_SCHEMA=1 pytest tests/migrations` writes anew."""
    schema = _dump(database_url)
    if os.environ.get(WRITE):
        GOLDEN.write_text(schema)

    assert schema == GOLDEN.read_text()
