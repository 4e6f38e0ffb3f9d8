"""Copies all databases of a shop as they are at one instant, whether it runs or not.

Nothing in the data folder is created or changed. At rest the files are copied with the WAL that a
killed service may have left, and copied again if the shop was started meanwhile. Each copy is one
plain file, durable, and checked.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.common.core.clock import utc_now
from services.common.storage.errors import CorruptDatabase, describe, primary_code
from services.common.storage.file import keep_private
from services.common.storage.filelock import is_held

from .. import OperationError
from ..audit.files import is_open, require_all, stamp
from ..databases import DATABASES
from .files import DATABASE_FILES, SIDECARS, finding_in, remove_files, sync_file
from .snapshot import NotServed, one_instant

PATIENCE = 15.0
"""Seconds to wait for a shop that is starting, or is restarting a service."""
_LOOK_EVERY = 0.1
_PAGES_AT_ONCE = 2000
"""Small, because Ctrl-C works only between two such steps."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The instant of the copies, and how many seconds writes waited; None if nothing ran."""

    at: str
    gate_seconds: float | None


def copy_shop(data: Path, to: Path, *, patience: float = PATIENCE) -> Taken:
    """Copy all databases of the shop in the folder `data` into the folder `to`.

    Raises OperationError if that is impossible, also if only a part of the shop is running for
    `patience` seconds; OSError.
    """
    copies = {data / name: to / name for name in DATABASES}
    give_up_at = time.monotonic() + patience
    while True:
        require_all(data, copies)
        missing = [path.name for path in copies if not is_open(path)]
        if not missing:
            taken = _copy_running(data, copies)
        elif len(missing) == len(copies) and not is_held(data / "run.lock"):
            taken = _copy_at_rest(copies)
        else:
            taken = None
        if taken:
            return taken
        if time.monotonic() >= give_up_at:
            raise OperationError(
                f"Only a part of the shop in {data} is running (not in use: {', '.join(missing)}): "
                "try again when all of it runs, or nothing."
            )
        remove_files(to, DATABASE_FILES)
        time.sleep(_LOOK_EVERY)


def _copy_running(data: Path, copies: Mapping[Path, Path]) -> Taken | None:
    try:
        with one_instant(copies) as instant:
            require_all(data, copies)  # A restore may have begun meanwhile, and have them open.
            if not all(map(is_open, copies)):
                return None
            for path, copy in copies.items():
                with _completed(path, copy) as target:
                    reader = instant.readers[path]
                    reader.backup(target, pages=_PAGES_AT_ONCE, progress=lambda *_: None)
    except NotServed:
        return None
    return Taken(instant.at, instant.gate_seconds)


def _copy_at_rest(copies: Mapping[Path, Path]) -> Taken | None:
    at = utc_now()
    before = [stamp(path) for path in copies]
    failure: OSError | OperationError | None = None
    try:
        for path, copy in copies.items():
            for end in ("", *SIDECARS):
                source = path.with_name(path.name + end)
                if end != "-shm" and source.exists():
                    shutil.copyfile(source, copy.with_name(copy.name + end))
            with _completed(path, copy):
                pass  # Opening the copy merges the WAL into it.
    except (OSError, OperationError) as error:
        failure = error
    if any(map(is_open, copies)) or [stamp(path) for path in copies] != before:
        return None  # The shop was started meanwhile.
    if failure:
        raise failure
    return Taken(at, None)


@contextmanager
def _completed(path: Path, copy: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the copy of `path`; afterwards the copy is one plain file, and is checked."""
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as target:
            keep_private(copy)
            target.execute("PRAGMA synchronous = OFF")
            yield target
            target.execute("PRAGMA journal_mode = DELETE")
        sync_file(copy)
        finding = finding_in(copy)
    except sqlite3.Error as error:
        code = primary_code(error)
        if code == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(copy)) from error
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise OperationError(f"{path} cannot be copied: {describe(error)}.") from error
        finding = describe(error)
    if finding:
        raise OperationError(str(CorruptDatabase(path, finding)))
