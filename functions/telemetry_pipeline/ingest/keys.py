"""The keys of an instance: the present one and, while two keys overlap after a rotation, the one before it."""

from collections.abc import Mapping
from datetime import UTC, datetime, time

from telemetry_pipeline.contract import Domain
from telemetry_pipeline.privacy import Pseudonymiser
from telemetry_pipeline.settings import IngestSettings

LINKED: Mapping[str, Domain] = {"user.id": "user", "rhesis.installation.id": "installation"}
"""The ids whose two pseudonyms are told of during an overlap, by their attribute: those that are counted over time."""


class Keys:
    """Makes pseudonyms and the ids of log records.

    Nothing of an id is held: what is made twice during an overlap is made twice.
    """

    def __init__(self, settings: IngestSettings) -> None:
        """Derive the keys from settings that are without fault."""
        self.epoch = settings.pseudonym_key_epoch
        self._present = Pseudonymiser(settings.pseudonym_key, self.epoch)
        self._previous: Pseudonymiser | None = None
        self._since = 0
        if settings.previous_pseudonym_key and settings.pseudonym_key_since:
            self._previous = Pseudonymiser(settings.previous_pseudonym_key, self.epoch - 1)
            since = datetime.combine(settings.pseudonym_key_since, time(), UTC)
            self._since = int(since.timestamp()) * 10**9

    @property
    def overlap(self) -> bool:
        """Whether there is a previous key too."""
        return self._previous is not None

    def pseudonym(self, domain: Domain, identifier: str) -> str:
        """The pseudonym of an id; empty for an empty one."""
        return self._present.pseudonym(domain, identifier) or ""

    def previous(self, domain: Domain, identifier: str) -> str:
        """The pseudonym that an id had under the previous key; empty where there is none."""
        return (self._previous and self._previous.pseudonym(domain, identifier)) or ""

    def record_id(self, record: bytes, nanoseconds: int) -> bytes:
        """The identity of a log record, which bears a time in nanoseconds since 1970.

        The time decides on the key, so that the same bytes have the same id whenever they come: before a rotation and
        after it, before the previous key is destroyed and after that. A record from before `pseudonym_key_since` keeps
        the previous key's id until then, when a client has long given up to send it.
        """
        key = self._previous if self._previous and nanoseconds < self._since else self._present
        return key.record_id(record)
