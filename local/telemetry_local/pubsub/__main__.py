"""`python -m telemetry_local.pubsub`: the local Pub/Sub as a process."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from telemetry_local.pubsub.broker import Broker
from telemetry_local.pubsub.errors import CannotStart
from telemetry_pipeline.logs import log


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit code."""
    options = _parser().parse_args(arguments)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with Broker(options.database, options.host, options.port):
            stopping.wait()
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    log("INFO", "stopped")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m telemetry_local.pubsub",
        description="A Pub/Sub for one machine that keeps its messages on disk. Google's clients use it when "
        "PUBSUB_EMULATOR_HOST is HOST:PORT. It prints one line of JSON with the port when it is ready.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8085, help="port to listen on, 0 for any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--database",
        type=Path,
        required=True,
        metavar="PATH",
        help="SQLite file with topics, subscriptions and messages; made if it is not there",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
