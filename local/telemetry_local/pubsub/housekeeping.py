"""Housekeeping: what is too old is given up, and the room of what is gone is given back."""

import sqlite3
import threading

from telemetry_local.pubsub import catalog, messages
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.policy import Policy
from telemetry_pipeline.logs import log

_INTERVAL_SECONDS = 60.0


class Housekeeping:
    """A thread that tidies up once a minute."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin, at once."""
        self._thread.start()

    def stop(self) -> None:
        """Come to an end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._tidy()
            self._stopping.wait(_INTERVAL_SECONDS)

    def _tidy(self) -> None:
        try:
            expired = self._database.run(tidy)
        except sqlite3.Error as error:
            log("ERROR", "housekeeping failed", error=type(error).__name__)
            return
        if expired:
            log("WARNING", "unacknowledged messages expired", messages=expired)


def tidy(connection: sqlite3.Connection) -> int:
    """Delete what every subscription's retention has run out for; how many deliveries that were."""
    expired = sum(messages.expire(connection, Policy.of(each)) for each in catalog.every_subscription(connection))
    messages.release(connection)
    messages.shrink(connection)
    return expired
