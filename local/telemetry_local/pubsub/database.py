"""The SQLite file: one thread owns it, and what is asked for at the same time is committed together.

A commit costs about the same for one statement and for a hundred, so the thread takes everything that waits, runs it in
one transaction and then answers all who asked. A caller that has its answer knows that it is on disk.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib import resources
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from telemetry_local.pubsub.errors import CannotStart

Result = TypeVar("Result")

_WORK_PER_COMMIT = 256
_VERSION = 2  # of schema.sql

_FROM_1 = """
    alter table message add column topic text not null default '';
    alter table message add column kept_until integer not null default 0;
    alter table subscription add column after_message integer not null default 0;
    alter table subscription add column retains integer not null default 0;
"""

# WAL with synchronous=NORMAL: a commit is a write() to the log without an fsync(). The kernel has it then, so that it
# outlives a kill -9 of any process; only a power cut or a crash of the kernel can take the last commits, and never the
# file's consistency. FULL would pay an fsync() per commit against a danger that a queue on a developer's machine can
# live with. The exclusive lock keeps a second broker from delivering the same messages.
_PRAGMAS = """
    pragma locking_mode = exclusive;
    pragma auto_vacuum = incremental;
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma wal_autocheckpoint = 4000;
    pragma journal_size_limit = 33554432;
"""


class Database:
    """Runs pieces of work in the order in which they were given, each whole or not at all."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            CannotStart: It is no database, can't be written, or another broker has it.
        """
        self._connection = _open(path)
        self._works: queue.SimpleQueue[_Work[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="database", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._works.put(None)
        self._thread.join()
        self._connection.close()

    def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do the work and wait until it is on disk; what it raises is raised here, and nothing of it stays."""
        return self.submit(work).result()

    def submit(self, work: Callable[[sqlite3.Connection], Result]) -> Future[Result]:
        """Do the work soon; the future is done when it is on disk."""
        future: Future[Result] = Future()
        self._works.put(_Work(work, future))
        return future

    def _write(self) -> None:
        stopping = False
        while not stopping:
            batch = self._waiting()
            stopping = None in batch
            self._commit([work for work in batch if work is not None])

    def _waiting(self) -> "list[_Work[Any] | None]":
        batch = [self._works.get()]
        while len(batch) < _WORK_PER_COMMIT and not self._works.empty():
            batch.append(self._works.get())
        return batch

    def _commit(self, batch: "list[_Work[Any]]") -> None:
        try:
            self._connection.execute("begin immediate")
            for work in batch:
                work.attempt(self._connection)
            self._connection.execute("commit")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            for work in batch:
                work.error = error
        for work in batch:
            work.answer()


class _Work(Generic[Result]):
    """One piece of work and what came of it, which its caller may know only after the commit."""

    def __init__(self, work: Callable[[sqlite3.Connection], Result], future: Future[Result]) -> None:
        self._work = work
        self._future = future
        self._results: list[Result] = []
        self.error: Exception | None = None

    def attempt(self, connection: sqlite3.Connection) -> None:
        connection.execute("savepoint work")
        try:
            self._results.append(self._work(connection))
        except Exception as error:  # it is the caller's, who gets it from the future
            connection.execute("rollback to work")
            self.error = error
        connection.execute("release work")

    def answer(self) -> None:
        if self.error is None:
            self._future.set_result(self._results[0])
        else:
            self._future.set_exception(self.error)


def _open(path: Path) -> sqlite3.Connection:
    schema = resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another thread than this one will use it, and only that one; transactions are begun by hand.
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
        try:
            upgrade = _FROM_1 if _version(connection, path) == 1 else ""
            connection.executescript(f"{_PRAGMAS} {upgrade} {schema} pragma user_version = {_VERSION};")
        except (CannotStart, sqlite3.Error):
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise CannotStart(
            f"can't use {path} as the database: {error}; does another broker run with it, or is it no database?"
        ) from error
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("pragma user_version").fetchone()
    if version not in range(_VERSION + 1):  # 0 is a new file's
        raise CannotStart(
            f"{path} was written by another version of the broker ({version}, this one writes {_VERSION}): "
            "run that version until nothing waits any more, or delete the file with what waits in it"
        )
    return int(version)
