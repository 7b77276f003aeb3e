"""The demo that a stack begins with."""

import subprocess
import sys

from telemetry_local.home import Home


class DemoError(Exception):
    """The demo could not be played; the message says where its log is."""


def play_once(home: Home) -> None:
    """Play the demo into a stack that runs, unless that was done before: on another day it would be other people's.

    Run as a program, since gRPC's threads have no place in the supervisor, which forks.

    Raises:
        DemoError: It could not be played.
    """
    played = home.directory / "demo.played"
    if played.exists():
        return
    log = home.logs / "demo.log"
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "telemetry_pipeline", f"--settings={home.settings}", "demo"],
            check=False,
            stdout=output,
            stderr=output,
        )
    if done.returncode:
        raise DemoError(f"the demo could not be played; {log} says why")
    played.touch()
