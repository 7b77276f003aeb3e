"""Group commit: messages that are in flight together share a transaction."""

from collections import deque
from dataclasses import dataclass, field
from threading import Event, Lock

from telemetry_pipeline.store.rejections import refused_row
from telemetry_pipeline.store.tables import Rows
from telemetry_pipeline.store.writer import Refused, Unavailable, Writer

_ROWS_PER_TRANSACTION = 4096


@dataclass(eq=False, slots=True)
class _Share:
    """One caller's rows, and what became of them once `settled`."""

    rows: Rows
    called: Event = field(default_factory=Event)
    settled: bool = False
    refused: int = 0
    fault: str = ""

    @property
    def size(self) -> int:
        return sum(map(len, self.rows.values()))

    def settle(self, refused: int = 0, fault: str = "") -> None:
        self.refused, self.fault, self.settled = refused, fault, True
        self.called.set()


class Group:
    """Writes the rows of concurrent callers together.

    Who comes while fewer than `writers` transactions are under way begins one at once; who comes later waits, and the
    next transaction takes all that wait. So a lone message is never held back, and the busier it is, the more of them
    share a commit.
    """

    def __init__(self, writer: Writer, writers: int) -> None:
        self._writer = writer
        self._idle = writers
        self._waiting: deque[_Share] = deque()
        self._lock = Lock()

    def write(self, rows: Rows) -> int:
        """Store rows, and return once they are committed.

        Returns:
            How many of them Postgres refused; these are recorded as rejected spans.

        Raises:
            Unavailable: Not all of them are stored; write them again later.
        """
        share = _Share(rows)
        if not self._begins(share):
            share.called.wait()
        if not share.settled:
            self._lead(share)
        if share.fault:
            raise Unavailable(share.fault)
        return share.refused

    def _begins(self, share: _Share) -> bool:
        with self._lock:
            if self._idle:
                self._idle -= 1
                return True
            self._waiting.append(share)
            return False

    def _lead(self, share: _Share) -> None:
        shares = [share]
        try:
            shares += self._take(_ROWS_PER_TRANSACTION - share.size)
            self._settle(shares)
        finally:
            # Whatever happened, nobody may be left waiting.
            for one in shares:
                if not one.settled:
                    one.settle(fault="unknown")
            self._hand_over()

    def _take(self, size: int) -> list[_Share]:
        taken = []
        with self._lock:
            while self._waiting and self._waiting[0].size <= size:
                taken.append(self._waiting.popleft())
                size -= taken[-1].size
        return taken

    def _hand_over(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().called.set()
            else:
                self._idle += 1

    def _settle(self, shares: list[_Share]) -> None:
        try:
            self._writer.write(_together(shares))
        except Unavailable as fault:
            for share in shares:
                share.settle(fault=str(fault))
        except Refused as refused:
            if len(shares) == 1:
                self._settle_row_by_row(shares[0], refused)
            else:
                for share in shares:
                    self._settle([share])
        else:
            for share in shares:
                share.settle()

    def _settle_row_by_row(self, share: _Share, refused: Refused) -> None:
        rows = [(table, row) for table, rows in share.rows.items() for row in rows]
        try:
            share.settle(refused=self._sift(rows, refused))
        except Unavailable as fault:
            share.settle(fault=str(fault))

    def _sift(self, rows: list[tuple[str, bytes]], refused: Refused) -> int:
        """Store what can be stored of rows that were refused together; halving finds the few that can't be."""
        if len(rows) == 1:
            self._reject(*rows[0], refused)
            return 1
        middle = len(rows) // 2
        return sum(map(self._try, (rows[:middle], rows[middle:])))

    def _try(self, rows: list[tuple[str, bytes]]) -> int:
        try:
            self._writer.write(_by_table(rows))
        except Refused as refused:
            return self._sift(rows, refused)
        return 0

    def _reject(self, table: str, row: bytes, refused: Refused) -> None:
        rejection = refused_row(table, row, refused.sqlstate)
        try:
            if rejection is None:
                raise refused
            self._writer.write(_by_table([rejection]))
        except Refused:
            # Our own record of it is refused: a fault of the schema, not of the row.
            raise Unavailable(refused.sqlstate) from None


def _together(shares: list[_Share]) -> Rows:
    if len(shares) == 1:
        return shares[0].rows
    together: Rows = {}
    for share in shares:
        for table, rows in share.rows.items():
            together.setdefault(table, []).extend(rows)
    return together


def _by_table(rows: list[tuple[str, bytes]]) -> Rows:
    grouped: Rows = {}
    for table, row in rows:
        grouped.setdefault(table, []).append(row)
    return grouped
