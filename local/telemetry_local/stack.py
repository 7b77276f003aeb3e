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
from telemetry_local import gateway, topics
from telemetry_local.home import Home
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

    @property
    def otlp_url(self) -> str:
        """Where apps post to."""
        return f"http://{self._ports.host}:{self._ports.ingest}"

    @property
    def grpc_url(self) -> str | None:
        """Where apps reach the gRPC gateway."""
        return f"http://{self._ports.host}:{self._ports.grpc}" if self._ports.grpc else None

    @property
    def database_url(self) -> str:
        """Where the analytics database is, its password included."""
        return self._postgres.url(DATABASE)

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
        self._home.write_settings(self._environment())
        self._write_stack()

    def watch(self, progress: Callable[[str], None]) -> NoReturn:
        """Start parts that die again, until it is interrupted; `progress` is told which."""
        while True:
            if again := self._supervisor.revive():
                self._write_stack()
                progress(f"{', '.join(again)} died and was started again")
            time.sleep(_POLL_SECONDS)

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
        self._wait("store", lambda: _is_healthy(f"http://127.0.0.1:{self._ports.store}"))
        self._wait("ingest", lambda: _is_healthy(self.otlp_url))

    def _migrate(self) -> None:
        settings = DatabaseSettings(database_url=self.database_url)
        engine = database.connect(settings, "telemetry up", statement_seconds=0)
        migrate.upgrade(engine)
        engine.dispose()

    def _make_topics(self) -> subprocess.Popen[bytes]:
        arguments = [self._bus_host, f"http://127.0.0.1:{self._ports.store}/"]
        if not self._ports.bus:
            arguments.append("--emulator")
        with self._log("topics").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "telemetry_local.topics", *arguments], stdout=log, stderr=log
            )

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not is_ready():
            dead = self._supervisor.dead()
            if dead or time.monotonic() > deadline:
                name = dead[0] if dead else name
                raise StackError(f"{name} did not start; {self._log(name)} says why")
            time.sleep(_POLL_SECONDS)

    def _write_stack(self) -> None:
        pids = {name: self._supervisor.pids.get(name) for name in ("ingest", "store", "mirror", "dashboard", "bus")}
        self._home.write_stack(
            {
                "otlp_url": self.otlp_url,
                "grpc_url": self.grpc_url,
                "dashboard_url": None,
                "database_url": self.database_url,
                "pubsub_emulator_host": self._bus_host,
                "pids": pids | {name: self._supervisor.pids.get(name) for name in ("gateway", "postgres")},
                "logs": str(self._home.logs),
            }
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PUBSUB_EMULATOR_HOST": self._bus_host,
            "RHESIS_EVENTS_TOPIC": topics.EVENTS,
            "RHESIS_DATABASE_URL": self.database_url,
            "RHESIS_PSEUDONYM_KEY": self._home.pseudonym_key(),
        }

    def _other_parts(self) -> Iterator[Part]:
        if self._ports.bus:
            yield self._bus_part()
        yield self._function_part("store", "127.0.0.1", self._ports.store)
        yield self._function_part("ingest", self._ports.host, self._ports.ingest)
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

    def _function_part(self, name: str, host: str, port: int) -> Part:
        arguments = [f"--source={_MAIN}", f"--target={name}", f"--host={host}", f"--port={port}"]
        environment = self._environment() | {"FUNCTION_TARGET": name, "THREADS": _THREADS}
        return Part(name, [sys.executable, "-m", "functions_framework", *arguments], self._log(name), environment)

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
