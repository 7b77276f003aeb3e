"""bqemulator, run in its own virtual environment, made fit for a pipeline that writes all the time.

bqemulator 1.4.0 has one connection to DuckDB for the thread that answers queries and those that append rows: a query
that comes while rows are appended fails, gives another's result, or hangs for ever. And with every append it copies the
whole table, for time travel. Here each thread has a connection of its own, and there is no time travel.
"""

import sys
from threading import current_thread, local, main_thread

from bqemulator.cli import main
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.versioning.snapshots import SnapshotManager

_own = local()
_shared = DuckDBEngine.connection.fget


def _connection(engine: DuckDBEngine) -> object:
    if current_thread() is main_thread():
        return _shared(engine)
    if not hasattr(_own, "connection"):
        _own.connection = _shared(engine).cursor()
        _own.connection.execute("set TimeZone = 'UTC'")
    return _own.connection


DuckDBEngine.connection = property(_connection)
SnapshotManager.capture = lambda *_arguments, **_named: None

if __name__ == "__main__":
    sys.exit(main())
