"""A sender that never stops: `python -m bench.flood PORT`, until it is ended.

A process of its own, so that it takes no time of who measures. It says "begun" with its first answer and "refused" with
its first 429, and at its end how many requests were answered how.
"""

import collections
import json
import signal
import socket
import sys
import threading

from bench import captured, load

SPANS = 36
CONNECTIONS = 8
BODIES = 200
INSTALLATION = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Flood:
    """Sends over several connections at once, each as fast as it is answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._requests = load.prepared(
            "/v1/traces", [captured.of_installation(SPANS, INSTALLATION).SerializeToString() for _ in range(BODIES)]
        )
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._answers: collections.Counter[str] = collections.Counter()

    def run(self) -> dict[str, int]:
        """Send until SIGTERM; how many answers had which status."""
        signal.signal(signal.SIGTERM, lambda *_: self._stopping.set())
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        self._stopping.wait()
        for thread in threads:
            thread.join()
        return dict(self._answers)

    def _work(self, number: int) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as connection:
            while not self._stopping.is_set():
                connection.sendall(self._requests[number % BODIES])
                number += CONNECTIONS
                self._count(load.answer(connection).split(b" ", 2)[1].decode())

    def _count(self, status: str) -> None:
        with self._lock:
            self._answers[status] += 1
            if self._answers.total() == 1:
                print("begun", flush=True)
            if status == "429" and self._answers[status] == 1:
                print("refused", flush=True)


if __name__ == "__main__":
    print(json.dumps(Flood(int(sys.argv[1])).run()), flush=True)
