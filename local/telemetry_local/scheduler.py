"""The scheduler of a local stack, as Cloud Scheduler is in the cloud: a POST now and then, for ever."""

import argparse
import sys
import time
import urllib.request

_TIMEOUT_SECONDS = 3600.0


def post(url: str) -> str:
    """Post, and return a word about the outcome."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own
            return str(answer.status)
    except OSError as error:
        return str(error)


def main() -> None:
    """Post to a URL at once and then every so many seconds."""
    parser = argparse.ArgumentParser(description="Post to a URL at once and then every so many seconds.")
    parser.add_argument("url")
    parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS")
    arguments = parser.parse_args()
    while True:
        sys.stdout.write(f"{arguments.url}: {post(arguments.url)}\n")
        sys.stdout.flush()
        time.sleep(arguments.every)


if __name__ == "__main__":
    main()
