"""Reads and writes a backup: a folder with a copy of each database of a shop, and a manifest. The
manifest is written last, and shows that the backup is complete and unchanged.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from services.common.core.version import VERSION
from services.common.storage.errors import describe
from services.common.storage.file import keep_private, read_only_uri
from services.common.storage.filelock import sync_folder

from .. import OperationError
from ..databases import DATABASES

SIDECARS = ("-wal", "-shm", "-journal")
"""The suffixes of the files that SQLite may keep beside a database."""
DATABASE_FILES = tuple(f"{name}{end}" for name in DATABASES for end in ("", *SIDECARS))
MANIFEST = "backup.json"
_DRAFT = ".partial"
HALF_MADE = (*DATABASE_FILES, MANIFEST + _DRAFT)
"""The files that a killed backup may have left."""


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a backup: its size in bytes, and its SHA-256."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Describes a backup: its instant, its shop, the release that made it, and its files."""

    format: Literal[1] = 1
    taken_at: str
    shop: str | None
    version: str = VERSION
    files: Mapping[str, Copy]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(copy.size for copy in self.files.values())


def finding_in(path: Path) -> str | None:
    """The damage that SQLite finds in a plain file; None if it is sound."""
    try:
        with closing(sqlite3.connect(f"{read_only_uri(path)}&immutable=1", uri=True)) as conn:
            (finding,) = conn.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        return describe(error)
    return None if finding == "ok" else " ".join(finding.split())


def write_manifest(folder: Path, taken_at: str) -> Manifest:
    """Write the manifest of the copies in `folder`. Raises OSError, sqlite3.Error."""
    with closing(sqlite3.connect(read_only_uri(folder / "registry.db"), uri=True)) as conn:
        shop = conn.execute("SELECT id FROM shop").fetchone()
    manifest = Manifest(
        taken_at=taken_at,
        shop=shop and shop[0],
        files={name: _describe(folder / name) for name in DATABASES},
    )
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    write_whole(folder / MANIFEST, text)
    return manifest


def read_backup(folder: Path) -> Manifest:
    """The manifest of the backup in `folder`, whose files are all unchanged and sound.

    Raises OperationError, which names a file that is missing, changed or damaged, and OSError.
    """
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "is not there"
        raise OperationError(f"{folder} {state}; give the folder of a backup.")
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise OperationError(
            f"{folder} is not a backup, or not a whole one: it has no {MANIFEST}."
        ) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise OperationError(
            f"{folder / MANIFEST} cannot be used ({error}): it is damaged, or of another release."
        ) from None
    if missing := {*DATABASES} - {*manifest.files}:
        raise OperationError(f"{folder / MANIFEST} does not name {', '.join(sorted(missing))}.")
    for name in DATABASES:
        if not (folder / name).is_file():
            raise OperationError(f"{folder} is not whole any more: it has no {name}.")
        if _describe(folder / name) != manifest.files[name]:
            raise damaged(folder / name)
        if finding := finding_in(folder / name):
            raise OperationError(f"{folder / name} is corrupt ({finding}): use another backup.")
    return manifest


def damaged(path: Path) -> OperationError:
    """The error for a file of a backup that has changed."""
    return OperationError(
        f"{path} is not what was backed up: it is damaged, or another file; use another backup."
    )


def copy_checked(path: Path, to: Path, expected: Copy) -> None:
    """Copy a file of a backup durably. Raises OperationError if it has changed, and OSError."""
    shutil.copyfile(path, to)
    keep_private(to)
    sync_file(to)
    if _describe(to) != expected:
        raise damaged(path)


def write_whole(path: Path, text: bytes) -> None:
    """Write a file so that it is durable and complete, or not there at all. Raises OSError."""
    draft = path.with_name(path.name + _DRAFT)
    try:
        draft.write_bytes(text)
        sync_file(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove these files from a folder, if they are there. Raises OSError."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _describe(path: Path) -> Copy:
    with path.open("rb") as file:
        return Copy(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
