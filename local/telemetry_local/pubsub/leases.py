"""Leases: what pulling subscribers have been given, until they acknowledge it or give it back."""

import time
from collections.abc import Callable, Collection, Sequence

from telemetry_local.pubsub import catalog, deliveries, limits, messages, names
from telemetry_local.pubsub.bells import Bell, Bells
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.deliveries import Delivery
from telemetry_local.pubsub.policy import Policy


class Leases:
    """What subscribers have been given and not yet acknowledged."""

    def __init__(self, database: Database, bells: Bells) -> None:
        self._database = database
        self._bells = bells

    def policy(self, subscription: str) -> Policy:
        """The subscription's settings.

        Raises:
            NotFound: It doesn't exist.
        """
        names.check_subscription(subscription)
        return Policy.of(self._database.run(lambda connection: catalog.get_subscription(connection, subscription)))

    def bell(self, subscription: str) -> Bell:
        """What rings when there may be something new to hand out."""
        return self._bells.of(subscription)

    @property
    def closed(self) -> bool:
        """Whether the broker stops."""
        return self._bells.closed

    def wait(self, policy: Policy, limit: int, seconds: float, wanted: Callable[[], bool]) -> Sequence[Delivery]:
        """Up to `limit` deliveries, as soon as there is one, or none after `seconds`.

        `wanted` says whether the caller is still there, for what is handed out to nobody is missing for a while.
        """
        bell = self._bells.of(policy.subscription)
        deadline = time.monotonic() + seconds
        while wanted():
            rings = bell.rings
            claim = self._database.run(lambda connection: deliveries.claim(connection, policy, limit))
            self._bells.ring(claim.woken)
            left = deadline - time.monotonic()
            if claim.deliveries or left <= 0 or self._bells.closed:
                return claim.deliveries
            bell.sleep(rings, left if claim.next_due_seconds is None else min(left, claim.next_due_seconds))
        return ()

    def acknowledge(self, subscription: str, ack_ids: Sequence[str]) -> None:
        """Forget them."""
        self._database.run(lambda connection: deliveries.acknowledge(connection, subscription, ack_ids))
        self._bells.ring([subscription])  # a stream that waits for room has some

    def seek(self, subscription: str, time: int) -> None:
        """Deliver again what is retained from a time on, in microseconds since 1970, and nothing from before it."""
        self._database.run(lambda connection: messages.seek(connection, subscription, time))
        self._bells.ring([subscription])

    def still_out(self, policy: Policy, ack_ids: Collection[str]) -> set[str]:
        """Those of the deliveries that are neither acknowledged nor given back."""
        return self._database.run(lambda connection: deliveries.still_out(connection, policy, ack_ids))

    def modify(self, policy: Policy, ack_ids: Sequence[str], seconds: int) -> None:
        """Keep them out for `seconds`; 0 gives them back."""
        limits.check_extension(seconds)
        if seconds:
            self._database.run(lambda connection: deliveries.extend(connection, policy, ack_ids, seconds))
            return
        woken = self._database.run(lambda connection: deliveries.reject(connection, policy, ack_ids))
        self._bells.ring([policy.subscription, *woken])
