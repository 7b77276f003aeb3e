"""`python -m bench.fuzz [--executions N] [TARGET ...]`."""

import argparse
import ast
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from trace import Trace, _find_executable_linenos  # type: ignore[attr-defined]

from bench import fuzz, report
from bench.fuzz.seeds import SEEDS
from bench.fuzz.targets import TARGETS
from bench.servers import free_port
from telemetry_local.postgres import Postgres
from telemetry_pipeline.database import connect
from telemetry_pipeline.maintain import migrate
from telemetry_pipeline.settings import DatabaseSettings
from telemetry_pipeline.store.writer import Refused, Writer

EXECUTIONS = 1_000_000
CACHE = Path(__file__).parents[2] / ".cache" / "fuzz"
CRASHES = CACHE / "crashes"

_SOURCE = Path(__file__).parents[2] / "functions" / "telemetry_pipeline"
_MOST_BYTES = 4096
_MOST_MEBIBYTES = 1024
_SLOWEST_SECONDS = 20
_EXECUTIONS = re.compile(r"#(\d+)\s+DONE")

# What each target is about, as modules below the source.
_JUDGED = {
    "decode": ("otlp/body", "otlp/json", "otlp/requests"),
    "events": ("ingest/attributes", "ingest/events", "ingest/export", "privacy/pseudonyms"),
    "transform": ("bus", "rows/message", "rows/attributes", "store/copy", "store/events", "store/form"),
    "mirror": ("mirror/protobuf", "rows/message", "rows/attributes"),
    "scrubber": ("privacy/scrub", "privacy/folding", "privacy/checks", "privacy/templates", "privacy/keys"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What fuzzing a target came to; `crash` is the file that failed, or None."""

    executions: int
    seconds: float
    inputs: int
    crash: Path | None


def main() -> int:
    """Fuzz, replay, store, and write the figures down; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=fuzz.__doc__)
    parser.add_argument("--executions", type=int, default=EXECUTIONS, help="of all targets together")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all by default")
    arguments = parser.parse_args()
    chosen = arguments.targets or list(TARGETS)
    CRASHES.mkdir(parents=True, exist_ok=True)
    outcomes = {name: _fuzz(name, arguments.executions // len(chosen)) for name in chosen}
    refused = _store(chosen)
    rows = [
        (
            name,
            f"{one.executions:,}",
            f"{one.executions / one.seconds:,.0f}",
            f"{one.inputs:,}",
            f"{_coverage(name):.0%}",
            0 if one.crash is None else one.crash.name,
        )
        for name, one in outcomes.items()
    ]
    headers = ("target", "executions", "a second", "inputs that differ", "lines reached", "failures")
    figures = f"{report.table(headers, rows)}\n\nRows of those inputs that Postgres refused: {refused}."
    report.write("fuzz", fuzz.__doc__, figures)
    return int(refused > 0 or any(one.crash for one in outcomes.values()))


def _fuzz(name: str, executions: int) -> Outcome:
    """Run a target's process; its corpus is kept for the next time."""
    corpus = CACHE / name
    corpus.mkdir(exist_ok=True)
    for seed in SEEDS[name]():
        (corpus / sha256(seed).hexdigest()).write_bytes(seed)
    before = set(CRASHES.iterdir())
    begun = time.monotonic()
    command = [
        *(sys.executable, "-m", "bench.fuzz.process", name, corpus),
        *(f"-runs={executions}", f"-max_len={_MOST_BYTES}", f"-timeout={_SLOWEST_SECONDS}"),
        *(f"-rss_limit_mb={_MOST_MEBIBYTES}", f"-artifact_prefix={CRASHES}/{name}-", "-verbosity=1"),
    ]
    said = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False).stderr
    seconds = time.monotonic() - begun
    crashes = set(CRASHES.iterdir()) - before
    inputs = len(list(corpus.iterdir()))
    found = _EXECUTIONS.search(said)
    if found is None:
        print(said[-4000:], file=sys.stderr)
        return Outcome(0, seconds, inputs, next(iter(crashes), corpus))
    return Outcome(int(found[1]), seconds, inputs, next(iter(crashes), None))


def _inputs(name: str) -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted((CACHE / name).iterdir()))


def _coverage(name: str) -> float:
    """The share of the judged modules' lines that the corpus reaches, by running all of it once more."""
    judged = {str(_SOURCE / f"{path}.py") for path in _JUDGED[name]}
    tracer = Trace(count=1, trace=0)
    tracer.runfunc(_replay, name)
    reached = {(path, line) for path, line in tracer.results().counts if path in judged}
    lines = {(path, line) for path in judged for line in _in_functions(path)}
    return len(reached & lines) / len(lines)


def _in_functions(path: str) -> Iterable[int]:
    """The executable lines that run when something is called, and not when the module is imported."""
    executable: dict[int, int] = _find_executable_linenos(path)
    functions = [
        one
        for one in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [
        line
        for line in executable
        if any(one.body[0].lineno <= line <= (one.end_lineno or 0) and line != one.lineno for one in functions)
    ]


def _replay(name: str) -> None:
    for data in _inputs(name):
        TARGETS[name](data)


def _store(chosen: Iterable[str]) -> int:
    """Give all rows of all inputs to a real Postgres; how many of them it refuses."""
    refused = 0
    with _writer() as writer:
        for name in chosen:
            for data in _inputs(name):
                try:
                    writer.write(TARGETS[name](data))
                except Refused as fault:
                    print(f"{name}: Postgres refuses a row: {fault.sqlstate}: {data!r}", file=sys.stderr)
                    refused += 1
    return refused


@contextmanager
def _writer() -> Iterator[Writer]:
    directory = Path(tempfile.mkdtemp(prefix="rhesis-fuzz-"))
    directory.chmod(0o755)
    server = Postgres(directory, free_port(), {"fsync": "off"})
    server.start()
    try:
        server.create_database("fuzz")
        engine = connect(DatabaseSettings(database_url=server.url("fuzz")), "fuzz", 2, statement_seconds=0)
        migrate.upgrade(engine)
        yield Writer(engine)
        engine.dispose()
    finally:
        server.stop()
        shutil.rmtree(directory)


sys.exit(main())
