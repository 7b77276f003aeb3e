"""`make example`: the example app beside the pipeline, which is started unless it runs already."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn

BACKEND = Path(__file__).parent / "backend"

_START_SECONDS = 120
_POLL_SECONDS = 0.1

_SUMMARY = """
The example runs here until Ctrl-C.

  app         {app_url}
  dashboard   {dashboard_url}
  events      {telemetry} --settings={settings} tail
  its data    {data}

Log in by any name, decide, create a test run; within some seconds the dashboard has it.

"""


@contextmanager
def pipeline(directory: Path) -> Iterator[dict[str, Any]]:
    """What stack.json says of the pipeline that runs in a directory; if none does, one runs until the block ends."""
    if about := _running(directory):
        yield about
        return
    command = [sys.executable, "-m", "telemetry_pipeline", "up", f"--directory={directory}"]
    # In a session of its own: Ctrl-C is for the app, which has something to send before the pipeline goes.
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own program
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not (about := _running(directory)):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the pipeline did not start")
            time.sleep(_POLL_SECONDS)
        yield about
    finally:
        process.terminate()
        process.wait()


def _running(directory: Path) -> dict[str, Any] | None:
    try:
        about: dict[str, Any] = json.loads((directory / "stack.json").read_text())
        with urllib.request.urlopen(f"{about['otlp_url']}/health", timeout=5):  # noqa: S310 - our own
            return about
    except OSError:
        return None


def main() -> None:
    """Start what is asked for."""
    parser = argparse.ArgumentParser(description="Start the example app beside the pipeline.")
    parser.add_argument("--port", type=int, default=8000, help="where the app is, on 127.0.0.1; default: 8000")
    parser.add_argument("--directory", type=Path, default=Path(".local"), help="the pipeline's; default: .local")
    arguments = parser.parse_args()
    data = arguments.directory.resolve() / "example"
    with pipeline(arguments.directory) as about:
        data.mkdir(exist_ok=True)
        os.environ |= {
            "DATABASE_URL": f"sqlite:///{data / 'app.db'}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": about["otlp_url"],
            "OTEL_SERVICE_NAME": "example-backend",
            "OTEL_DEPLOYMENT_TYPE": "self_hosted",
            # The site says yes; each person still decides.
            "OTEL_RHESIS_TELEMETRY_ENABLED": "true",
            "RHESIS_TELEMETRY_DIRECTORY": str(data / "telemetry"),
        }
        app_url = f"http://127.0.0.1:{arguments.port}"
        telemetry, settings = Path(sys.executable).with_name("telemetry"), arguments.directory / "telemetry.env"
        words = _SUMMARY.format(app_url=app_url, data=data, telemetry=telemetry, settings=settings, **about)
        sys.stdout.write(words)
        sys.stdout.flush()
        uvicorn.run("app:app", app_dir=str(BACKEND), port=arguments.port, log_level="warning")


if __name__ == "__main__":
    # Both ways of stopping let what was started here stop in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        main()
