"""Puts a backup in the place of a shop's databases so that a kill at any point leaves the old shop,
or the new one, or a marker because of which nothing starts until the restore is run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from services.common.clock import utc_now
from services.common.filelock import FileLock, LockHeld, is_held, make_folder, sync_folder
from services.common.restoring import MARKER

from . import OperationError
from .backup_files import (
    DATABASE_FILES,
    DATABASES,
    Manifest,
    copy_checked,
    remove_databases,
    write_whole,
)

_LOCKS = ("run.lock", *(f"{name}.lock" for name in DATABASES))
_DRAFT = "restore.partial"


class Marker(msgspec.Struct, frozen=True):
    """Of a restore under way: what it moves out of the way, and into which folder beside it."""

    aside: str
    files: Sequence[str]


def require_stopped(data: Path) -> None:
    """Raise OperationError if anything has the data folder in use, and say which process."""
    for name in _LOCKS:
        if is_held(data / name):
            pid = (data / name).read_text().strip()
            raise _in_use(data, int(pid) if pid.isdigit() else None)


def has_databases(data: Path) -> bool:
    """Whether there is anything in a data folder that a restore moves aside."""
    return bool(_present(data))


def is_cut_short(data: Path) -> bool:
    """Whether a restore of a data folder was begun and is not complete."""
    return (data / MARKER).exists()


def put_in_place(backup: Path, manifest: Manifest, data: Path) -> Path | None:
    """Put a backup into a data folder, which is made if need be; goes on with what was cut short.

    Returns the folder in which the databases are that were there before, None if there were none.
    Raises OperationError if a file of the backup has changed meanwhile, or the data folder is in
    use; OSError.
    """
    draft = data / _DRAFT
    with _locked(data):
        try:
            _copy_all(backup, manifest, draft)
            if is_cut_short(data):
                marker = msgspec.json.decode((data / MARKER).read_bytes(), type=Marker)
            else:
                marker = Marker(f"before-restore-{utc_now().replace(':', '-')}", _present(data))
                write_whole(data / MARKER, msgspec.json.encode(marker))
        except BaseException:
            _remove_draft(draft)
            raise
        aside = data / marker.aside
        _move_aside(data, aside, marker.files)
        for name in DATABASES:
            (draft / name).replace(data / name)
        _remove_draft(draft)
        sync_folder(data)
        (data / MARKER).unlink()
        sync_folder(data)
    return aside if marker.files else None


def _present(data: Path) -> list[str]:
    return [name for name in DATABASE_FILES if (data / name).exists()]


def _copy_all(backup: Path, manifest: Manifest, draft: Path) -> None:
    make_folder(draft)
    remove_databases(draft)
    for name in DATABASES:
        copy_checked(backup / name, draft / name, manifest.files[name])
    sync_folder(draft)


def _move_aside(data: Path, aside: Path, names: Sequence[str]) -> None:
    """What is aside already was moved before the restore was cut short: of that name there is a
    new file now, or none.
    """
    if not names:
        return
    make_folder(aside)
    for name in names:
        if (data / name).exists() and not (aside / name).exists():
            (data / name).replace(aside / name)
    sync_folder(aside)
    sync_folder(data)


def _remove_draft(draft: Path) -> None:
    if draft.is_dir():
        remove_databases(draft)
        draft.rmdir()


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold all that the shop would hold, so that nothing of it starts meanwhile."""
    with ExitStack() as locks:
        try:
            for name in _LOCKS:
                locks.enter_context(FileLock(data / name))
        except LockHeld as held:
            raise _in_use(data, held.pid) from None
        yield


def _in_use(data: Path, pid: int | None) -> OperationError:
    holder = f"process {pid}" if pid else "another process"
    return OperationError(
        f"The data folder {data} is in use by {holder}: stop that one first, or give another "
        "folder with --data-dir."
    )
