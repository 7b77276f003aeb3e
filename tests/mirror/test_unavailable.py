"""What is ours, or BigQuery's, to repair is answered with 503, so that Pub/Sub delivers again."""

import pytest
from werkzeug.test import TestResponse

from messages import crafted, login, logins
from mirror_under_test import MirrorUnderTest, ServeMirror
from waiting import until
from warehouse import Emulator, dataset_of, emulator


def _assert_try_again(response: TestResponse) -> None:
    assert (response.status_code, response.data) == (503, b"")
    assert int(response.headers["Retry-After"]) > 0


def test_a_bigquery_that_is_away_and_comes_back(serve: ServeMirror, capsys: pytest.CaptureFixture[str]) -> None:
    """While BigQuery is down a push is not acknowledged; once it is back the same instance mirrors it."""
    with emulator() as one, dataset_of(one) as dataset:
        dataset.create_tables()
        mirror = serve(dataset)
        message = logins(2)
        assert mirror.push(message).status_code == 204

        one.stop()
        _assert_try_again(mirror.push(message))
        one.start()
        dataset.create_tables()

        until(lambda: mirror.push(message).status_code == 204, 30)
        assert dataset.count("analytics_user_activity") == 2
    assert "127.0.0.1" not in capsys.readouterr().out


def test_tables_that_are_not_there_yet(serve: ServeMirror, session_emulator: Emulator) -> None:
    """Messages wait until the tables are there."""
    with dataset_of(session_emulator) as dataset:
        mirror = serve(dataset)
        message = logins(2)

        _assert_try_again(mirror.push(message))
        dataset.create_tables()

        # BigQuery may remember for a while that they were missing; Pub/Sub delivers until it doesn't.
        until(lambda: mirror.push(message).status_code == 204, 30)
        assert dataset.count("analytics_user_activity") == 2


def test_a_message_of_a_newer_contract_waits_for_a_newer_mirror(mirror: MirrorUnderTest) -> None:
    """What this version can't read yet is not acknowledged."""
    _assert_try_again(mirror.push(crafted(login(), contract_version=1000)))

    assert mirror.warehouse.count("analytics_user_activity") == 0


def test_a_fault_of_ours_tells_the_caller_nothing(
    mirror: MirrorUnderTest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception's text reaches neither the caller nor the log."""
    monkeypatch.setattr("telemetry_pipeline.triggered.delivery_of", lambda _: 1 / 0)

    _assert_try_again(mirror.push(logins(1)))

    log = capsys.readouterr().out
    assert "ZeroDivisionError" in log
    assert "division by zero" not in log
