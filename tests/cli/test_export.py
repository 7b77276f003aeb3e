"""`telemetry export`: what is in the database, whole and once, in three forms, and a person's in one document."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from click.testing import CliRunner, Result
from pyarrow import parquet
from requests.adapters import HTTPAdapter
from sqlalchemy import Connection, text

from expected_views import Event
from messages import EPOCH, KEY
from postgres import free_port
from servers import serving
from stored_events import store
from telemetry_pipeline.cli import main
from telemetry_pipeline.exports import rows, storage
from telemetry_pipeline.privacy import Pseudonymiser

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ALICE = "alice"
PSEUDONYM = str(Pseudonymiser(KEY, EPOCH).pseudonym("user", ALICE))

Export = Callable[..., Result]


@pytest.fixture
def export(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Runs the command on the test's database."""
    monkeypatch.setenv("RHESIS_DATABASE_URL", database_url)
    monkeypatch.setenv("RHESIS_PSEUDONYM_KEY", KEY.hex())
    monkeypatch.setenv("RHESIS_PSEUDONYM_KEY_EPOCH", str(EPOCH))
    return lambda *arguments: CliRunner().invoke(main, ["--settings=/does/not/exist", "export", *map(str, arguments)])


def login(days: int, user: str | None, **fields: Any) -> Event:
    """A login so many days after the first."""
    moment = NOON + timedelta(days=days)
    return Event(kind="user_activity", timestamp=moment, received_at=moment, user_id=user, **fields)


def exported(export: Export, path: Path, *arguments: str) -> list[dict[str, Any]]:
    """The rows of an export, each without what is null, in whichever form the path ends in."""
    done = export(*arguments, "--output", path)
    assert done.exit_code == 0, done.output
    match path.suffix:
        case ".csv":
            found = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
        case ".parquet":
            found = parquet.read_table(path).to_pylist()
        case _:
            found = [json.loads(line) for line in path.read_text().splitlines()]
    return [{name: value for name, value in row.items() if value not in (None, "")} for row in found]


FORMS = ("csv", "jsonl", "parquet")


@pytest.mark.parametrize("form", FORMS)
def test_all_rows_come_once_in_every_form(connection: Connection, export: Export, tmp_path: Path, form: str) -> None:
    """More of them than are fetched at once, with whatever a text may hold."""
    name = "tëst \"a\", 'b'\r\n\\c\t{}"
    count = 2 * rows.BATCH + 7
    events = [
        Event(kind="feature_usage", timestamp=NOON, received_at=NOON, user_id=PSEUDONYM, feature_name=name)
        for _ in range(count)
    ]
    store(connection, events)
    with connection.begin():
        connection.execute(text('update analytics_feature_usage set metadata = \'{"plan": "a\\"b", "n": 5}\''))

    found = exported(export, tmp_path / f"out.{form}", "--table", "analytics_feature_usage")

    assert {str(row["id"]) for row in found} == {str(event.id) for event in events}
    assert len(found) == count
    metadata = found[0]["metadata"]
    assert (metadata if isinstance(metadata, dict) else json.loads(metadata)) == {"plan": 'a"b', "n": 5}
    moment = found[0]["timestamp"]
    assert (moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)) == NOON
    assert {row["feature_name"] for row in found} == {name}
    assert "action" not in found[0]


@pytest.mark.parametrize("form", FORMS)
def test_a_period_has_both_its_days(connection: Connection, export: Export, tmp_path: Path, form: str) -> None:
    """In UTC, in order of time; without events there is an empty file with its header."""
    store(connection, [login(days, PSEUDONYM) for days in (3, 0, 1, 2)])
    period = ("--table", "analytics_user_activity", "--from", "2026-03-11", "--to", "2026-03-12")

    found = exported(export, tmp_path / f"some.{form}", *period)
    none = exported(export, tmp_path / f"none.{form}", *period[:2], "--from", "2027-01-01")

    assert [str(row["timestamp"])[:10] for row in found] == ["2026-03-11", "2026-03-12"]
    assert none == []
    assert form == "jsonl" or (tmp_path / f"none.{form}").stat().st_size > 0


