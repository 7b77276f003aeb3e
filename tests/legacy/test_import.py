"""The former system's events are brought in once, as if they had arrived today, however often the import is run."""

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from former_tables import fill, make
from postgres import free_port
from stack import KEY, TELEMETRY, environment
from stored_events import assert_views_answer, stored
from telemetry_pipeline import cli, contract
from telemetry_pipeline.database import connect
from telemetry_pipeline.privacy import Pseudonymiser
from telemetry_pipeline.settings import DatabaseSettings
from waiting import until

EPOCH = 4
NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=123456)
"""As the former tables have it: without a zone."""
ALICE = UUID("5b0a8f5e-6a0d-4c5a-9d0e-00000000000a")
HASHED_ALICE = sha256(str(ALICE).encode()).hexdigest()[:16]
PSEUDONYMS = Pseudonymiser(bytes.fromhex(KEY), EPOCH)
TIMEOUT_SECONDS = 120


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


class Importing:
    """The command, from a database of the former system into an empty one of ours."""

    def __init__(self, source_url: str, target_url: str) -> None:
        self.source_url = source_url
        self.environment = environment() | {
            "RHESIS_DATABASE_URL": target_url,
            "RHESIS_PSEUDONYM_KEY": KEY,
            "RHESIS_PSEUDONYM_KEY_EPOCH": str(EPOCH),
            "RHESIS_LEGACY_DATABASE_URL": source_url,
            "RHESIS_K_ANONYMITY": "1",
        }
        self.source_engine = connect(DatabaseSettings(database_url=source_url), "tests")
        self.target_engine = connect(DatabaseSettings(database_url=target_url), "tests")
        self.source = self.source_engine.connect()
        self.target = self.target_engine.connect()

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(self.command("--json"), env=self.environment, stdout=subprocess.PIPE, text=True)

    def command(self, *arguments: str) -> list[str]:
        return [*TELEMETRY, "--settings=/does/not/exist", "import-legacy", *arguments]

    def run(self, *arguments: str, **changes: str) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("RHESIS_")]:
                patch.delenv(name)
            return CliRunner().invoke(cli.main, self.command(*arguments)[3:], env=self.environment | changes)

    def report(self, *arguments: str) -> dict[str, Any]:
        """The tables of the report of a run that ended well."""
        done = self.run("--json", *arguments)
        assert done.exit_code == 0, done.stderr
        tables: dict[str, Any] = json.loads(done.stdout)["tables"]
        return tables

    def rows(self, query: str) -> list[dict[str, Any]]:
        with self.target.begin():
            return [dict(row) for row in self.target.execute(text(query)).mappings()]

    def count(self) -> int:
        return sum(int(self.rows(f"select count(*) as n from {event.table}")[0]["n"]) for event in contract.EVENTS)

    def close(self) -> None:
        for connection, engine in ((self.source, self.source_engine), (self.target, self.target_engine)):
            connection.close()
            engine.dispose()


@pytest.fixture
def importing(empty_database_url: str, database_url: str) -> Iterator[Importing]:
    one = Importing(empty_database_url, database_url)
    yield one
    one.close()


