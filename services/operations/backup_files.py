"""What a backup is: a folder with a copy of each database of a shop, and a manifest, written last,
by which it is known to be complete and as it was written.
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

from services.common.database_errors import describe
from services.common.database_file import read_only_uri
from services.common.filelock import sync_folder
from services.common.version import VERSION

from . import OperationError
from .audit_files import SERVICES

DATABASES = tuple(f"{name}.db" for name in (*SERVICES, "registry"))
"""The registry's too: it has the shop's id, by which the services know whom to believe."""
SIDECARS = ("-wal", "-shm", "-journal")
"""What SQLite may keep beside a database, by how the names end."""
DATABASE_FILES = tuple(f"{name}{end}" for name in DATABASES for end in ("", *SIDECARS))
MANIFEST = "backup.json"
_DRAFT = ".partial"
HALF_MADE = (*DATABASE_FILES, MANIFEST + _DRAFT)
"""What a backup that was killed may have left."""


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a backup: its size in bytes, and its SHA-256."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a backup holds: of which instant, which shop, by which release, and in which files."""

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
    """What SQLite finds wrong with a plain file, None if it is sound."""
    try:
        with closing(sqlite3.connect(f"{read_only_uri(path)}&immutable=1", uri=True)) as conn:
            (finding,) = conn.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        return describe(error)
    return None if finding == "ok" else " ".join(finding.split())


def write_manifest(folder: Path, taken_at: str) -> Manifest:
    """Describe the copies in `folder`, which make it a backup. Raises OSError, sqlite3.Error."""
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
    """What is in the backup in `folder`, each file of which is as it was written, and sound.

    Raises OperationError, which names what is not, and OSError.
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
    """That a file of a backup has changed."""
    return OperationError(
        f"{path} is not what was backed up: it is damaged, or another file; use another backup."
    )


def copy_checked(path: Path, to: Path, expected: Copy) -> None:
    """Copy a file of a backup onto the disk. Raises OperationError if it has changed, OSError."""
    shutil.copyfile(path, to)
    sync_file(to)
    if _describe(to) != expected:
        raise damaged(path)


def write_whole(path: Path, text: bytes) -> None:
    """Write a file so that it is there whole, on the disk, or not at all. Raises OSError."""
    draft = path.with_name(path.name + _DRAFT)
    try:
        draft.write_bytes(text)
        sync_file(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove those of these files that are in a folder. Raises OSError."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _describe(path: Path) -> Copy:
    with path.open("rb") as file:
        return Copy(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