def test_a_view_is_exported_as_readers_see_it(connection: Connection, export: Export, tmp_path: Path) -> None:
    """By period too, with small groups hidden."""
    with connection.begin():
        connection.execute(text("update analytics_upkeep set k_anonymity = 5"))
    day = datetime.now(UTC) - timedelta(days=1)
    people = [f"{number:032x}" for number in range(7)]
    for deployment, some in (("cloud", people[:6]), ("self_hosted", people[6:])):
        store(
            connection,
            [
                Event(kind="user_activity", timestamp=day, received_at=day, user_id=user, deployment_type=deployment)
                for user in some
            ],
        )
    arguments = ("--view", "daily_active_users", "--from", str(day.date()), "--to", str(day.date()))

    found = exported(export, tmp_path / "days.parquet", *arguments)

    assert {row["day"] for row in found} == {day.date()}
    assert all(row["dau"] == 0 or row["dau"] >= 5 for row in found if "dau" in row)
    assert "self_hosted" not in {row["deployment_type"] for row in found if "dau" in row}


@pytest.mark.parametrize("identifier", [ALICE, sha256(ALICE.encode()).hexdigest()[:16]])
def test_only_a_persons_rows(connection: Connection, export: Export, tmp_path: Path, identifier: str) -> None:
    """By the raw or the hashed id."""
    store(connection, [login(0, PSEUDONYM), login(1, "0" * 32), login(2, None)])

    found = exported(export, tmp_path / "one.jsonl", "--table", "analytics_user_activity", "--user-id", identifier)

    assert [row["user_id"] for row in found] == [PSEUDONYM]


def test_all_that_is_kept_of_a_person_is_one_document(connection: Connection, export: Export, tmp_path: Path) -> None:
    """Events of every kind in order of time, nobody else's, and what each of their fields means."""
    moments = [NOON + timedelta(hours=hour) for hour in range(4)]
    kinds = ("feature_usage", "user_activity", "endpoint_usage", "user_activity")
    store(
        connection,
        [
            Event(kind=kind, timestamp=moment, received_at=moment, user_id=PSEUDONYM)
            for kind, moment in zip(kinds, moments, strict=True)
        ],
    )
    store(connection, [login(0, "0" * 32)])
    path = tmp_path / "alice.json"

    assert export("--user-id", ALICE, "--output", path).exit_code == 0

    document = json.loads(path.read_text())
    assert [event["event"] for event in document["events"]] == [*kinds]
    assert [event["timestamp"] for event in document["events"]] == [moment.isoformat() for moment in moments]
    assert document["codes"] == [PSEUDONYM]
    assert {*(name for event in document["events"] for name in event)} <= document["meaning"].keys()
    assert ALICE not in path.read_text()
    assert path.read_text().count("\n") > 40
    assert path.stat().st_mode & 0o077 == 0

    assert export("--user-id", "nobody", "--output", path).exit_code == 0
    assert json.loads(path.read_text())["events"] == []


