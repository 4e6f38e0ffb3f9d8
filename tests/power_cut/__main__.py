"""`python -m tests.power_cut --images N --seed S`: power cuts, and what they came to."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from .replay import replay


def main() -> int:
    """Run as the flags say; the exit code is 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.power_cut", description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    flags = parser.parse_args()
    if flags.images < 1:
        parser.error(f"--images {flags.images}: at least one image is needed")
    folder = Path(tempfile.mkdtemp(prefix="power-cut-"))
    print(f"seed {flags.seed}, in {folder}", flush=True)
    told = replay(folder, flags.images, flags.seed)
    print(told.text())
    if told.violations:
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
