"""Replaces a shop's databases by a backup. A kill at any point leaves the old shop, or the new one,
or a marker that prevents every start until the restore is run again.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from services.common.core.clock import utc_now
from services.common.storage.file import keep_private, refuse_link
from services.common.storage.filelock import FileLock, LockHeld, is_held, make_folder, sync_folder
from services.common.storage.restore_guard import LOCK, MARKER

from .. import OperationError
from ..databases import DATABASES
from ..sentences import sentences
from .files import DATABASE_FILES, Manifest, copy_checked, remove_files, write_whole

_LOCKS = ("run.lock", LOCK, *(f"{name}.lock" for name in DATABASES))
_DRAFT = "restore.partial"


class Marker(msgspec.Struct, frozen=True):
    """Describes a restore that is under way: the files to move aside, and the folder for them."""

    aside: str
    files: Sequence[str]


def require_free(data: Path) -> None:
    """Raise OperationError if a process uses the data folder (it is named), or if a database in it
    is a symbolic link.
    """
    for name in _LOCKS:
        if is_held(data / name):
            pid = (data / name).read_text().strip()
            raise _in_use(data, LockHeld(data / name, int(pid) if pid.isdigit() else None))
    with sentences():
        for name in DATABASE_FILES:
            refuse_link(data / name)


def has_databases(data: Path) -> bool:
    """Whether a data folder has any database file, which a restore would move aside."""
    return bool(_present(data))


def is_cut_short(data: Path) -> bool:
    """Whether a restore of a data folder was begun and not completed."""
    return (data / MARKER).exists()


def put_in_place(backup: Path, manifest: Manifest, data: Path) -> Path | None:
    """Put a backup into a data folder, which is made if needed; completes one that was cut short.

    Returns the folder to which the databases before it were moved, None if there were none. Raises
    OperationError if a file of the backup has changed meanwhile, or the data folder is in use;
    OSError. Ctrl-C works until the first file is moved; the rest takes milliseconds.
    """
    draft = data / _DRAFT
    with _locked(data):
        for path in (data, backup, *(backup / name for name in DATABASES)):
            keep_private(path)
        try:
            _copy_all(backup, manifest, draft)
            marker = _read_marker(data) or _write_marker(data)
        except BaseException:
            _remove_draft(draft)
            raise
        aside = data / marker.aside
        with _ignoring_interrupts():
            _move_aside(data, aside, marker.files)
            for name in DATABASES:
                (draft / name).replace(data / name)
            _remove_draft(draft)
            sync_folder(data)
            (data / MARKER).unlink()
            try:
                sync_folder(data)
            except OSError as error:
                raise OperationError(
                    f"The backup is in place, but may not be on the disk ({error.strerror}): do "
                    "not start the shop, and run the restore again."
                ) from None
    return aside if marker.files else None


def _present(data: Path) -> list[str]:
    return [name for name in DATABASE_FILES if (data / name).exists()]


def _copy_all(backup: Path, manifest: Manifest, draft: Path) -> None:
    make_folder(draft)
    _give_to_owner(draft)
    remove_files(draft, DATABASE_FILES)
    for name in DATABASES:
        copy_checked(backup / name, draft / name, manifest.files[name])
        _give_to_owner(draft / name)
    sync_folder(draft)


def _move_aside(data: Path, aside: Path, names: Sequence[str]) -> None:
    """Move the old databases into `aside`. A file that is already there was moved before an earlier
    restore was cut short: a file of that name in `data` is new.
    """
    if not names:
        return
    make_folder(aside)
    _give_to_owner(aside)
    for name in names:
        if (data / name).exists() and not (aside / name).exists():
            (data / name).replace(aside / name)
    sync_folder(aside)
    sync_folder(data)


def _remove_draft(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)


def _read_marker(data: Path) -> Marker | None:
    try:
        return msgspec.json.decode((data / MARKER).read_bytes(), type=Marker)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise OperationError(
            f"{data / MARKER} is damaged ({error}), and it alone says what was moved where: "
            "restore into a new folder, with --data-dir."
        ) from None


def _write_marker(data: Path) -> Marker:
    marker = Marker(f"before-restore-{utc_now().replace(':', '-')}", _present(data))
    write_whole(data / MARKER, msgspec.json.encode(marker))
    return marker


def _give_to_owner(path: Path) -> None:
    """Give a file that root has made to the owner of its folder, who is the user of the shop."""
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = path.parent.stat()
        # If somebody has put a link there, only the link changes its owner.
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # it gets no Ctrl-C
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold every lock that the shop would take, so that no part of it starts meanwhile."""
    with ExitStack() as locks:
        try:
            for name in _LOCKS:
                locks.enter_context(FileLock(data / name))
                _give_to_owner(data / name)
        except LockHeld as held:
            raise _in_use(data, held) from None
        yield


def _in_use(data: Path, held: LockHeld) -> OperationError:
    return OperationError(
        f"The data folder {data} is in use by {held.holder}: stop that one first, or give another "
        "folder with --data-dir."
    )