def test_a_spreadsheet_runs_nothing(connection: Connection, export: Export, tmp_path: Path) -> None:
    """A text that is a formula has an apostrophe before it in CSV, and is itself in the other forms."""
    store(connection, [login(0, PSEUDONYM, event_type="=1+1")])

    found = [
        exported(export, tmp_path / f"out.{form}", "--table", "analytics_user_activity")[0]["event_type"]
        for form in FORMS
    ]

    assert found == ["'=1+1", "=1+1", "=1+1"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name a --table"),
        (("--table", "analytics_user_activity", "--view", "sessions"), "choose one"),
        (("--view", "sessions", "--user-id", "a"), "nobody is named in a view"),
        (("--user-id", "a", "--from", "2026-01-01"), "whole"),
        (("--view", "sessions", "--from", "2026-01-02", "--to", "2026-01-01"), "after"),
        (("--view", "sessions", "--output", "out"), "--format"),
        (("--view", "sessions", "--output", "/does/not/exist/out.csv"), "broke off"),
        (("--view", "sessions", "--output", "gs://bucket", "--format", "csv"), "gs://BUCKET/OBJECT"),
        (("--table", "pg_authid"), "pg_authid"),
    ],
)
def test_what_cannot_be_done_is_told(export: Export, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """With what to write instead, and nothing is left behind."""
    output = () if "--output" in arguments else ("--output", tmp_path / "out.csv")

    done = export(*arguments, *output)

    assert done.exit_code in {1, 2}
    assert says in done.output
    assert list(tmp_path.iterdir()) == []


def test_what_breaks_off_leaves_what_was_there(
    connection: Connection, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is replaced by a whole one or not at all."""
    store(connection, [login(0, PSEUDONYM)])
    path = tmp_path / "out.csv"
    path.write_text("before")
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    done = export("--table", "analytics_user_activity", "--format", "parquet", "--output", path)

    assert done.exit_code == 1
    assert "pip install" in done.output
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_into_a_pipe(connection: Connection, export: Export) -> None:
    """Rows alone go to the standard output; what is said goes elsewhere."""
    store(connection, [login(0, PSEUDONYM)])

    done = export("--table", "analytics_user_activity", "--format", "jsonl", "--output", "-")

    assert json.loads(done.stdout)["user_id"] == PSEUDONYM
    assert done.stderr.startswith("1 rows")


# Cloud Storage, by an emulator. That Google's own takes the credentials could not be tried here.


@pytest.fixture(scope="module")
def storage_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Cloud Storage with one bucket, `exports`."""
    port = free_port()
    directory = tmp_path_factory.mktemp("storage")
    command = [
        *(sys.executable, "-m", "gcp_storage_emulator", "start", "--host=127.0.0.1", f"--port={port}"),
        *("--in-memory", "--default-bucket=exports", "--quiet"),
    ]
    with serving(command, f"http://127.0.0.1:{port}/storage/v1/b/exports", directory / "log"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def bucket(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bytes | None]:
    """The content of an object in the bucket; None where there is none."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)

    def content(name: str) -> bytes | None:
        answer = requests.get(f"{storage_url}/storage/v1/b/exports/o/{name}", params={"alt": "media"}, timeout=10)
        return answer.content if answer.ok else None

    return content


@pytest.mark.parametrize("form", FORMS)
def test_to_cloud_storage(
    connection: Connection, export: Export, tmp_path: Path, bucket: Callable[[str], bytes | None], form: str
) -> None:
    """The object is the file, byte for byte."""
    store(connection, [login(days, PSEUDONYM) for days in range(50)])
    arguments = ("--table", "analytics_user_activity")
    exported(export, tmp_path / f"out.{form}", *arguments)

    done = export(*arguments, "--output", f"gs://exports/{form}.{form}")

    assert done.exit_code == 0, done.output
    assert bucket(f"{form}.{form}") == (tmp_path / f"out.{form}").read_bytes()


class Unreliable(HTTPAdapter):
    """A network that loses answers of pieces that arrived, and a server that is sometimes too busy for one."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        if request.method == "PUT" and request.body:
            self.pieces += 1
            if self.pieces % 3 == 0:
                response = requests.Response()
                response.status_code = 503
                return response
            if self.pieces % 3 == 2:
                super().send(request, **options)
                raise requests.ConnectionError
        return super().send(request, **options)


@contextmanager
def unreliable_session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("http://", Unreliable())
        yield session


@pytest.mark.usefixtures("bucket")
def test_an_upload_goes_on_where_it_broke_off(
    bucket: Callable[[str], bytes | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is lost is sent again and nothing twice, whatever the sizes; what fails for good leaves no object."""
    monkeypatch.setattr(storage, "_session", unreliable_session)
    monkeypatch.setattr(storage, "PIECE_BYTES", 256 << 10)
    monkeypatch.setattr(storage, "_FIRST_PAUSE_SECONDS", 0)
    for size in (0, 1, 256 << 10, (1 << 20) + 17):
        content = b"".join(UUID(int=number).bytes for number in range(size // 16 + 1))[:size]
        with storage.uploading("exports", f"of {size}") as upload:
            for begin in range(0, size, 100_000):
                upload.write(content[begin : begin + 100_000])

        assert bucket(f"of {size}") == content

    with suppress(KeyboardInterrupt), storage.uploading("exports", "half") as upload:
        upload.write(bytes(1 << 20))
        raise KeyboardInterrupt
    assert bucket("half") is None
    with pytest.raises(OSError, match="404"), storage.uploading("no-such-bucket", "x") as upload:
        upload.write(b"x")
