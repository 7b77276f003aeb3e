"""Where each person's choice is kept: three columns of the app's own table of users."""

from datetime import datetime, timezone

from sqlalchemy import Boolean, DateTime, Integer, false
from sqlalchemy.orm import Mapped, mapped_column

from rhesis_telemetry import client, consent, contract


class TelemetryConsent:
    """A mixin for the class of users.

    Attributes:
        telemetry_enabled: What the person chose; false until then.
        telemetry_decided_at: When they chose; None if they have never been asked.
        telemetry_consent_version: The contract's version that they chose under.
    """

    telemetry_enabled: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false(), nullable=False)
    telemetry_decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    telemetry_consent_version: Mapped[int | None] = mapped_column(Integer, default=None)

    @property
    def telemetry_agreed(self) -> bool:
        """Whether this person's events may be sent: what to give to `set_telemetry_enabled`.

        False also for who agreed to an older contract. Who was never asked counts as agreeing in the cloud, where
        telemetry is on with notice, and nowhere else.
        """
        deployment = "unknown" if client.active is None else client.active.settings.deployment_type
        return consent.agrees(self, deployment)

    @property
    def telemetry_must_ask(self) -> bool:
        """Whether the person is to be asked: never asked so far, or agreed to an older contract."""
        if self.telemetry_decided_at is None:
            return True
        return self.telemetry_enabled and (self.telemetry_consent_version or 0) < contract.VERSION

    def decide_telemetry(self, enabled: bool) -> None:
        """Keep a person's choice, under the present contract; the caller commits.

        Args:
            enabled: What they chose.
        """
        self.telemetry_enabled = enabled
        self.telemetry_decided_at = datetime.now(timezone.utc)
        self.telemetry_consent_version = contract.VERSION
