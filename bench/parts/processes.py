"""What processes cost: CPU time and memory of one and of all that it started, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> Iterator[int]:
    """A process and everything it started that still runs."""
    yield root
    for found in Path(f"/proc/{root}/task").glob("*/children"):
        for child in found.read_text().split():
            yield from tree(int(child))


def cpu(root: int) -> float:
    """CPU seconds of a process and of all that it started, ended ones included."""
    return sum(_spent(process) for process in tree(root))


def _spent(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS  # utime, stime, cutime, cstime


def pss(process: int) -> float:
    """Proportional set size in MB: shared memory counts in parts."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1_000
    raise ValueError(f"the kernel does not say the PSS of {process}")