def test_both_generations(importing: Importing) -> None:
    """Raw ids of the one and hashed ones of the other are the same people, also of those who send today."""
    make(importing.source, "analytics_", "uuid")
    make(importing.source)
    fill(
        importing.source,
        "analytics_user_activity",
        [
            {
                "user_id": str(ALICE),
                "organization_id": str(ALICE),
                "event_type": "login",
                "session_id": "sess-0",
                "timestamp": days_ago(30),
                "deployment_type": "self-hosted",
                "event_metadata": {
                    "service.name": "rhesis",
                    "service.version": "0.4.0",
                    "metadata.plan": "trial",
                    "metadata.email": "alice@example.com",
                    "telemetry.sdk.name": "opentelemetry",
                    "client.address": "203.0.113.7",
                },
            }
        ],
    )
    fill(
        importing.source,
        "endpoint_usage",
        [
            {
                "user_id": HASHED_ALICE,
                "endpoint": f"https://app.example.com/test_runs/{ALICE}?email=alice@example.com",
                "method": "GET",
                "status_code": 200,
                "duration_ms": 12.5,
                "timestamp": days_ago(2),
                "deployment_type": "cloud",
            }
        ],
    )
    fill(
        importing.source,
        "feature_usage",
        [
            {
                "user_id": HASHED_ALICE,
                "feature_name": "page_view",
                "action": "viewed",
                "timestamp": days_ago(1),
                "event_metadata": {"page.path": f"/projects/{ALICE}/tests", "http.url": "https://x/?token=abc"},
            }
        ],
    )

    report = importing.report()

    assert {name: table["imported"] for name, table in report.items()} == {
        "analytics_user_activity": 1,
        "analytics_endpoint_usage": 0,
        "analytics_feature_usage": 0,
        "user_activity": 0,
        "endpoint_usage": 1,
        "feature_usage": 1,
    }
    (activity,) = importing.rows("select * from analytics_user_activity")
    (request,) = importing.rows("select * from analytics_endpoint_usage")
    (use,) = importing.rows("select * from analytics_feature_usage")
    alice = PSEUDONYMS.pseudonym("user", str(ALICE))
    assert [row["user_id"] for row in (activity, request, use)] == [alice] * 3
    assert activity["organization_id"] == PSEUDONYMS.pseudonym("organization", str(ALICE))
    assert activity["session_id"] == PSEUDONYMS.pseudonym("session", "sess-0")
    assert activity["timestamp"] == days_ago(30).replace(tzinfo=UTC)
    assert activity["metadata"] == {"plan": "trial"}
    assert (activity["service_name"], activity["service_version"]) == ("rhesis", "0.4.0")
    assert [row["deployment_type"] for row in (activity, request, use)] == ["self_hosted", "cloud", "unknown"]
    assert [row["key_epoch"] for row in (activity, request, use)] == [EPOCH] * 3
    assert (request["endpoint"], request["method"]) == ("/test_runs/{id}", "GET")
    assert (request["status_code"], request["duration_ms"]) == (200, 12.5)
    assert (use["feature_name"], use["action"], use["page_path"]) == ("page_view", "viewed", "/projects/{id}/tests")
    assert use["metadata"] == {}


def test_a_request_without_a_duration_has_none(importing: Importing) -> None:
    """None is made up: the former tables don't say when a span ended."""
    make(importing.source)
    fill(importing.source, "endpoint_usage", [{"endpoint": "/tests", "method": "get", "timestamp": days_ago(1)}])

    importing.report()

    (request,) = importing.rows("select duration_ms, status_code from analytics_endpoint_usage")
    assert request == {"duration_ms": None, "status_code": None}


def test_nothing_that_identifies_is_stored_or_told(importing: Importing) -> None:
    """Neither in the tables, nor in the report, nor on the way; also where rows are refused."""
    planted = [str(ALICE), HASHED_ALICE, "carol.canary@example.com", "sk-canary0123456789abcdef", "203.0.113.77"]
    make(importing.source, "analytics_", "text")
    told = {f"metadata.{name}": secret for name, secret in zip("abcde", planted, strict=True)}
    fill(
        importing.source,
        "analytics_feature_usage",
        [
            *(
                {
                    "feature_name": f"see {secret} now",
                    "user_id": secret,
                    "timestamp": days_ago(3),
                    "event_metadata": told,
                }
                for secret in planted
            ),
            {"feature_name": f"{planted[2]} {'x' * 60}", "timestamp": days_ago(900)},
            {"feature_name": "f", "timestamp": days_ago(3), "event_metadata": {"page.path": {"deep": planted[2]}}},
        ],
    )

    done = [importing.run(), importing.run("--json"), importing.run("--dry-run")]

    (found,) = importing.rows("select string_agg(t::text, ' ') as all from analytics_feature_usage t")
    said = " ".join(one.stdout + one.stderr for one in done)
    assert importing.count() == len(planted)
    assert [secret for secret in planted if secret in found["all"] + said] == []


def test_run_twice(importing: Importing) -> None:
    """The second time everything is there already, also what was copied from one generation to the other."""
    make(importing.source, "analytics_", "text")
    make(importing.source)
    rows = [{"id": str(uuid4()), "event_type": "login", "timestamp": days_ago(day)} for day in range(9)]
    fill(importing.source, "analytics_user_activity", rows)
    fill(importing.source, "user_activity", [row | {"user_id": "u"} for row in rows])

    first, second = importing.report(), importing.report()

    assert (first["analytics_user_activity"]["imported"], first["user_activity"]["there_already"]) == (9, 9)
    assert [second[name]["there_already"] for name in ("analytics_user_activity", "user_activity")] == [9, 9]
    assert importing.count() == 9


