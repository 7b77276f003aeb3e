"""Off means off: no thread, no exporter, no socket, no byte; watched in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recorder import Recorder

APP = """
import json, os, sys, threading
import rhesis_telemetry
from rhesis_telemetry import client

def sockets():
    return sum(os.readlink(f"/proc/self/fd/{fd}").startswith("socket:") for fd in os.listdir("/proc/self/fd")
               if os.path.exists(f"/proc/self/fd/{fd}"))

before = sockets()
rhesis_telemetry.initialize_telemetry()
rhesis_telemetry.set_telemetry_enabled(ENABLED, "u", "o")
for _ in range(300):
    rhesis_telemetry.track_user_activity("login", "s", plan="pro")
    rhesis_telemetry.track_feature_usage("f", "created")
    with rhesis_telemetry.feature_usage("g"):
        pass
rhesis_telemetry.flush_telemetry()
print(json.dumps({
    "threads": len(os.listdir("/proc/self/task")),
    "sockets": sockets() - before,
    "exporter": client.active._sending is not None,
    "loaded": "opentelemetry" in sys.modules or "requests" in sys.modules,
}))
"""


def run(directory: Path, recorder: Recorder, *, enabled: bool, **variables: str) -> dict[str, object]:
    """What the app had by the end."""
    done = subprocess.run(
        [sys.executable, "-c", APP.replace("ENABLED", str(enabled))],
        capture_output=True,
        check=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "OTEL_EXPORTER_OTLP_ENDPOINT": recorder.url,
            "OTEL_RHESIS_TELEMETRY_ENABLED": "true",
            "RHESIS_TELEMETRY_DIRECTORY": str(directory),
            **variables,
        },
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc shows what a process has")


@pytest.mark.parametrize(
    "variables",
    [
        {"DO_NOT_TRACK": "1"},
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_RHESIS_TELEMETRY_ENABLED": "false"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    ],
    ids=str,
)
def test_off_by_the_environment(tmp_path: Path, recorder: Recorder, variables: dict[str, str]) -> None:
    """Not even OpenTelemetry is loaded, and no file is written."""
    found = run(tmp_path, recorder, enabled=True, **variables)

    assert found == {"threads": 1, "sockets": 0, "exporter": False, "loaded": False}
    assert recorder.connections == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("enabled", "variables"),
    [(False, {}), (True, {"OTEL_RHESIS_TELEMETRY_ENABLED": "", "DEPLOYMENT_TYPE": "self_hosted"})],
    ids=["the person said no", "nobody said yes for the site"],
)
def test_off_by_choice(tmp_path: Path, recorder: Recorder, enabled: bool, variables: dict[str, str]) -> None:
    """Nothing exists that could send, and no installation has an id."""
    found = run(tmp_path, recorder, enabled=enabled, **variables)

    assert found == {"threads": 1, "sockets": 0, "exporter": False, "loaded": True}
    assert recorder.connections == 0
    assert list(tmp_path.iterdir()) == []


def test_on(tmp_path: Path, recorder: Recorder) -> None:
    """The same app when everybody has agreed: what the other tests look for is there to be seen."""
    found = run(tmp_path, recorder, enabled=True)

    assert found == {"threads": 2, "sockets": 1, "exporter": True, "loaded": True}
    assert len(recorder.spans) == 900


def test_debug_opens_no_socket(tmp_path: Path, recorder: Recorder) -> None:
    """Payloads are logged instead of sent."""
    found = run(tmp_path, recorder, enabled=True, RHESIS_TELEMETRY_DEBUG="1")

    assert found["sockets"] == 0
    assert recorder.connections == 0
