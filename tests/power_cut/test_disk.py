"""The model of a disk: what was synced lasts, and of the rest anything may be left."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import PurePath

import pytest

from .disk import FATES, SECTOR, Disk, Fate
from .operations import MakeFolder, Open, Operation, PowerCut, Sync, Truncate, Unlink, Write

HERE, FILE = PurePath(), PurePath("file")
MADE: list[Operation] = [Open(FILE), Write(FILE, 0, b"old"), Sync(FILE), Sync(HERE)]


def left(operations: Iterable[Operation], fate: Fate) -> set[bytes | None]:
    """What there may be in the file, or None for no file, after many cuts."""
    disk = Disk()
    for operation in operations:
        disk.do(operation)
    return {disk.after(fate, random.Random(seed)).get(FILE) for seed in range(100)}


@pytest.mark.parametrize("fate", FATES)
def test_what_was_synced_in_a_synced_folder_lasts(fate: Fate) -> None:
    assert left(MADE, fate) == {b"old"}


def test_a_synced_file_may_have_no_name_until_its_folder_is_synced() -> None:
    assert left(MADE[:-1], "nothing kept") == {None}
    assert left(MADE[:-1], "kept at random") == {None, b"old"}


def test_a_folder_is_lost_with_all_in_it_until_the_one_above_is_synced() -> None:
    inside = PurePath("folder", "file")
    disk = Disk()
    for operation in (MakeFolder(inside.parent), Open(inside), Sync(inside), Sync(inside.parent)):
        disk.do(operation)
    assert disk.after("nothing kept", random.Random()) == {}
    disk.do(Sync(HERE))
    assert disk.after("nothing kept", random.Random()) == {inside: b""}


def test_a_name_that_was_taken_away_may_come_back_with_what_was_in_the_file() -> None:
    assert left([*MADE, Unlink(FILE)], "kept at random") == {None, b"old"}
    assert left([*MADE, Unlink(FILE), Open(FILE)], "kept at random") == {None, b"old", b""}
    assert left([*MADE, Unlink(FILE), Sync(HERE)], "kept at random") == {None}


def test_what_was_not_synced_is_kept_lost_or_kept_up_to_some_point() -> None:
    written = [*MADE, Truncate(FILE, 0), Write(FILE, 0, b"new")]
    assert left(written, "everything kept") == {b"new"}
    assert left(written, "nothing kept") == {b"old"}
    assert {b"old", b"", b"new"} <= left(written, "kept in order")
    assert {b"old", b"", b"new"} <= left(written, "kept at random")


def test_what_survives_a_cut_lasts() -> None:
    cut = PowerCut({PurePath("folder", "file"): b"left"})
    disk = Disk()
    for operation in (*MADE, cut):
        disk.do(operation)
    assert disk.after("nothing kept", random.Random()) == cut.files


def test_a_torn_write_leaves_whole_sectors_some_old_and_some_new() -> None:
    old, new = b"o" * 4 * SECTOR, b"n" * 3 * SECTOR
    written = [*MADE, Write(FILE, 0, old), Sync(FILE), Write(FILE, SECTOR // 2, new)]
    contents = left(written, "kept at random")
    assert len(contents) > 5
    for content in contents:
        assert content is not None
        assert content[: SECTOR // 2] + content[-SECTOR // 2 :] == b"o" * SECTOR
        for start in range(SECTOR, 3 * SECTOR, SECTOR):
            assert content[start : start + SECTOR] in (b"o" * SECTOR, b"n" * SECTOR)
