"""What processes use, as Linux tells it."""

from __future__ import annotations

import sys
import time
from pathlib import Path


def require_told() -> None:
    """End with a sentence where the system does not tell it."""
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("What processes use is told by Linux alone: there is no /proc here.")


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used, user and system. Raises OSError."""
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it: exact, no ticks


def memory(pid: int) -> int:
    """The bytes of a process, its part of what it shares (PSS). Raises OSError."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/{pid}/smaps_rollup tells no Pss")
