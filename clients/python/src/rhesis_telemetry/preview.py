"""What would be sent: a sample of every event, as the exporter makes it."""

import time
from collections.abc import Iterator

from rhesis_telemetry import contract, events
from rhesis_telemetry.choice import read
from rhesis_telemetry.consent import Person, hashed
from rhesis_telemetry.events import Event
from rhesis_telemetry.settings import Settings

SAMPLE_INSTALLATION = "00000000-0000-4000-8000-000000000000"
"""Stands for the installation's id where there is none yet."""


def sample() -> Iterator[Event]:
    """One of every event that the contract knows."""
    person = Person(hashed("sample-user"), hashed("sample-organization"), contract.VERSION)
    yield events.user_activity(person, "login", "sample-session", {"login_method": "oauth"})
    yield events.endpoint_usage(person, "GET", "/test_runs/{test_run_id}", 200, 12.5)
    yield events.feature_usage(person, "test_run", "created", {"test_count": 5})
    yield events.erasure_request(person.user)


def body(settings: Settings) -> bytes:
    """The request's body with a sample of every event, from this installation if it has an id."""
    from rhesis_telemetry.sending import preview

    choice = read(settings)
    installation_id = choice.installation_id if choice is not None else ""
    return preview(settings, installation_id or SAMPLE_INSTALLATION, sample(), time.time_ns())
