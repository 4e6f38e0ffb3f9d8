"""What a program does to its files, one after the other; paths are relative to the disk's root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Started:
    """The program began a new life."""


@dataclass(frozen=True, slots=True)
class PowerCut:
    """The power was away; these files are left."""

    files: dict[PurePath, bytes]


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody heard that these rows are there, in these versions."""

    versions: dict[int, int]


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """A folder was made."""

    path: PurePath


@dataclass(frozen=True, slots=True)
class Open:
    """A file was opened, and made if it was not there."""

    path: PurePath


@dataclass(frozen=True, slots=True)
class Unlink:
    """A file's name was taken away."""

    path: PurePath


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes were written."""

    path: PurePath
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file was cut, or grown, to a size."""

    path: PurePath
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file or a folder was synced, and the system said so."""

    path: PurePath


Operation: TypeAlias = (
    Started | PowerCut | Heard | MakeFolder | Open | Unlink | Write | Truncate | Sync
)
