"""What a large request took is given back."""

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
from pathlib import Path
from telemetry_pipeline.memory import return_large_blocks

{mend}
# As after the first large body: from now on glibc would take as much from its heap, unless told not to.
del [bytes(16 << 20)][:]
kept = []
held = [(bytearray(4 << 20), kept.append(bytearray(100_000))) for _ in range(16)]
del held
print(next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line))
"""


def _left_mebibytes(mend: str) -> int:
    """The resident memory of a process that has held 64 MiB in large blocks, with small ones between that stay."""
    program = _PROGRAM.format(mend=mend)
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return int(said.stdout) // 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_large_blocks_are_given_back() -> None:
    """Though small ones that stay lie behind them; without the setting most of it would stay too."""
    assert _left_mebibytes("return_large_blocks()") < _left_mebibytes("") - 32
