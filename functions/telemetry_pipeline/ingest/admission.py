"""Who sends a resource, and whether its events are taken now: the quota of each sender, and who is blocked."""

from collections import Counter
from dataclasses import dataclass

from telemetry_pipeline.ingest.quotas import UNNAMED, Quotas
from telemetry_pipeline.settings import IngestSettings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a resource's events: `wait` has the seconds until the quota allows them, 0 if it does now."""

    wait: float = 0.0
    is_blocked: bool = False


_TAKEN = Verdict()


class Admission:
    """Who may send how much; one per instance.

    A sender is an installation, by its pseudonym. Resources that name none are one sender for each service, with a
    larger bucket: many installations of older clients, and all browsers of a frontend, share it.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._quotas = Quotas(settings.quota_events_per_second, settings.quota_burst_events)
        self._blocked = settings.blocked_installations

    def request(self, *, is_trusted: bool) -> "Request":
        """Judge a request; whoever bears a key has no quota, since the operator gave it."""
        return Request(self._quotas, self._blocked, has_quota=not is_trusted)


class Request:
    """The resources of one request: what is decided of a sender's first one holds for its others.

    So what one sender sends at a time is taken or refused as a whole, as OTLP wants it of what can be sent again.
    """

    def __init__(self, quotas: Quotas, blocked: frozenset[str], *, has_quota: bool) -> None:
        self._quotas = quotas
        self._blocked = blocked
        self._has_quota = has_quota
        self._verdicts: dict[str, Verdict] = {}
        self._taken: Counter[str] = Counter()

    def judge(self, installation: str, service: str, events: int, previous: str = "") -> Verdict:
        """Judge the events of one resource, and count them if they are taken.

        Args:
            installation: The installation's pseudonym; empty where the resource names none.
            service: The name of its service.
            events: How many there are, at least one.
            previous: The installation's pseudonym under the previous key, while there is one.
        """
        is_blocked = not self._blocked.isdisjoint((installation, previous))
        # Who is blocked has a quota, key or not: requests for erasure are still read, and reading costs.
        if not (self._has_quota or is_blocked):
            return _TAKEN
        sender = installation or f"service {service}"
        share = 1 if installation else UNNAMED
        known = self._verdicts.get(sender)
        if known is None:
            known = self._verdicts[sender] = Verdict(self._quotas.take(sender, events, share), is_blocked)
        elif not known.wait:
            self._quotas.charge(sender, events)
        if not known.wait:
            self._taken[sender] += events
        return known

    def give_back(self) -> None:
        """Count the request no more, since it could not be published: its sender is to send it again."""
        for sender, events in self._taken.items():
            self._quotas.give_back(sender, events)