def test_after_a_rotation_it_tells_who_was_who(importing: Importing) -> None:
    """Somebody who is stored under the previous key and is imported under the present one is one person."""
    make(importing.source)
    used = {"user_id": HASHED_ALICE, "feature_name": "test", "timestamp": days_ago(1)}
    fill(importing.source, "feature_usage", [used])
    importing.environment |= {
        "RHESIS_PREVIOUS_PSEUDONYM_KEY": "77" * 32,
        "RHESIS_PSEUDONYM_KEY_SINCE": "2026-01-01",
    }

    importing.report()

    (link,) = importing.rows("select domain, pseudonym, previous, key_epoch from analytics_pseudonym_links")
    assert link == {
        "domain": "user",
        "pseudonym": PSEUDONYMS.pseudonym("user", str(ALICE)),
        "previous": Pseudonymiser(bytes.fromhex("77" * 32), EPOCH - 1).pseudonym("user", str(ALICE)),
        "key_epoch": EPOCH,
    }


def test_killed_in_between(importing: Importing) -> None:
    """Nothing is lost and nothing twice when it is run again; the report tells what was left to do."""
    make(importing.source)
    total = 30_000
    with importing.source.begin():
        importing.source.exec_driver_sql(f"""
            insert into user_activity (id, user_id, event_type, "timestamp", event_metadata)
            select gen_random_uuid(), 'user-' || n % 700, 'login', now() - n * interval '1 minute',
                jsonb_build_object('metadata.attempt', n)
            from generate_series(1, {total}) n
        """)

    process = importing.start()
    until(lambda: importing.count() > 0, TIMEOUT_SECONDS)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(TIMEOUT_SECONDS)
    process.communicate()
    there = importing.count()
    report = importing.report()["user_activity"]

    assert 0 < there < total
    assert (report["there_already"], report["imported"], report["refused"]) == (there, total - there, {})
    found = importing.rows("select (metadata->>'attempt')::int as n from analytics_user_activity")
    assert Counter(row["n"] for row in found) == Counter(range(1, total + 1))


def test_the_views_afterwards(importing: Importing) -> None:
    """They count imported events as all others, before maintenance and after."""
    make(importing.source)
    people = [
        {"user_id": f"person-{person}", "event_type": "login", "timestamp": days_ago(day), "deployment_type": "cloud"}
        for day in range(40)
        for person in range(day % 7 + 1)
    ]
    fill(importing.source, "user_activity", people)
    fill(
        importing.source,
        "feature_usage",
        [row | {"feature_name": "test_run", "action": "created"} for row in people[::3]],
    )
    fill(
        importing.source,
        "endpoint_usage",
        [row | {"endpoint": "/tests", "method": "GET", "status_code": 200, "duration_ms": 3.5} for row in people[::2]],
    )
    importing.report()
    events = stored(importing.target)

    assert len(events) == len(people) + len(people[::2]) + len(people[::3])
    assert_views_answer(importing.target, events)
    assert CliRunner().invoke(cli.main, ["maintain", "--now"], env=importing.environment).exit_code == 0
    assert_views_answer(importing.target, events)
    (counted,) = importing.rows(f"""
        select dau
        from daily_active_users
        where deployment_type = 'cloud' and day = '{days_ago(6).date()}'
    """)
    assert counted["dau"] == 7


def test_events_are_in_the_partitions_of_their_months(importing: Importing) -> None:
    """So that retention drops them as it does all others."""
    make(importing.source)
    fill(importing.source, "user_activity", [{"event_type": "login", "timestamp": days_ago(200)}])

    importing.report()

    (row,) = importing.rows("select tableoid::regclass::text as place from analytics_user_activity")
    assert row["place"] == f"analytics_user_activity_{days_ago(200):%Y_%m}"


def test_a_dry_run_writes_nothing(importing: Importing) -> None:
    """And counts what a run would do."""
    make(importing.source)
    fill(importing.source, "user_activity", [{"event_type": "login", "timestamp": days_ago(day)} for day in range(5)])

    dry = importing.run("--dry-run")

    assert importing.count() == 0
    assert dry.stdout.splitlines()[0] == "user_activity: 5 rows, 5 would be imported, 0 there already, 0 refused"
    assert importing.report()["user_activity"]["imported"] == 5


