"""What a cold start pays for imports: the time from Python's start until an entry point is ready, and its modules.

The fastest of five runs each; the bytecode is there, as the deployed image has it. Run as `python -m bench.imports`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from bench import report
from bench.servers import MAIN
from telemetry_pipeline.settings import FUNCTIONS

RUNS = 5
SETTINGS = {
    "RHESIS_EVENTS_TOPIC": "projects/bench/topics/events",
    "RHESIS_PSEUDONYM_KEY": "ab" * 32,
    "RHESIS_DATABASE_URL": "postgresql://bench:bench@127.0.0.1/bench",
    "RHESIS_BIGQUERY_DATASET": "bench.bench",
}


def main() -> None:
    """Print the table and write it down."""
    report.write("imports", __doc__, report.table(("entry point", "ms", "modules"), run()))


def run() -> Iterator[list[object]]:
    """Measure Python alone, functions-framework alone, and each function."""
    yield ["Python alone", *_measure("pass", "")]
    yield ["functions-framework alone", *_measure("import functions_framework", "")]
    for target in FUNCTIONS:
        yield [target, *_measure("import main", target)]


def _measure(statement: str, target: str) -> tuple[str, int]:
    code = f"import sys; {statement}; print(len(sys.modules))"
    environment = {**os.environ, **SETTINGS, "FUNCTION_TARGET": target}
    fastest = float("inf")
    for _ in range(RUNS):
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=MAIN.parent, env=environment, check=True, capture_output=True, text=True
        )
        fastest = min(fastest, time.perf_counter() - begun)
    return f"{fastest * 1000:.0f}", int(done.stdout)


if __name__ == "__main__":
    main()
