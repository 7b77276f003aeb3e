"""Which subscriptions are pushed, as they are created, changed and deleted."""

import threading

from telemetry_local.pubsub.bells import Bells
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.push import Push
from telemetry_local.pubsub.wire import Subscription


class Pushes:
    """The pushes that run, by their subscriptions' names."""

    def __init__(self, database: Database, bells: Bells) -> None:
        self._database = database
        self._bells = bells
        self._lock = threading.Lock()
        self._running: dict[str, Push] = {}

    def follow(self, subscription: Subscription) -> None:
        """Push as the subscription says now, or not at all if it is a pull subscription."""
        with self._lock:
            self._stop(subscription.name)
            if subscription.push_config.push_endpoint:
                push = Push(subscription, self._database, self._bells)
                self._running[subscription.name] = push
                push.start()

    def forget(self, name: str) -> None:
        """Stop pushing a subscription that is gone."""
        with self._lock:
            self._stop(name)

    def stop(self) -> None:
        """Stop them all and cut off what is under way."""
        with self._lock:
            for push in self._running.values():
                push.stop()
            for push in self._running.values():
                push.hang_up()
            self._running.clear()

    def _stop(self, name: str) -> None:
        push = self._running.pop(name, None)
        if push is not None:
            push.stop()
