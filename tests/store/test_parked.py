"""Messages that can never be stored are acknowledged and put aside, their data only where `ingest` had scrubbed it."""

from hashlib import sha256

import pytest

from messages import export, login, logins
from store_under_test import Row, StoreUnderTest
from telemetry_pipeline import bus

RAW_ID = "5b0a8f5e-6a0d-4c5a-9d0e-00000000000a"


def _parked(store: StoreUnderTest) -> Row:
    (row,) = store.rows("select * from analytics_parked_messages")
    return row


@pytest.mark.parametrize("data", [b"\xff" * 64, b"\x1f\x8bnot gzip", logins(200).data[:-20]], ids=["", "gzip", "cut"])
def test_a_message_of_ours_that_is_damaged_is_kept(store: StoreUnderTest, data: bytes) -> None:
    """What carries `ingest`'s attributes and can't be decoded is acknowledged, and kept whole to be looked at."""
    response = store.push(bus.Message(data, {"contract_version": "1"}))

    assert response.status_code == 204
    row = _parked(store)
    assert ("undecodable", data, 1, "7") == tuple(
        row[name] for name in ("reason", "payload", "contract_version", "message_id")
    )


@pytest.mark.parametrize("data", [b"\xff" * 64, b"", b"{", b'{"message": 5}', b"[" * 100_000, RAW_ID.encode()])
def test_a_body_of_unknown_origin_is_not_kept(store: StoreUnderTest, data: bytes) -> None:
    """Of what may hold anything only its size and its hash are written down."""
    response = store.post(data)

    assert response.status_code == 204
    row = _parked(store)
    assert (None, len(data), sha256(data).digest()) == (row["payload"], row["size_bytes"], row["sha256"])


def test_a_message_without_the_stamp_of_ingest_is_not_kept(store: StoreUnderTest) -> None:
    """Spans that did not pass `ingest` are neither stored nor kept, whatever the message says of itself."""
    data = export([login({"user.id": RAW_ID})], {"service.name": "app"})

    response = store.push(bus.Message(data, {"contract_version": "1"}))

    assert response.status_code == 204
    row = _parked(store)
    assert (row["reason"], row["payload"]) == ("not_from_ingest", None)
    assert store.count("analytics_user_activity") + store.count("analytics_rejected_spans") == 0


def test_one_resource_without_the_stamp_refuses_its_message(store: StoreUnderTest) -> None:
    """A message that is only partly from `ingest` is not from `ingest`."""
    stamp = bus.Stamp(1, 1, 1_790_000_000 * 10**9)
    data = export([login()], {}, stamp.attributes()) + export([login({"user.id": RAW_ID})], {})

    store.push(bus.Message(data, {"contract_version": "1"}))

    assert (_parked(store)["reason"], _parked(store)["payload"]) == ("not_from_ingest", None)
    assert store.count("analytics_user_activity") == 0


@pytest.mark.parametrize("stamp", [(1, 0, 1_790_000_000 * 10**9), (1, 40_000, 1_790_000_000 * 10**9), (1, 1, 12)])
def test_a_stamp_that_ingest_would_not_write_is_none(store: StoreUnderTest, stamp: tuple[int, int, int]) -> None:
    """An epoch or a time that can't be is not taken for `ingest`'s."""
    store.push(bus.Message(export([login()], {}, bus.Stamp(*stamp).attributes()), {}))

    assert _parked(store)["reason"] == "not_from_ingest"


def test_a_message_is_parked_once(store: StoreUnderTest) -> None:
    """However often a message comes, one row stands for it."""
    statuses = [store.post(b"\xff").status_code for _ in range(3)]

    assert statuses == [204] * 3
    assert store.count("analytics_parked_messages") == 1


def test_an_unsafe_message_id_is_not_kept(store: StoreUnderTest) -> None:
    """What stands in the place of Pub/Sub's id is kept only if it can be one."""
    store.post(b"\xff", headers={"x-goog-pubsub-message-id": "somebody@example.org"})

    assert _parked(store)["message_id"] is None
