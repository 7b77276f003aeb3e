"""Random faults, some rounds of them; `python -m bench faults` has more, and says what is broken and what is asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="stops and limits processes as only Linux does")
@pytest.mark.parametrize("seed", [2])
def test_nothing_is_lost_doubled_or_betrayed(seed: int) -> None:
    """A seed that ever failed belongs here."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.faults", "--rounds=5", f"--seed={seed}", "--no-write"],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("RHESIS_")},
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("stored after") == 6
