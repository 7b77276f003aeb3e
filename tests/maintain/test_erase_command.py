"""`telemetry erase`: an operator has somebody forgotten; afterwards they are nowhere, and a receipt says so."""

import json
import os
import re
from collections.abc import Callable
from hashlib import sha256
from threading import Thread
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from erasures import ALICE, BOB, TABLES, asks, did, events_of, mentions, one_of_each_kind, pseudonym, push, run
from exports import LOGIN, span, traces
from messages import EPOCH, KEY, ingested
from mirror_under_test import MirrorUnderTest
from store_under_test import StoreUnderTest
from telemetry_pipeline.cli import main
from telemetry_pipeline.maintain.run import LOCK
from telemetry_pipeline.privacy import receipts

TOKEN = "q3ZrW0m1v8tYb6nJx2KfHA"
DAY = 86_400

Erase = Callable[..., Result]


@pytest.fixture
def erase(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Erase:
    """Runs the command on the test's database, with the settings of the environment."""
    monkeypatch.setenv("RHESIS_DATABASE_URL", database_url)
    monkeypatch.setenv("RHESIS_PSEUDONYM_KEY", KEY.hex())
    monkeypatch.setenv("RHESIS_PSEUDONYM_KEY_EPOCH", str(EPOCH))

    def invoke(*arguments: str, answer: str = "") -> Result:
        return CliRunner().invoke(main, ["--settings=/does/not/exist", "erase", *arguments], input=answer)

    return invoke


def token_of(result: Result) -> str:
    """The token that the command printed."""
    found = re.search(r"^receipt: (\S+)$", result.output, re.MULTILINE)
    assert found, result.output
    return found[1]


@pytest.mark.parametrize("identifier", [ALICE, sha256(ALICE.encode()).hexdigest()[:16]])
def test_a_person_by_the_raw_or_the_hashed_id(store: StoreUnderTest, erase: Erase, identifier: str) -> None:
    """Who has not been counted yet too; only the request still names them, until nothing can arrive any more."""
    push(store, *one_of_each_kind(ALICE, 1), *one_of_each_kind(ALICE, 24 * 40), *one_of_each_kind(BOB, 1))

    result = erase("--user-id", identifier, "--yes")

    assert result.exit_code == 0, result.output
    assert "erased 6 in Postgres" in result.output
    assert mentions(store, ALICE) == ["analytics_erasure_requests"]
    assert events_of(store, BOB) == 3


def test_an_organization_and_an_installation(maintain: FlaskClient, store: StoreUnderTest, erase: Erase) -> None:
    """Everybody's events of it, also such that nobody is named in; late copies too, and nothing of another's."""
    of = {"organization.id": "acme"}
    push(store, did(ALICE, 30, LOGIN | of), did(BOB, 1, LOGIN | of), span(LOGIN | of), did(BOB, 1))
    push(store, did(ALICE, 1), span(LOGIN), installation="laptop")
    push(store, did(BOB, 1), installation="server")

    first = erase("--organization-id", "acme", "--yes")
    second = erase("--installation-id", "laptop", "--yes")
    push(store, did(BOB, 2, LOGIN | of))
    push(store, did(BOB, 26), installation="laptop")
    late = run(maintain)

    assert "erased 3 in Postgres" in first.output
    assert "erased 2 in Postgres" in second.output
    assert late["events"] == 2
    assert mentions(store, "acme", "organization") == ["analytics_erasure_requests"]
    assert mentions(store, "laptop", "installation") == ["analytics_erasure_requests"]
    assert mentions(store, ALICE) == []
    assert events_of(store, BOB) == 2


def test_a_dry_run_counts_and_changes_nothing(store: StoreUnderTest, erase: Erase) -> None:
    """As it does when the question is not answered with yes."""
    push(store, *one_of_each_kind(ALICE, 1), did(ALICE, 2))

    dry = erase("--user-id", ALICE, "--dry-run")
    declined = erase("--user-id", ALICE, answer="n\n")

    assert [int(count) for count in re.findall(r"(\d+) in Postgres", dry.output)] == [2, 1, 1]
    assert (dry.exit_code, declined.exit_code) == (0, 1)
    assert events_of(store, ALICE) == 4
    assert store.count("analytics_erasure_requests") == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--user-id"),
        (("--user-id", "a", "--organization-id", "b"), "choose one"),
        (("--user-id", " "), "empty"),
        (("--user-id", "a", "--receipt", TOKEN), "--receipt"),
        (("--receipt", "short"), "no token"),
        (("--receipt", TOKEN), "no request has this token"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_cannot_be_done_is_told(erase: Erase, arguments: tuple[str, ...], says: str) -> None:
    """And nothing is."""
    result = erase(*arguments, "--yes")

    assert result.exit_code in {1, 2}
    assert says in result.output


def test_a_receipt_says_what_was_done_and_not_to_whom(
    bigquery: MirrorUnderTest, store: StoreUnderTest, erase: Erase, maintain: FlaskClient
) -> None:
    """When, how many events, from where, and when the last copies expire; it follows what comes late."""
    run(maintain)
    for function in (store, bigquery):
        push(function, *one_of_each_kind(ALICE, 1), did(BOB, 1))
    token = token_of(erase("--user-id", ALICE, "--yes"))

    receipt = json.loads(erase("--receipt", token).output)
    push(store, did(ALICE, 2))
    run(maintain)
    later = json.loads(erase("--receipt", token).output)

    assert receipt["status"] == "erased"
    assert receipt["events_erased"] == {"postgres": 3, "bigquery": 3}
    assert later["events_erased"] == {"postgres": 4, "bigquery": 3}
    copies = receipt["copies_expire"]
    assert copies.keys() == {"queues", "backups", "bigquery", "last"}
    assert receipt["requested_at"] <= receipt["erased_at"] < copies["backups"] < copies["bigquery"] < copies["queues"]
    assert copies["last"] == copies["queues"]
    assert pseudonym(ALICE) not in json.dumps(receipt)
    kept = store.rows("select * from analytics_erasure_requests")
    assert token not in str(kept)
    assert receipts.digest(token) == kept[0]["receipt"]


def test_a_request_that_came_as_an_event_has_a_receipt(
    store: StoreUnderTest, erase: Erase, maintain: FlaskClient
) -> None:
    """By the token that the client chose: it waits, is done, and outlives whose it was."""
    push(store, did(ALICE, 1), asks(ALICE, erasure_receipt=TOKEN))
    waiting = json.loads(erase("--receipt", TOKEN).output)
    run(maintain)
    done = json.loads(erase("--receipt", TOKEN).output)
    store.execute("update analytics_erasure_requests set received_at = received_at - interval '33 days'")
    run(maintain)
    forgotten = json.loads(erase("--receipt", TOKEN).output)

    assert [one["status"] for one in (waiting, done, forgotten)] == ["waiting", "erased", "forgotten"]
    assert (waiting["erased_at"], waiting["copies_expire"]["last"]) == (None, None)
    assert done["events_erased"] == forgotten["events_erased"] == {"postgres": 1, "bigquery": None}
    assert mentions(store, ALICE) == []


def test_everything_is_searched_afterwards(
    bigquery: MirrorUnderTest,
    store: StoreUnderTest,
    erase: Erase,
    maintain: FlaskClient,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """No table of either database has them, nor a log, though copies of their events came again and again."""
    message = ingested(traces(*one_of_each_kind(ALICE, 1), *one_of_each_kind(ALICE, 24 * 40), did(BOB, 1)))
    for function in (store, bigquery):
        assert function.push(message).status_code == 204
    run(maintain)
    assert erase("--user-id", ALICE, "--yes").exit_code == 0

    # As a replay and the dead-letter topic bring it.
    for function in (store, bigquery):
        assert function.push(message).status_code == 204
    assert events_of(store, ALICE) == 6
    run(maintain)
    assert mentions(store, ALICE) == ["analytics_erasure_requests"]
    store.execute("update analytics_erasure_requests set received_at = received_at - interval '33 days'")
    run(maintain)

    assert mentions(store, ALICE) == []
    assert searched(bigquery, pseudonym(ALICE)) == {}
    assert searched(bigquery, pseudonym(BOB)).keys() == {TABLES[0]}
    logged = capfd.readouterr()
    assert "push mirrored" in logged.out
    assert not any(pseudonym(ALICE) in text or ALICE in text for text in logged)


def searched(bigquery: MirrorUnderTest, wanted: str) -> dict[str, int]:
    """The tables of the dataset that mention somebody, and in how many rows."""
    warehouse = bigquery.warehouse
    names = [table.table_id for table in warehouse.client.list_tables(warehouse.settings.bigquery_dataset)]
    assert {*TABLES, "analytics_first_days"} <= {*names}
    found = {
        name: sum(
            wanted in str(row) for row in warehouse.client.list_rows(f"{warehouse.settings.bigquery_dataset}.{name}")
        )
        for name in names
        if name.startswith("analytics_")
    }
    return {name: count for name, count in found.items() if count}


def test_a_run_that_is_under_way_does_it_next(store: StoreUnderTest, erase: Erase, maintain: FlaskClient) -> None:
    """The request is recorded, and the receipt tells when it is done."""
    push(store, did(ALICE, 1))
    run(maintain)
    store.execute(f"select pg_advisory_lock({LOCK})")
    result = erase("--user-id", ALICE, "--yes")
    store.close()
    run(maintain)

    assert "the next run erases them" in result.output
    assert json.loads(erase("--receipt", token_of(result)).output)["events_erased"]["postgres"] == 1


def test_nobody_is_erased_under_another_key(store: StoreUnderTest, erase: Erase) -> None:
    """An id is found by its pseudonym alone."""
    push(store, did(ALICE, 1))
    os.environ["RHESIS_PSEUDONYM_KEY"] = "00" * 32

    assert "erased 0 in Postgres" in erase("--user-id", ALICE, "--yes").output
    assert events_of(store, ALICE) == 1


def test_a_deployed_maintain_does_it(
    maintain: FlaskClient, store: StoreUnderTest, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database can't be reached from here: no id, no key and no token leave this machine."""
    push(store, *one_of_each_kind(ALICE, 1), did(BOB, 1))
    monkeypatch.delenv("RHESIS_DATABASE_URL")
    server = make_server("127.0.0.1", 0, maintain.application, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    try:
        dry = erase("--user-id", ALICE, "--dry-run", "--at", url)
        done = erase("--user-id", ALICE, "--yes", "--at", url)
        receipt = erase("--receipt", token_of(done), "--at", url)
        unknown = erase("--receipt", TOKEN, "--at", url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert dry.output.count("1 in Postgres") == 3
    assert "erased 3 in Postgres" in done.output
    assert json.loads(receipt.output)["events_erased"]["postgres"] == 3
    assert (unknown.exit_code, "no request has this token" in unknown.output) == (1, True)
    assert events_of(store, BOB) == 1


ORDER = {"kind": "user", "pseudonyms": ["0" * 32], "key_epoch": 1, "receipt": "0" * 32, "dry_run": False}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/erase", None),
        ("/erase", []),
        ("/erase", {}),
        ("/erase", ORDER | {"kind": "user_id = user_id or user"}),
        ("/erase", ORDER | {"pseudonyms": [ALICE]}),
        ("/erase", ORDER | {"pseudonyms": "0" * 32}),
        ("/erase", ORDER | {"key_epoch": 0}),
        ("/erase", ORDER | {"receipt": TOKEN}),
        ("/erase", ORDER | {"dry_run": "no"}),
        ("/erase", ORDER | {"more": 1}),
        ("/receipt", {}),
        ("/receipt", {"receipt": 7}),
    ],
)
def test_an_order_that_is_none_is_refused(maintain: FlaskClient, path: str, body: object) -> None:
    """With a reason, before anything is done."""
    answer = maintain.post(path, json=body)

    assert answer.status_code == 400
    assert answer.text.startswith("a")


def test_tokens_are_hard_to_guess() -> None:
    """128 random bits; what is shorter is none, and what is kept of one tells nothing."""
    tokens = {receipts.new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert all(receipts.digest(token) for token in tokens)
    assert receipts.digest(TOKEN) != UUID(int=0).hex
    assert [receipts.digest(text) for text in ("", TOKEN[:21], TOKEN + "/", "ä" * 30, "a" * 129)] == [None] * 5
