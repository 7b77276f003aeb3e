"""The pipeline's parts on one machine, how each is started, and when it is ready."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import telemetry_pipeline
from telemetry_local import bigquery, gateway, topics
from telemetry_local.home import Home, Keys
from telemetry_local.ports import Ports
from telemetry_local.postgres import Postgres
from telemetry_local.supervisor import Part, Supervisor
from telemetry_pipeline import database
from telemetry_pipeline.maintain import migrate
from telemetry_pipeline.settings import DatabaseSettings

DATABASE = "telemetry"

_MAIN = Path(telemetry_pipeline.__file__).parent.with_name("main.py")
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05
_THREADS = "16"


class StackError(Exception):
    """A part did not start; the message says which and where its log is."""


class Stack:
    """One stack: `start` it, `watch` it, `stop` it."""

    def __init__(self, home: Home, ports: Ports, bus_host: str) -> None:
        self._home = home
        self._ports = ports
        self._bus_host = bus_host
        self._postgres = Postgres(home.postgres, ports.database)
        self._supervisor = Supervisor()
        self._keys = home.keys()

    @property
    def otlp_url(self) -> str:
        """Where apps post to."""
        return f"http://{self._ports.host}:{self._ports.ingest}"

    @property
    def grpc_url(self) -> str | None:
        """Where apps reach the gRPC gateway."""
        return f"http://{self._ports.host}:{self._ports.grpc}" if self._ports.grpc else None

    @property
    def bigquery_url(self) -> str | None:
        """Where the BigQuery emulator's REST interface is."""
        return f"http://127.0.0.1:{self._ports.bigquery}" if self._ports.bigquery else None

    @property
    def dashboard_url(self) -> str:
        """Where the numbers are shown."""
        return f"http://127.0.0.1:{self._ports.dashboard}"

    @property
    def database_url(self) -> str:
        """Where the analytics database is, its password included."""
        return self._postgres.url(DATABASE)

    @property
    def _maintain_url(self) -> str:
        return f"http://127.0.0.1:{self._ports.maintain}"

    def start(self, progress: Callable[[str], None]) -> None:
        """Start all parts and wait until each is ready; `progress` is told what is being done.

        Raises:
            StackError: A part did not start.
            PostgresError: Postgres can't run here.
        """
        progress("Postgres")
        self._postgres.prepare()
        if self._postgres.directory != self._home.postgres:
            progress(f"Postgres' user can't enter {self._home.directory}; its data is in {self._postgres.directory}")
        self._supervisor.start(self._postgres_part())
        progress("Pub/Sub and the functions")
        for part in self._other_parts():
            self._supervisor.start(part)
        self._prepare(progress)
        self._supervisor.start(self._scheduler_part())
        self._home.write_settings(self._environment())
        self._write_stack()

    def watch(self, progress: Callable[[str], None]) -> NoReturn:
        """Start parts that die again, or whose keys are others, until it is interrupted; `progress` is told which."""
        while True:
            kept = self._home.kept_keys()
            if kept and kept != self._keys:
                self._rotate(kept)
                progress("ingest and maintain were started again, with other keys")
            if again := self._supervisor.revive():
                self._write_stack()
                progress(f"{', '.join(again)} died and was started again")
            time.sleep(_POLL_SECONDS)

    def _rotate(self, keys: Keys) -> None:
        self._keys = keys
        self._supervisor.replace(self._function_part("maintain", "127.0.0.1", self._ports.maintain))
        self._supervisor.replace(self._function_part("ingest", self._ports.host, self._ports.ingest))
        self._home.write_settings(self._environment())
        self._write_stack()

    def stop(self) -> None:
        """Stop all parts; what they hold is on disk."""
        self._supervisor.stop()
        self._home.remove_stack()

    def _prepare(self, progress: Callable[[str], None]) -> None:
        topics_made = self._make_topics()
        progress("the database's schema")
        self._postgres.wait_ready(_READY_SECONDS)
        self._postgres.create_database(DATABASE)
        self._migrate()
        progress("waiting for all of them")
        self._wait("bus", lambda: _has_ended(topics_made))
        if topics_made.returncode:
            raise StackError(f"the bus refused its topics; {self._log('topics')} says why")
        if self.bigquery_url:
            self._make_dataset(self.bigquery_url)
            self._wait("mirror", lambda: _is_healthy(f"http://127.0.0.1:{self._ports.mirror}"))
        self._wait("store", lambda: _is_healthy(f"http://127.0.0.1:{self._ports.store}"))
        self._wait("maintain", lambda: _is_healthy(self._maintain_url))
        self._wait("ingest", lambda: _is_healthy(self.otlp_url))
        self._wait("dashboard", lambda: _is_healthy(self.dashboard_url))

    def _migrate(self) -> None:
        settings = DatabaseSettings(database_url=self.database_url)
        engine = database.connect(settings, "telemetry up", statement_seconds=0)
        migrate.upgrade(engine)
        engine.dispose()

    def _make_topics(self) -> subprocess.Popen[bytes]:
        arguments = [self._bus_host, f"http://127.0.0.1:{self._ports.store}/"]
        if self._ports.mirror:
            arguments.append(f"--mirror-url=http://127.0.0.1:{self._ports.mirror}/")
        if not self._ports.bus:
            arguments.append("--emulator")
        with self._log("topics").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "telemetry_local.topics", *arguments], stdout=log, stderr=log
            )

    def _make_dataset(self, url: str) -> None:
        self._wait("bigquery", lambda: bigquery.is_up(url))
        log = self._log("dataset")
        with log.open("ab") as output:
            made = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-m", "telemetry_local.bigquery", url], check=False, stdout=output, stderr=output
            )
        if made.returncode:
            raise StackError(f"BigQuery refused its dataset; {log} says why")

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not is_ready():
            dead = self._supervisor.dead()
            if dead or time.monotonic() > deadline:
                name = dead[0] if dead else name
                raise StackError(f"{name} did not start; {self._log(name)} says why")
            time.sleep(_POLL_SECONDS)

    def _write_stack(self) -> None:
        names = (
            "ingest",
            "store",
            "mirror",
            "maintain",
            "dashboard",
            "bus",
            "gateway",
            "postgres",
            "bigquery",
            "scheduler",
        )
        self._home.write_stack(
            {
                "otlp_url": self.otlp_url,
                "grpc_url": self.grpc_url,
                "dashboard_url": self.dashboard_url,
                "maintain_url": self._maintain_url,
                "database_url": self.database_url,
                "bigquery_url": self.bigquery_url,
                "pubsub_emulator_host": self._bus_host,
                "pids": {name: self._supervisor.pids.get(name) for name in names},
                "logs": str(self._home.logs),
            }
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PUBSUB_EMULATOR_HOST": self._bus_host,
            "RHESIS_EVENTS_TOPIC": topics.EVENTS,
            "RHESIS_DATABASE_URL": self.database_url,
            **self._keys.environment(),
            # Whoever runs this sees their own data.
            "RHESIS_K_ANONYMITY": "1",
            "RHESIS_OTLP_URL": self.otlp_url,
            **({"RHESIS_API_KEYS": keys} if (keys := self._home.api_keys()) else {}),
            **self._bigquery_environment(),
        }

    def _bigquery_environment(self) -> dict[str, str]:
        if not self.bigquery_url:
            return {}
        return {
            "RHESIS_BIGQUERY_DATASET": bigquery.DATASET,
            "RHESIS_BIGQUERY_REST": self.bigquery_url,
            "RHESIS_BIGQUERY_GRPC": f"127.0.0.1:{self._ports.bigquery_grpc}",
        }

    def _other_parts(self) -> Iterator[Part]:
        if self._ports.bus:
            yield self._bus_part()
        if self._ports.bigquery:
            yield self._bigquery_part()
            yield self._function_part("mirror", "127.0.0.1", self._ports.mirror)
        yield self._function_part("store", "127.0.0.1", self._ports.store)
        yield self._function_part("maintain", "127.0.0.1", self._ports.maintain)
        yield self._function_part("ingest", self._ports.host, self._ports.ingest)
        yield self._function_part("dashboard", "127.0.0.1", self._ports.dashboard)
        if self._ports.grpc:
            yield self._gateway_part()

    def _postgres_part(self) -> Part:
        return Part(
            "postgres",
            self._postgres.command(),
            self._log("postgres"),
            identity=self._postgres.identity(),
            stop_signal=signal.SIGINT,
        )

    def _bus_part(self) -> Part:
        arguments = ["--host=127.0.0.1", f"--port={self._ports.bus}", f"--database={self._home.bus}"]
        return Part("bus", [sys.executable, "-m", "telemetry_local.pubsub", *arguments], self._log("bus"))

    def _bigquery_part(self) -> Part:
        command = bigquery.command(self._ports.bigquery, self._ports.bigquery_grpc, self._home.bigquery)
        return Part("bigquery", command, self._log("bigquery"))

    def _function_part(self, name: str, host: str, port: int) -> Part:
        arguments = [f"--source={_MAIN}", f"--target={name}", f"--host={host}", f"--port={port}"]
        environment = self._environment() | {"FUNCTION_TARGET": name, "THREADS": _THREADS}
        return Part(name, [sys.executable, "-m", "telemetry_local.serve", *arguments], self._log(name), environment)

    def _scheduler_part(self) -> Part:
        command = [sys.executable, "-m", "telemetry_local.scheduler", f"{self._maintain_url}/"]
        if self._ports.bus:
            command.append(f"--bus={self._bus_host}")
        return Part("scheduler", command, self._log("scheduler"), {"RHESIS_DATABASE_URL": self.database_url})

    def _gateway_part(self) -> Part:
        command = gateway.command(f"{self._ports.host}:{self._ports.grpc}", self.otlp_url)
        return Part("gateway", command, self._log("gateway"))

    def _log(self, name: str) -> Path:
        return self._home.logs / f"{name}.log"


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1):  # noqa: S310 - our own
            return True
    except (OSError, urllib.error.HTTPError):
        return False
