"""A file lock that one process holds until it releases it or dies, however it dies.

Standard library only: `run.py` takes one before any package is installed.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # far from the pid: on Windows others cannot read this byte

    def _lock(file: int) -> None:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

    _lock_to_look = _lock

    def _unlock(file: int) -> None:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _lock_to_look(file: int) -> None:
        # Shared: two processes that look do not block each other, and read access is enough.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        # Not left to close(): a child that is just starting has the file open for a moment, too.
        fcntl.flock(file, fcntl.LOCK_UN)


class LockHeld(Exception):
    """The lock at `path` is held; `pid` is the process that holds it, where that is known, and
    `holder` says so in words.
    """

    def __init__(self, path: Path, pid: int | None) -> None:
        self.path = path
        self.pid = pid
        self.holder = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is held by {self.holder}.")


class FileLock:
    """The lock at `path`, held from `with` to its end, or from `acquire()` to `release()`.

    The file is never deleted: otherwise two processes could each hold a lock on a file of that
    name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock, or fail without waiting; missing folders are made.

        Raises LockHeld when it is held, by this process or another, and OSError when the folder
        or the file cannot be made or written.
        """
        make_folder(self.path.parent)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(file)
        except BlockingIOError:
            holder = os.read(file, 32).strip()
            os.close(file)
            raise LockHeld(self.path, int(holder) if holder.isdigit() else None) from None
        except BaseException:
            os.close(file)
            raise
        # Overwrites the last holder's pid without truncating, so that a full disk needs no new
        # block. If even that fails, the lock holds without the pid.
        with suppress(OSError):
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, f"{os.getpid():<20}\n".encode())
        self._file = file

    def release(self) -> None:
        """Release the lock; does nothing when it is not held."""
        file, self._file = self._file, None
        if file is not None:
            _unlock(file)
            os.close(file)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether the lock at `path` is held now, by any process. Nothing is created or written.

    Raises OSError when the file is there and cannot be read.
    """
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        _lock_to_look(file)
    except BlockingIOError:
        return True
    else:
        _unlock(file)
        return False
    finally:
        os.close(file)


def holder(path: Path) -> int | None:
    """The process that holds the lock at `path` now; None if none does, or it has not said so."""
    if not is_held(path):
        return None
    text = path.read_bytes()[:32].strip()
    return int(text) if text.isdigit() else None


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Make `folder`, for its owner alone, and its missing parents, so that they survive a power
    cut.

    Raises OSError.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent, 0o777)
    folder.mkdir(mode, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in `folder` on the disk (fsync); does nothing on Windows, which cannot."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
