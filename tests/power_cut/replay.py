"""The whole of it: recordings, their images, and what they came to, in words."""

from __future__ import annotations

import asyncio
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .images import Findings, cut_after_last_answer, cuts, examined
from .recording import Life, recorded, why_not

FILE_IS_MADE = 4
"""The fdatasync of a first start in which the file has its first page, and a journal to undo it."""
FIRST_COMMITS = 14
"""One soon after a first start, which a COMMIT waits for."""


@dataclass
class Replay:
    """What the power cuts came to; `lines` are figures with their names."""

    lines: list[tuple[str, str]]
    violations: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The report, to be printed."""
        figures = [f"{name:11} {told}" for name, told in self.lines]
        return "\n".join(figures + [f"  {violation}" for violation in self.violations[:40]])


def replay(folder: Path, images: int, seed: int) -> Replay:
    """Cut the power so many times in `folder`, or say why that cannot be done here.

    Then the same at synchronous=NORMAL, and once where a restart puts nothing on the disk: there
    rows have to be lost, or the images show nothing. An image with a violation stays in `folder`.
    """
    if told := why_not():
        return Replay([("power cut", told)])
    kills = random.Random(seed)
    several = [
        Life(killed_at=FILE_IS_MADE),
        Life(killed_at=kills.randint(15, 30)),
        Life(),
        Life(killed_at=kills.randint(10, 25), power_fails=True),
        Life(),
    ]
    recording = recorded(folder / "full", several, seed)
    full = asyncio.run(examined(recording, cuts(recording, images, seed), folder / "images"))
    with tempfile.TemporaryDirectory(dir=folder) as away:
        normal = _at_normal(Path(away) / "normal", images, seed)
        unprotected = _not_put_on_disk(Path(away) / "unprotected", seed)
    violations = full.losing + full.corrupt + normal.corrupt
    if not normal.losing:
        violations.append("no image lost a row at synchronous=NORMAL: these images show nothing")
    if not unprotected.losing:
        violations.append("what a restart puts on the disk made no difference: nothing is shown")
    return Replay(_figures(full, normal, unprotected), violations)


def _at_normal(folder: Path, images: int, seed: int) -> Findings:
    recording = recorded(folder / "home", [Life(), Life()], seed, "NORMAL")
    return asyncio.run(examined(recording, cuts(recording, images, seed), folder / "images"))


def _not_put_on_disk(folder: Path, seed: int) -> Findings:
    """A kill between the write of a COMMIT and its fsync, a restart that shows the rows, a cut."""
    lives = [Life(killed_at=FIRST_COMMITS), Life(rounds=0, put_on_disk=False)]
    recording = recorded(folder / "home", lives, seed)
    cut = cut_after_last_answer(recording)
    return asyncio.run(examined(recording, [cut], folder / "images"))


def _figures(full: Findings, normal: Findings, unprotected: Findings) -> list[tuple[str, str]]:
    where = ", ".join(f"{count} {where}" for where, count in full.where.items())
    return [
        (
            "power cut",
            f"{full.images} images of {full.operations} recorded operations:"
            f" {len(full.losing)} lose rows, {len(full.corrupt)} corrupt",
        ),
        ("cuts", where),
        ("looked for", f"{full.looked_for} times an acknowledged row"),
        (
            "can it see",
            f"at synchronous=NORMAL {len(normal.losing)} of {normal.images} lose rows; without"
            f" the checkpoint at a restart {len(unprotected.losing)} of {unprotected.images}",
        ),
    ]