REFUSED: dict[str, dict[str, Any]] = {
    "older_than_retention": {"timestamp": days_ago(420)},
    "missing timestamp": {"timestamp": None},
    "time_out_of_range": {"timestamp": NOW + timedelta(days=40)},
    "malformed metadata": {"event_metadata": [1]},
    "opted_out": {"event_metadata": {"_rhesis.telemetry_enabled": False}},
    "missing event.type": {"event_type": " "},
}


def test_what_breaks_the_contract_is_refused_with_the_reason(importing: Importing) -> None:
    """One row of each kind; the good ones beside them come in."""
    make(importing.source)
    good = {"event_type": "login", "timestamp": days_ago(2)}
    fill(importing.source, "user_activity", [good, *(good | row for row in REFUSED.values()), good])

    report = importing.report()["user_activity"]

    assert report["refused"] == dict.fromkeys(REFUSED, 1)
    assert (report["imported"], report["read"]) == (2, 2 + len(REFUSED))


def test_what_only_postgres_can_hold(importing: Importing) -> None:
    """Half a character, numbers that are none, a time without end: each refuses its own row."""
    make(importing.source)
    with importing.source.begin():
        importing.source.exec_driver_sql(f"""
            alter table endpoint_usage alter event_metadata type json;
            insert into endpoint_usage (id, endpoint, method, duration_ms, status_code, "timestamp", event_metadata)
            values (gen_random_uuid(), '/a', 'GET', 1, 200, '{days_ago(2)}', '{{"metadata.half": "\\ud800"}}'),
                (gen_random_uuid(), '/a', 'GET', 'NaN', 200, '{days_ago(2)}', null),
                (gen_random_uuid(), '/a', 'GET', 1, -7, '{days_ago(2)}', null),
                (gen_random_uuid(), '/a', null, 1, 200, '{days_ago(2)}', null),
                (gen_random_uuid(), '/a', 'GET', 1, 200, '-infinity', null),
                (gen_random_uuid(), '/a', 'GET', 1, 200, '0044-03-15 BC', null),
                (gen_random_uuid(), '/a', 'GET', 1, 200, '200000-01-01', null)
        """)

    report = importing.report()["endpoint_usage"]

    assert report["imported"] == 0
    assert report["refused"] == {
        "nul_character metadata": 1,
        "out_of_range duration_ms": 1,
        "out_of_range http.response.status_code": 1,
        "missing http.request.method": 1,
        "missing timestamp": 1,
        "time_out_of_range": 2,
    }


def test_only_what_happened_before(importing: Importing) -> None:
    """Apps that send here since then don't count twice."""
    make(importing.source)
    fill(importing.source, "user_activity", [{"event_type": "login", "timestamp": days_ago(day)} for day in (0, 1, 2)])

    report = importing.report(f"--before={days_ago(1):%Y-%m-%dT%H:%M:%S}")["user_activity"]

    assert (report["imported"], report["refused"]) == (1, {"not_before_the_limit": 2})


def test_times_without_a_zone(importing: Importing) -> None:
    """Are of the zone that is named, summer time included; those with one are what they say."""
    make(importing.source, "analytics_", "text")
    make(importing.source)
    with importing.source.begin():
        importing.source.exec_driver_sql('alter table analytics_user_activity alter "timestamp" type timestamptz')
    summer = datetime(NOW.year if NOW.month > 7 else NOW.year - 1, 7, 1, 12, 0, 0)
    fill(importing.source, "user_activity", [{"event_type": "naive", "timestamp": summer}])
    fill(
        importing.source, "analytics_user_activity", [{"event_type": "aware", "timestamp": summer.replace(tzinfo=UTC)}]
    )

    importing.report("--time-zone=Europe/Berlin")

    found = {row["event_type"]: row["timestamp"] for row in importing.rows("select * from analytics_user_activity")}
    noon = summer.replace(tzinfo=UTC)
    assert found == {"naive": noon - timedelta(hours=2), "aware": noon}


