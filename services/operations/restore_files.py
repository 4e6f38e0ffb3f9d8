"""Puts a backup in the place of a shop's databases so that a kill at any point leaves the old shop,
or the new one, or a marker because of which nothing starts until the restore is run again.
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

from services.common.clock import utc_now
from services.common.database_file import refuse_link
from services.common.filelock import FileLock, LockHeld, is_held, make_folder, sync_folder
from services.common.restoring import LOCK, MARKER

from . import OperationError
from .backup_files import (
    DATABASE_FILES,
    DATABASES,
    Manifest,
    copy_checked,
    remove_files,
    write_whole,
)
from .sentences import sentences

_LOCKS = ("run.lock", LOCK, *(f"{name}.lock" for name in DATABASES))
_DRAFT = "restore.partial"


class Marker(msgspec.Struct, frozen=True):
    """Of a restore under way: what it moves out of the way, and into which folder beside it."""

    aside: str
    files: Sequence[str]


def require_free(data: Path) -> None:
    """Raise OperationError if anything has the data folder in use, and say which process, or if a
    database in it is a link.
    """
    for name in _LOCKS:
        if is_held(data / name):
            pid = (data / name).read_text().strip()
            raise _in_use(data, LockHeld(data / name, int(pid) if pid.isdigit() else None))
    with sentences():
        for name in DATABASE_FILES:
            refuse_link(data / name)


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
    use; OSError. Ctrl-C is heard until the first file is moved: what is left takes milliseconds.
    """
    draft = data / _DRAFT
    with _locked(data):
        try:
            _copy_all(backup, manifest, draft)
            marker = _read_marker(data) or _write_marker(data)
        except BaseException:
            _remove_draft(draft)
            raise
        aside = data / marker.aside
        with _deaf_to_control_c():
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
    """What is aside already was moved before the restore was cut short: of that name there is a
    new file now, or none.
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
    """Have what root has made belong to whom its folder does: the user that the shop runs as."""
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = path.parent.stat()
        # Of a link that is in its place nothing is given away but the link.
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


@contextmanager
def _deaf_to_control_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # It is no other's to hear.
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold all that the shop would hold, so that nothing of it starts meanwhile."""
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
