"""Messages that are in flight together share a transaction, and none suffers for another."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from telemetry_pipeline.store.form import KEY_BYTES
from telemetry_pipeline.store.group import Group
from telemetry_pipeline.store.tables import REJECTED_SPANS, Rows
from telemetry_pipeline.store.writer import Refused, Unavailable
from waiting import until

TABLE = "analytics_user_activity"


class FakeWriter:
    """Remembers transactions; the first waits until it is let go. Refuses rows that end in `poison`."""

    def __init__(self) -> None:
        self.transactions: list[Rows] = []
        self.let_go = Event()
        self.is_away = False

    def write(self, rows: Rows) -> None:
        self.let_go.wait(10)
        if self.is_away:
            raise Unavailable("08006")
        if any(row.endswith(b"poison") for row in rows.get(TABLE, ())):
            raise Refused("23514")
        self.transactions.append(rows)

    def rows(self, table: str) -> list[bytes]:
        return [row for rows in self.transactions for row in rows.get(table, ())]


def _row(content: str) -> bytes:
    return bytes(KEY_BYTES) + content.encode()


@pytest.fixture
def writer() -> FakeWriter:
    return FakeWriter()


@pytest.fixture
def group(writer: FakeWriter) -> Group:
    return Group(writer, writers=1)  # type: ignore[arg-type]


def _write_together(group: Group, writer: FakeWriter, contents: list[str]) -> list[Future[int]]:
    """Write one row while the rest wait for it, so that they wait together."""
    with ThreadPoolExecutor(len(contents)) as threads:
        first = threads.submit(group.write, {TABLE: [_row(contents[0])]})
        until(lambda: group._idle == 0, 10)
        others = [threads.submit(group.write, {TABLE: [_row(content)]}) for content in contents[1:]]
        until(lambda: len(group._waiting) == len(others), 10)
        writer.let_go.set()
        return [first, *others]


def test_those_who_wait_share_the_next_transaction(group: Group, writer: FakeWriter) -> None:
    """Ten messages that arrive while one is written take one transaction."""
    results = _write_together(group, writer, [str(number) for number in range(11)])

    assert [result.result() for result in results] == [0] * 11
    assert [len(rows[TABLE]) for rows in writer.transactions] == [1, 10]


def test_a_message_alone_is_written_at_once(group: Group, writer: FakeWriter) -> None:
    """Nobody waits for company."""
    writer.let_go.set()

    group.write({TABLE: [_row("a")]})
    group.write({TABLE: [_row("b")]})

    assert len(writer.transactions) == 2


def test_poison_takes_no_neighbour_along(group: Group, writer: FakeWriter) -> None:
    """Of a group that is refused all are stored but the row that is to blame."""
    results = _write_together(group, writer, ["first", "a", "poison", "b"])

    assert [result.result() for result in results] == [0, 0, 1, 0]
    assert sorted(writer.rows(TABLE)) == sorted(map(_row, ("first", "a", "b")))
    assert len(writer.rows(REJECTED_SPANS)) == 1


def test_a_database_that_is_away_is_told_to_all(group: Group, writer: FakeWriter) -> None:
    """Everybody whose rows were in the transaction learns of it, and the next one is tried again."""
    writer.is_away = True
    results = _write_together(group, writer, ["first", "a", "b"])
    assert [type(result.exception()) for result in results] == [Unavailable] * 3

    writer.is_away = False

    assert group.write({TABLE: [_row("c")]}) == 0


def test_a_bug_leaves_nobody_waiting(group: Group, writer: FakeWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even what nobody thought of ends for all who share the transaction."""

    def fail(_: Rows) -> None:
        writer.let_go.wait(10)
        raise ZeroDivisionError

    monkeypatch.setattr(writer, "write", fail)
    results = _write_together(group, writer, ["first", "a", "b"])

    assert {type(result.exception()) for result in results} == {ZeroDivisionError, Unavailable}
