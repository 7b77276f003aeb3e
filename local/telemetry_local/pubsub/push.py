"""Pushing: one subscription's messages to its endpoint, at most a window of them at a time."""

import queue
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from telemetry_local.pubsub import deliveries
from telemetry_local.pubsub.bells import Bells
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.deliveries import Delivery
from telemetry_local.pubsub.endpoint import Endpoint
from telemetry_local.pubsub.errors import NotFound
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.push_request import form_of
from telemetry_local.pubsub.window import Window
from telemetry_local.pubsub.wire import Subscription
from telemetry_pipeline.logs import log

_DATABASE_PAUSE_SECONDS = 1.0


class Push:
    """A thread claims what is due and there is room for; others, made as the window needs them, post it."""

    def __init__(self, subscription: Subscription, database: Database, bells: Bells) -> None:
        self._policy = Policy.of(subscription)
        self._form = form_of(subscription)
        self._endpoint = Endpoint(subscription.push_config.push_endpoint, self._policy.ack_deadline)
        self._database = database
        self._bells = bells
        self._bell = bells.of(subscription.name)
        self._window = Window()
        self._lock = threading.Lock()
        self._claimed: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._dispatcher = threading.Thread(target=self._dispatch, name="push", daemon=True)
        self._workers: list[threading.Thread] = []
        self._stopping = False
        self._hung_up = False

    def start(self) -> None:
        """Begin to deliver."""
        self._dispatcher.start()

    def stop(self) -> None:
        """Claim no more; what is under way comes to its end."""
        self._stopping = True
        self._bell.ring()

    def hang_up(self) -> None:
        """After `stop`: cut off what is under way, to be delivered again after the next start."""
        self._hung_up = True
        self._dispatcher.join()
        self._endpoint.close()

    def _dispatch(self) -> None:
        while not self._stopping:
            rings = self._bell.rings
            wait_seconds = self._hand_out()
            if wait_seconds != 0:
                self._bell.sleep(rings, wait_seconds)
        for _ in self._workers:
            self._claimed.put(None)

    def _hand_out(self) -> float | None:
        """Give the workers what is due, if there is room; how long to wait before looking again (None: for a ring)."""
        with self._lock:
            room, pause_seconds = self._window.room(), self._window.pause_seconds()
        if not room:
            return pause_seconds or None
        try:
            claim = self._database.run(lambda connection: deliveries.claim(connection, self._policy, room))
        except NotFound:  # it is being deleted, and so is this
            return None
        except sqlite3.Error as error:  # a full disk, say, which somebody may yet empty
            log("ERROR", "nothing can be pushed", subscription=self._policy.subscription, error=type(error).__name__)
            return _DATABASE_PAUSE_SECONDS
        self._bells.ring(claim.woken)
        self._start(claim.deliveries)
        return claim.next_due_seconds

    def _start(self, claimed: Sequence[Delivery]) -> None:
        with self._lock:
            for delivery in claimed:
                self._window.start(delivery.size)
            missing = self._window.under_way - len(self._workers)
        for _ in range(missing):
            worker = threading.Thread(target=self._work, name="push", daemon=True)
            self._workers.append(worker)
            worker.start()
        for delivery in claimed:
            self._claimed.put(delivery)

    def _work(self) -> None:
        while (delivery := self._claimed.get()) is not None:
            request = self._form(delivery)
            if self._endpoint.accepts(request.body, request.headers):
                self._accepted(delivery)
            elif not self._hung_up:
                self._rejected(delivery)
            self._bell.ring()

    def _accepted(self, delivery: Delivery) -> None:
        # Nobody waits for the commit: were it to fail, the message would come again, as it may at any time.
        self._database.submit(
            lambda connection: deliveries.acknowledge(connection, self._policy.subscription, [delivery.ack_id])
        )
        with self._lock:
            self._window.succeed(delivery.size)

    def _rejected(self, delivery: Delivery) -> None:
        with self._lock:
            self._window.fail(delivery.size)
        taken_back = self._database.submit(
            lambda connection: deliveries.reject(connection, self._policy, [delivery.ack_id])
        )
        taken_back.add_done_callback(self._ring_for_dead_letters)
        log("WARNING", "push not acknowledged", subscription=self._policy.subscription, attempt=delivery.attempt)

    def _ring_for_dead_letters(self, taken_back: Future[Sequence[str]]) -> None:
        if taken_back.exception() is None:
            self._bells.ring([self._policy.subscription, *taken_back.result()])