def test_metadata_of_the_name_metadata(importing: Importing) -> None:
    """Whose members are the app's additions, and are treated as these are."""
    make(importing.source, "analytics_", "text")
    with importing.source.begin():
        importing.source.exec_driver_sql("alter table analytics_feature_usage rename event_metadata to metadata")
    members = {"kind": "nightly", "count": 5, "email": "alice@example.com", "http.url": "https://x", "deep": [1]}
    fill(
        importing.source,
        "analytics_feature_usage",
        [{"feature_name": "test_run", "timestamp": days_ago(1), "metadata": members}],
    )

    importing.report()

    (row,) = importing.rows("select metadata from analytics_feature_usage")
    assert row["metadata"] == {"kind": "nightly", "count": 5}


def test_another_schema(importing: Importing) -> None:
    """Where the former tables are kept beside others of their names."""
    with importing.source.begin():
        importing.source.exec_driver_sql('create schema "Former one"; set search_path = "Former one"')
    make(importing.source)
    fill(importing.source, "user_activity", [{"event_type": "login", "timestamp": days_ago(1)}])

    assert importing.report("--schema=Former one")["user_activity"]["imported"] == 1


FAULTS = {
    "no tables": ([], {}, "nothing to import: schema public has none of analytics_user_activity"),
    "no key": ([], {"RHESIS_PSEUDONYM_KEY": ""}, "RHESIS_PSEUDONYM_KEY: missing"),
    "no target": ([], {"RHESIS_DATABASE_URL": ""}, "RHESIS_DATABASE_URL: set it"),
    "no source": (
        [],
        {"RHESIS_LEGACY_DATABASE_URL": f"postgresql://u:s3cret@127.0.0.1:{free_port()}/d"},
        "run it again",
    ),
    "no url": ([], {"RHESIS_LEGACY_DATABASE_URL": "mysql://u:s3cret@h/d"}, "expected postgresql://"),
    "parameters": ([], {"RHESIS_LEGACY_DATABASE_URL": "postgresql://u:s3cret@h/d?sslmode=require"}, "leave out"),
    "no zone": (["--time-zone=Europe/Nowhere"], {}, "there is no zone"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_are_told(importing: Importing, case: str) -> None:
    """In a line that says what to do, without a traceback and without a password."""
    arguments, changes, message = FAULTS[case]

    done = importing.run(*arguments, **changes)

    assert done.exit_code != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


def test_our_own_tables_are_no_source(importing: Importing) -> None:
    """Or events would be pseudonymised twice by an address that was mistaken."""
    done = importing.run(RHESIS_LEGACY_DATABASE_URL=importing.environment["RHESIS_DATABASE_URL"])

    assert done.exit_code == 1
    assert "nothing to import" in done.stderr


def test_a_table_that_lacks_a_column(importing: Importing) -> None:
    """Is named, with what is missing."""
    with importing.source.begin():
        importing.source.exec_driver_sql('create table user_activity (id uuid, "timestamp" timestamp)')

    done = importing.run()

    assert done.exit_code == 1
    assert "table public.user_activity has no column event_type" in done.stderr


def test_a_closed_day_stays_closed(importing: Importing) -> None:
    """What `maintain` has dropped can't come back, even if more months are kept now."""
    make(importing.source)
    with importing.target.begin():
        importing.target.execute(
            text("update analytics_rollup_state set first_day = :day"), {"day": days_ago(10).date()}
        )
    fill(importing.source, "user_activity", [{"event_type": "login", "timestamp": days_ago(day)} for day in (9, 11)])

    assert importing.report()["user_activity"]["refused"] == {"older_than_retention": 1}


def test_memory(importing: Importing) -> None:
    """The connection that reads holds a batch, not the table: a cursor of the server gives it."""
    make(importing.source)
    fill(importing.source, "user_activity", [{"event_type": "login", "timestamp": days_ago(1)}] * 1)
    from telemetry_pipeline.legacy.tables import find

    with importing.source.begin():
        importing.source.exec_driver_sql(
            'insert into user_activity (id, user_id, event_type, "timestamp") '
            "select gen_random_uuid(), 'u', 'login', now() from generate_series(1, 4999)"
        )
    with importing.source.begin():
        (table, *_) = find(importing.source, "public")
        sizes = [len(rows) for rows in table.rows(importing.source, "UTC")]

    assert sizes == [2000, 2000, 1000]
