"""Cuts the power at many instants of a recording, and opens what is left each time."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from services.common.storage.database import DatabaseError, open_database
from tests.schemas import schema_of

from .disk import FATES, Disk, Fate
from .operations import Heard, Operation, Started, Sync, Truncate
from .recording import DATABASE, lay_out
from .rows import SCHEMA, Versions, damage, lost, newest


@dataclass(frozen=True)
class Cut:
    """The power fails when so many operations are through, and then this becomes of the rest."""

    after: int
    where: str
    fate: Fate
    seed: str


@dataclass
class Findings:
    """What came of the images of one recording."""

    operations: int
    images: int = 0
    where: Counter[str] = field(default_factory=Counter)
    looked_for: int = 0
    """Acknowledged rows, over all images."""
    losing: list[str] = field(default_factory=list)
    """One sentence for each image that has lost rows."""
    corrupt: list[str] = field(default_factory=list)
    """One sentence for each image that does not open or is not whole."""


def cuts(operations: Sequence[Operation], images: int, seed: int) -> list[Cut]:
    """So many cuts, spread evenly over what goes on, and in the order of the recording."""
    rng = random.Random(seed)
    places = {where: rng.sample(at, len(at)) for where, at in _places(operations).items() if at}
    instants = {where: cycle(at) for where, at in places.items()}
    chosen = [
        Cut(next(instants[where]), where, rng.choice(FATES), f"{seed}/{number}")
        for number, where in enumerate(islice(cycle(places), images))
    ]
    return sorted(chosen, key=lambda cut: cut.after)


def _places(operations: Sequence[Operation]) -> dict[str, list[int]]:
    """The instants, as numbers of operations that are through, by what goes on in them."""
    places: dict[str, list[int]] = {
        "first start": [],
        "restart": [],
        "checkpoint": [],
        "before a sync": [],
        "after an answer": [],
        "anywhere": [],
    }
    serving = heard_before = False
    for number, operation in enumerate(operations):
        places["anywhere"].append(number)
        if isinstance(operation, Started):
            serving = False
        if not serving:
            places["restart" if heard_before else "first start"] += (number, number + 1)
        elif isinstance(operation, Sync):
            places["before a sync"].append(number)
        elif isinstance(operation, Truncate) or getattr(operation, "path", None) == DATABASE:
            places["checkpoint"].append(number)
        if isinstance(operation, Heard):
            places["after an answer"].append(number + 1)
            serving = heard_before = True
    return places


def cut_after_last_answer(operations: Sequence[Operation]) -> Cut:
    """The cut that is hardest on what was said last."""
    last = max(n for n, operation in enumerate(operations) if isinstance(operation, Heard))
    return Cut(last + 1, "after an answer", "nothing kept", "")


async def examined(
    operations: Sequence[Operation], chosen: Sequence[Cut], folder: Path
) -> Findings:
    """Replay the recording up to each cut, and open what is left there, in `folder`, where the
    images stay in which something is wrong.
    """
    findings = Findings(len(operations))
    disk, heard, done = Disk(), Versions(), 0
    for cut in chosen:
        for operation in operations[done : cut.after]:
            disk.do(operation)
            if isinstance(operation, Heard):
                heard |= {
                    row: max(version, heard.get(row, 0))
                    for row, version in operation.versions.items()
                }
        done = cut.after
        image = folder / f"{findings.images}"
        left = disk.after(cut.fate, random.Random(cut.seed))
        lay_out(left, image)
        try:
            gone, wrong = await _opened(image / DATABASE, heard)
        except (DatabaseError, sqlite3.Error) as error:
            gone, wrong = [], [str(error)]
        shutil.rmtree(image)
        findings.images += 1
        findings.where[cut.where] += 1
        findings.looked_for += len(heard)
        at = f"{cut.where}, after {cut.after} operations, {cut.fate}, kept in {image}"
        if gone:
            findings.losing.append(f"{len(gone)} rows lost, {gone[0]}: {at}")
        if wrong:
            findings.corrupt.append(f"{wrong[0]}: {at}")
        if gone or wrong:
            lay_out(left, image)
    return findings


async def _opened(path: Path, heard: Versions) -> tuple[list[str], list[str]]:
    """What is lost and what is damaged, as the product finds it when it starts."""
    async with open_database(path, schema_of(SCHEMA)) as database:
        wrong = await database.read(damage)
        return lost(await database.read(newest), heard), wrong
