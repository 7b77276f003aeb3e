"""What `store` writes to its log: counts, never what was in a message."""

import json

import pytest

import exports
from messages import crafted, ingested, login
from store_under_test import StoreUnderTest
from telemetry_pipeline import bus

SECRET = "correct-horse-battery-staple"


def test_one_line_for_a_push(store: StoreUnderTest, capsys: pytest.CaptureFixture[str]) -> None:
    """A push is one line with what came of it."""
    store.execute("alter table analytics_user_activity add check (event_type <> 'forbidden')")
    store.push(crafted(login(), login(), login({"event.type": None}), login({"event.type": "forbidden"})))

    (line,) = capsys.readouterr().out.splitlines()
    entry = json.loads(line)
    assert (entry["message"], entry["spans"], entry["rejected"]) == ("push stored", 4, 2)


def test_nothing_of_a_message_is_logged(store: StoreUnderTest, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever becomes of a message, stored, rejected, refused, parked or not stored: the log does not have it."""
    store.execute("alter table analytics_user_activity add check (event_type not like 'refused%')")
    store.push(ingested(exports.traces(exports.span(exports.LOGIN | {"event.type": SECRET}))))
    store.push(crafted(login({"event.type": SECRET + "\0"})))
    store.push(crafted(login({"event.type": f"refused {SECRET}"})))
    store.push(bus.Message(SECRET.encode(), {"contract_version": SECRET}))
    store.post(SECRET.encode(), headers={"x-goog-pubsub-message-id": SECRET})
    store.execute("alter table analytics_user_activity rename to away")
    store.push(crafted(login({"event.type": SECRET})))

    captured = capsys.readouterr()

    assert len(captured.out.splitlines()) == 6
    assert SECRET not in captured.out + captured.err
