"""Who sends a resource, and whether its events are taken now: the quota of each sender, and who is blocked."""

from dataclasses import dataclass

from telemetry_pipeline.ingest.quotas import UNNAMED, Quotas
from telemetry_pipeline.settings import IngestSettings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a resource's events: `wait` has the seconds until the quota allows them, 0 if it does now."""

    wait: float = 0.0
    is_blocked: bool = False


TAKEN = Verdict()
_BLOCKED = Verdict(is_blocked=True)


class Admission:
    """Judges resources; one per instance.

    A sender is an installation, by its pseudonym. Resources that name none are one sender for each service, with a
    larger bucket: many installations of older clients, and all browsers of a frontend, share it.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._quotas = Quotas(settings.quota_events_per_second, settings.quota_burst_events)
        self._blocked = settings.blocked_installations

    def judge(self, installation: str, service: str, events: int, *, is_trusted: bool) -> Verdict:
        """Judge the events of one resource, and count them if they are taken.

        Args:
            installation: The installation's pseudonym; empty where the resource names none.
            service: The name of its service.
            events: How many there are.
            is_trusted: Whether a key came with them: whom the operator gave one has no quota.
        """
        if installation in self._blocked:
            # Counted too: requests for erasure are still read, and reading costs.
            wait = self._quotas.take(installation, events)
            return Verdict(wait) if wait else _BLOCKED
        if is_trusted:
            return TAKEN
        wait = self._quotas.take(installation or f"service {service}", events, 1 if installation else UNNAMED)
        return Verdict(wait) if wait else TAKEN
