"""What processes use, as Linux tells it in /proc."""

from __future__ import annotations

import os
import sys
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def require_told() -> None:
    """End with a sentence where the system does not tell it."""
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("Processor time and memory are read from /proc, which there is on Linux alone.")


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used, user and system. Raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> int:
    """The bytes of a process, its part of what it shares (PSS). Raises OSError."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/{pid}/smaps_rollup tells no Pss")
