"""The scheduler of a local stack, as Cloud Scheduler is in the cloud: a POST now and then, for ever.

After each it writes down how many dead letters the bus holds, which in the cloud `maintain` learns from Monitoring.
"""

import argparse
import os
import sys
import time
import urllib.request
from datetime import UTC, datetime

from telemetry_local import topics
from telemetry_local.pubsub.backlog import backlog
from telemetry_pipeline import database
from telemetry_pipeline.maintain import upkeep
from telemetry_pipeline.settings import DatabaseSettings

_TIMEOUT_SECONDS = 3600.0


def post(url: str) -> str:
    """Post, and return a word about the outcome."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own
            return str(answer.status)
    except OSError as error:
        return str(error)


def count_dead_letters(bus: str, environment: dict[str, str]) -> str:
    """Write down how many there are, and return a word about the outcome."""
    engine = database.connect(DatabaseSettings.read(environment), "scheduler")
    try:
        count = backlog(bus, topics.DEAD_LETTERS_KEPT)
        with engine.connect() as connection:
            upkeep.record_dead_letters(connection, count, datetime.now(UTC))
    except database.FAULTS as error:
        return f"not counted: {type(error).__name__}"
    finally:
        engine.dispose()
    return "unknown" if count is None else str(count)


def main() -> None:
    """Post to a URL at once and then every so many seconds."""
    parser = argparse.ArgumentParser(description="Post to a URL at once and then every so many seconds.")
    parser.add_argument("url")
    parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--bus", metavar="HOST:PORT", help="the bus, if it can tell of its dead letters")
    arguments = parser.parse_args()
    while True:
        sys.stdout.write(f"{arguments.url}: {post(arguments.url)}\n")
        if arguments.bus:
            sys.stdout.write(f"dead letters: {count_dead_letters(arguments.bus, dict(os.environ))}\n")
        sys.stdout.flush()
        time.sleep(arguments.every)


if __name__ == "__main__":
    main()
