"""The rounds: what is broken in each, and what came of it."""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median

import sqlalchemy
from sqlalchemy import Connection, create_engine, make_url, text

from bench import report
from bench.faults import checks, kinds
from bench.faults.proxy import Proxy
from bench.faults.senders import Ledger, Senders
from telemetry_local import ports

ROUNDS = 200
HEALTHY_SECONDS = 120
"""Within so long after a fault all that was acknowledged is a row."""

PARTS = ("ingest", "bus", "store", "postgres", "maintain")
CONNECTIONS = ("senders", "bus", "postgres")

_START_SECONDS = 90
_POLL_SECONDS = 0.1
_LONGEST_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A stack that runs with proxies before its parts: senders post to `url`; the others are past the proxies."""

    target: kinds.Target
    url: str
    database: sqlalchemy.URL
    tap: checks.Tap


@dataclass(frozen=True, slots=True)
class Round:
    """What was broken, how much was sent meanwhile, how long until it was stored, and what didn't hold."""

    faults: tuple[str, ...]
    events: int
    requests: int
    attempts: int
    healthy_seconds: float
    violations: tuple[str, ...]


def main(arguments: Sequence[str] = ()) -> int:
    """Run the rounds, print each, write down what they came to; 1 where something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.faults")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action=argparse.BooleanOptionalAction, default=True, help="write bench/results")
    chosen = parser.parse_args(arguments)
    done: list[Round] = []
    with running() as pipeline:
        for one in _rounds(pipeline, chosen.seed, chosen.rounds):
            done.append(one)
            print(
                f"{len(done):4} {' and '.join(one.faults) or 'everything at the end'}: {one.events:,} events, ", end=""
            )
            print(f"stored after {one.healthy_seconds:.1f} s. {'; '.join(one.violations)}", flush=True)
    if chosen.write:
        from bench import faults

        report.write("faults", f"{(faults.__doc__ or '').strip()}\n\nSeed {chosen.seed}.", _figures(done))
    return int(any(one.violations for one in done))


@contextmanager
def running() -> Iterator[Pipeline]:
    """Run a stack with proxies before its parts until the block ends."""
    directory = Path(tempfile.mkdtemp(prefix="rhesis-faults-"))
    directory.chmod(0o755)
    chosen = ports.choose("127.0.0.1", 0, 0, 0, None, own_bus=True, bigquery=False)
    before = {"senders": chosen.ingest, "bus": chosen.bus, "postgres": chosen.database}
    with ExitStack() as exits:
        exits.callback(shutil.rmtree, directory)
        proxies = {name: exits.enter_context(Proxy(port).running()) for name, port in before.items()}
        argument = json.dumps([str(directory), asdict(chosen), proxies["bus"].port, proxies["postgres"].port])
        process = subprocess.Popen([sys.executable, "-m", "bench.faults.pipeline", argument], stdout=subprocess.DEVNULL)
        exits.callback(process.wait, 60)
        exits.callback(process.terminate)
        deadline = time.monotonic() + _START_SECONDS
        while not (directory / "stack.json").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the stack did not start")
            time.sleep(_POLL_SECONDS)
        about = json.loads((directory / "stack.json").read_text())
        database = make_url(about["database_url"]).set(drivername="postgresql+pg8000", port=chosen.database)
        url = f"http://127.0.0.1:{proxies['senders'].port}"
        yield Pipeline(kinds.Target(directory, proxies), url, database, checks.Tap(chosen.bus))


def _rounds(pipeline: Pipeline, seed: int, number: int) -> Iterator[Round]:
    all_sent = Ledger()
    faults = _faults(pipeline)
    began = time.time()
    with Senders(pipeline.url, seed).running() as senders:
        for count in range(number):
            dice = Random(f"{seed} {count}")
            chosen = dice.sample(sorted(faults), dice.randint(1, 2))
            yield _round(pipeline, senders, {name: faults[name] for name in chosen}, dice)
            all_sent.sent |= senders.ledger.sent
            all_sent.acknowledged |= senders.ledger.acknowledged
            senders.ledger = Ledger()
    yield _verdict(pipeline, all_sent, (), began, time.monotonic())


def _round(pipeline: Pipeline, senders: Senders, chosen: dict[str, kinds.Fault], dice: Random) -> Round:
    since = time.time()
    senders.resume()
    time.sleep(dice.random() * 0.5)
    with ExitStack() as broken:
        for fault in chosen.values():
            broken.enter_context(fault(pipeline.target, dice))
        time.sleep(dice.uniform(0.1, _LONGEST_SECONDS))
    healed = time.monotonic()
    time.sleep(dice.random() * 0.5)
    senders.pause()
    return _verdict(pipeline, senders.ledger, tuple(chosen), since, healed)


def _verdict(pipeline: Pipeline, ledger: Ledger, names: tuple[str, ...], since: float, healed: float) -> Round:
    deadline = healed + HEALTHY_SECONDS
    rows: Counter[bytes] = Counter()
    while True:
        try:
            with _connected(pipeline) as connection:
                rows = checks.stored(connection, since)
                if ledger.acknowledged <= rows.keys() or time.monotonic() > deadline:
                    healthy_seconds = time.monotonic() - healed
                    betrayed = (
                        *checks.betrayals(connection, pipeline.target.directory, since),
                        *pipeline.tap.betrayals(),
                    )
                    break
        except sqlalchemy.exc.DBAPIError:
            if time.monotonic() > deadline:
                return _round_of(names, ledger, time.monotonic() - healed, ("Postgres did not come back",))
        time.sleep(_POLL_SECONDS)
    return _round_of(names, ledger, healthy_seconds, (*checks.violations(ledger, rows), *betrayed))


def _round_of(names: tuple[str, ...], ledger: Ledger, seconds: float, violations: tuple[str, ...]) -> Round:
    return Round(names, len(ledger.acknowledged), ledger.requests, ledger.attempts, seconds, violations)


def _faults(pipeline: Pipeline) -> dict[str, kinds.Fault]:
    """All faults, by what is told of them."""
    numbers = itertools.count(1)

    def make_database() -> str:
        name = f"migrated_{next(numbers)}"
        with _connected(pipeline) as connection:
            connection.execute(text(f"create database {name}"))
        url = pipeline.database.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    environment = {name: value for name, value in os.environ.items() if not name.startswith("RHESIS_")}
    return {
        **{f"{part} killed": kinds.killed(part) for part in PARTS},
        **{f"{part} restarted": kinds.restarted(part) for part in PARTS},
        **{f"{part} paused": kinds.paused(part) for part in PARTS},
        **{f"the disk of {part} full": kinds.full(part) for part in ("bus", "postgres")},
        **{f"connections to {name} cut": kinds.cut(name) for name in CONNECTIONS},
        **{f"connections to {name} refused": kinds.refused(name) for name in CONNECTIONS},
        **{f"connections to {name} delayed": kinds.delayed(name) for name in CONNECTIONS},
        **{f"connections to {name} stopped": kinds.stopped(name) for name in CONNECTIONS},
        "a migration killed": kinds.migrations_killed(environment, make_database),
    }


@contextmanager
def _connected(pipeline: Pipeline) -> Iterator[Connection]:
    engine = create_engine(pipeline.database, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _figures(done: list[Round]) -> str:
    *rounds, whole = done
    by_fault: dict[str, list[Round]] = {}
    for one in rounds:
        for name in one.faults:
            by_fault.setdefault(name, []).append(one)
    rows = [
        (
            name,
            len(ones),
            f"{median(one.healthy_seconds for one in ones):.1f} s",
            f"{max(one.healthy_seconds for one in ones):.1f} s",
            sum(bool(one.violations) for one in ones),
        )
        for name, ones in sorted(by_fault.items())
    ]
    requests, attempts = (sum(getattr(one, name) for one in rounds) for name in ("requests", "attempts"))
    total = (
        f"{len(rounds)} rounds: {whole.events:,} events acknowledged in {requests:,} requests, for which {attempts:,} "
        f"attempts were made; {sum(bool(one.violations) for one in done)} rounds in which something did not hold."
    )
    headers = ("what was broken, alone or with another", "rounds", "all stored after, p50", "longest", "did not hold")
    return f"{total}\n\n{report.table(headers, rows)}"
