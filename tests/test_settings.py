"""Settings: all faults at once, each with what to write; secrets stay secret."""

import base64

import pytest

from telemetry_pipeline.configuration import SettingsError
from telemetry_pipeline.settings import DatabaseSettings, IngestSettings, ObservingSettings

COMPLETE = {"RHESIS_EVENTS_TOPIC": "projects/p/topics/t", "RHESIS_PSEUDONYM_KEY": "ab" * 32}


def faults(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        IngestSettings.read(environment)
    return str(caught.value).splitlines()


def test_all_faults_are_reported_together() -> None:
    """One line for each variable that is missing or bad, with what is expected and what was found."""
    found = faults({"RHESIS_EVENTS_TOPIC": "events", "RHESIS_MAX_SPANS": "1e5", "RHESIS_PUBLISH_TIMEOUT_SECONDS": "-1"})

    assert len(found) == 4
    assert found[0] == "RHESIS_EVENTS_TOPIC: expected a topic as projects/PROJECT/topics/TOPIC, got 'events'"
    assert found[1].startswith("RHESIS_PSEUDONYM_KEY: missing. The secret key that pseudonyms are made with")
    assert found[2] == "RHESIS_PUBLISH_TIMEOUT_SECONDS: expected seconds from 0.1 to 60, got '-1'"
    assert found[3] == "RHESIS_MAX_SPANS: expected a whole number of spans from 1 to 1000000, got '1e5'"


@pytest.mark.parametrize("key", ["hunter2", "?" * 64, "ab" * 31])
def test_a_bad_secret_is_not_repeated(key: str) -> None:
    """The message says how to make one, not what it was."""
    (fault,) = faults({**COMPLETE, "RHESIS_PSEUDONYM_KEY": key})

    assert "openssl rand" in fault
    assert key not in fault


def test_secrets_do_not_show() -> None:
    """A settings object that is printed tells neither the key nor the database's password."""
    settings = IngestSettings.read(COMPLETE), DatabaseSettings.read({"RHESIS_DATABASE_URL": "postgresql://u:pa55@h/d"})

    assert "pa55" not in repr(settings)
    assert repr(settings[0].pseudonym_key) not in repr(settings)


def test_a_key_may_be_hexadecimal_or_base64() -> None:
    """Both are read to the same bytes; blanks around a value do no harm, and an empty variable is absent."""
    key = bytes(range(32))
    hexadecimal = IngestSettings.read({**COMPLETE, "RHESIS_PSEUDONYM_KEY": f" {key.hex()}\n", "RHESIS_MAX_SPANS": ""})
    in_base64 = IngestSettings.read({**COMPLETE, "RHESIS_PSEUDONYM_KEY": base64.b64encode(key).decode()})

    assert key == hexadecimal.pseudonym_key == in_base64.pseudonym_key
    assert hexadecimal.max_spans == 100_000


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"RHESIS_OBSERVE_URL": "https://telemetry-ingest-abc.a.run.app"}, "a function's address"),
        ({"RHESIS_OBSERVE_URL": "https://europe-west1-p.cloudfunctions.net"}, "a function's address"),
        ({"RHESIS_OBSERVE_URL": "https://telemetry.googleapis.com"}, "RHESIS_OBSERVE_PROJECT: missing"),
        ({"RHESIS_OBSERVE_URL": "https://telemetry.googleapis.com/v1/metrics"}, "expected the root of a URL"),
        ({"RHESIS_OBSERVE_URL": "telemetry.googleapis.com"}, "expected the root of a URL"),
    ],
)
def test_where_a_function_may_not_send_what_it_measures(environment: dict[str, str], fault: str) -> None:
    """Not back to a function, and not to Google without a project."""
    with pytest.raises(SettingsError, match=fault):
        ObservingSettings.read(environment)
