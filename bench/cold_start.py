"""What `maintain` saves at a cold start by loading BigQuery's writing client only where it writes.

CPU time of a Python that imports `main`, with and without importing that client before, alternating, ten rounds each;
the bytecode is there. CPU time, since an instance has one CPU and other work disturbs it less than the clock. Run as
`python -m bench cold_start`.
"""

import os
import resource
import subprocess
import sys
from statistics import median

from bench import report
from bench.imports import SETTINGS
from bench.servers import MAIN

ROUNDS = 10
_WITHOUT = "import main"
_WITH = """
import grpc
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport
import main
"""


def main() -> None:
    """Print the table and write it down."""
    ways = {"with the writing client, as before": _WITH, "without, as now": _WITHOUT}
    for statement in ways.values():
        _seconds(statement)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, statement in ways.items():
            taken[name].append(_seconds(statement))
    rows = [
        (name, *(f"{value * 1000:.0f}" for value in (median(those), min(those), max(those))))
        for name, those in taken.items()
    ]
    report.write("cold_start", __doc__, report.table(("maintain", "median ms", "least ms", "most ms"), rows))


def _seconds(statement: str) -> float:
    environment = {**os.environ, **SETTINGS, "FUNCTION_TARGET": "maintain"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], cwd=MAIN.parent, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
