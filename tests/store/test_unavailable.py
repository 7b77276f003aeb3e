"""What is ours to repair is answered with 503, so that Pub/Sub delivers again."""

import shutil
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from messages import crafted, login, logins
from postgres import TEMPLATE, free_port, migrate_to_head, server_directory
from store_under_test import Serve, StoreUnderTest
from telemetry_local.postgres import Postgres


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    directory = server_directory()
    server = Postgres(directory, free_port())
    server.start()
    server.create_database(TEMPLATE)
    migrate_to_head(server.url(TEMPLATE))
    yield server
    server.stop()
    shutil.rmtree(directory)


def _assert_try_again(response: TestResponse) -> None:
    assert (response.status_code, response.data) == (503, b"")
    assert int(response.headers["Retry-After"]) > 0


def test_a_database_that_is_away_and_comes_back(serve: Serve, own_server: Postgres) -> None:
    """While the database is down a push is not acknowledged; once it is back the same instance stores it."""
    store = serve(own_server.url(TEMPLATE))
    first, second = logins(2), logins(3)
    store.push(first)

    own_server.stop()
    _assert_try_again(store.push(second))
    own_server.start()

    assert store.push(second).status_code == 204
    store.close()
    assert store.count("analytics_user_activity") == 5


def test_a_database_that_was_restarted_between_two_pushes(serve: Serve, own_server: Postgres) -> None:
    """A connection that died unnoticed costs no delivery."""
    store = serve(own_server.url(TEMPLATE))
    store.push(logins(1))

    own_server.stop()
    own_server.start()

    assert store.push(logins(1)).status_code == 204


def test_a_schema_that_is_not_there_yet(
    serve: Serve, empty_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Messages wait until the schema is there, and nothing of the fault is told to the caller."""
    store = serve(empty_database_url)
    message = logins(2)

    _assert_try_again(store.push(message))
    migrate_to_head(empty_database_url)

    assert store.push(message).status_code == 204
    assert store.count("analytics_user_activity") == 2
    assert "analytics_user_activity" not in capsys.readouterr().out


def test_a_schema_that_went_away(store: StoreUnderTest) -> None:
    """An instance that has stored already goes back to waiting when a table is gone."""
    store.push(logins(1))
    store.execute("alter table analytics_user_activity rename to away")
    message = logins(1)

    _assert_try_again(store.push(message))
    store.execute("alter table away rename to analytics_user_activity")

    assert store.push(message).status_code == 204


def test_a_message_of_a_newer_contract_waits_for_a_newer_store(store: StoreUnderTest) -> None:
    """What this version can't read yet is not acknowledged, nor is any of it rejected."""
    _assert_try_again(store.push(crafted(login(), contract_version=1000)))

    assert store.count("analytics_user_activity") + store.count("analytics_rejected_spans") == 0


def test_a_fault_of_ours_tells_the_caller_nothing(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception's text reaches neither the caller nor the log."""
    monkeypatch.setattr("telemetry_pipeline.store.function.rows_of", lambda *_: 1 / 0)

    _assert_try_again(store.push(logins(1)))

    log = capsys.readouterr().out
    assert "ZeroDivisionError" in log
    assert "division by zero" not in log
