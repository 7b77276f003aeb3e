"""What processes have used, as Linux tells it (proc(5))."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """What a process and all its descendants have used so far, those included that have ended and were waited for.

    By parentage, not by process group: each of Postgres' processes has a group of its own.
    """
    fields = _fields()
    tree = {root}
    while more := {pid for pid, of in fields.items() if int(of[1]) in tree} - tree:
        tree |= more
    return sum(int(value) for pid in tree & fields.keys() for value in fields[pid][11:15]) / _TICKS


def machine_cpu_seconds() -> float:
    """What all that runs on the machine has used so far, including what its host took away."""
    user, nice, system, _, _, irq, softirq, steal, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def _fields() -> dict[int, list[str]]:
    """Each process' fields of /proc/PID/stat from `state` on."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found[int(process.name)] = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
    return found
