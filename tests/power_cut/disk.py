"""A disk that honours fsync and promises nothing else: what was not synced may be lost or torn.

As pessimistic as POSIX allows: the fsync of a file covers its content and not its name, which lasts
once its folder was synced; names are lost one by one, in any order; of a write, any sectors may be
there. A sector is whole: SQLite's header of a WAL rests on that, and disks promise it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal, TypeAlias, TypeVar

from .operations import MakeFolder, Open, Operation, PowerCut, Sync, Truncate, Unlink, Write

T = TypeVar("T")

SECTOR = 512

Fate: TypeAlias = Literal["everything kept", "nothing kept", "kept in order", "kept at random"]
FATES: tuple[Fate, ...] = ("everything kept", "nothing kept", "kept in order", "kept at random")
"""What happens to all that was not synced. The first is a kill -9: the system lives on."""


def survivors(pending: list[T], fate: Fate, rng: random.Random) -> list[T]:
    """Those of the changes that are on the disk after a cut, in their order."""
    match fate:
        case "everything kept":
            return list(pending)
        case "nothing kept":
            return []
        case "kept in order":
            return pending[: rng.randint(0, len(pending))]
        case "kept at random":
            return [change for change in pending if rng.random() < 0.6]


def apply(content: bytearray, change: Write | Truncate, torn: random.Random | None = None) -> None:
    """Make a change to the content of a file; if it is torn, only some sectors of it."""
    if isinstance(change, Truncate):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
    end = change.offset + len(change.data)
    content.extend(bytes(max(0, change.offset - len(content))))
    if torn is None:
        content[change.offset : end] = change.data
        return
    # Where a file has grown and nothing was written, there may be zeros or what was there before.
    growth = max(0, end - len(content))
    content.extend(torn.choice((bytes, torn.randbytes))(growth))
    starts = [change.offset, *range((change.offset // SECTOR + 1) * SECTOR, end, SECTOR)]
    in_order = starts[: torn.randint(0, len(starts))]
    for start in torn.choice((in_order, [start for start in starts if torn.random() < 0.5])):
        stop = min((start // SECTOR + 1) * SECTOR, end)
        content[start:stop] = change.data[start - change.offset : stop - change.offset]


@dataclass(eq=False, slots=True)
class File:
    """Content that lasts, and what was done to it since the last fsync."""

    lasting: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncate] = field(default_factory=list)

    def after(self, fate: Fate, rng: random.Random) -> bytes:
        """The content after a cut."""
        content = bytearray(self.lasting)
        left = survivors(self.pending, fate, rng)
        for change in left:
            in_the_middle = fate == "kept in order" and change is left[-1]
            torn = in_the_middle or (fate == "kept at random" and rng.random() < 0.3)
            apply(content, change, rng if torn else None)
        return bytes(content)

    def sync(self) -> None:
        """Make all of it last."""
        for change in self.pending:
            apply(self.lasting, change)
        self.pending.clear()


@dataclass(eq=False, slots=True)
class Folder:
    """Names that last, and those given and taken since the last fsync."""

    lasting: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[tuple[str, File | Folder | None]] = field(default_factory=list)

    def after(self, fate: Fate, rng: random.Random) -> dict[str, File | Folder]:
        """The names after a cut."""
        names = dict(self.lasting)
        for name, node in survivors(self.pending, fate, rng):
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node
        return names

    def sync(self) -> None:
        """Make all of it last."""
        self.lasting = self.names()
        self.pending.clear()

    def names(self) -> dict[str, File | Folder]:
        """The names that programs see."""
        return self.after("everything kept", random.Random())


class Disk:
    """A folder on a disk; paths are relative to it."""

    def __init__(self) -> None:
        self._root = Folder()

    def do(self, operation: Operation) -> None:
        """Take in what a program did. Raises KeyError for a file that is not there."""
        match operation:
            case PowerCut(files):
                self._root = Folder()
                for path, content in files.items():
                    self._put(path, content)
            case MakeFolder(path):
                self._folder(path.parent).pending.append((path.name, Folder()))
            case Open(path):
                folder = self._folder(path.parent)
                if path.name not in folder.names():
                    folder.pending.append((path.name, File()))
            case Unlink(path):
                self._folder(path.parent).pending.append((path.name, None))
            case Write(path) | Truncate(path):
                self._file(path).pending.append(operation)
            case Sync(path):
                self._node(path).sync()

    def after(self, fate: Fate, rng: random.Random) -> dict[PurePath, bytes]:
        """The files that are there when the power comes back."""
        return dict(_files(self._root, PurePath(), fate, rng))

    def _put(self, path: PurePath, content: bytes) -> None:
        folder = self._root
        for name in path.parts[:-1]:
            inner = folder.lasting.setdefault(name, Folder())
            assert isinstance(inner, Folder)
            folder = inner
        folder.lasting[path.name] = File(bytearray(content))

    def _node(self, path: PurePath) -> File | Folder:
        node: File | Folder = self._root
        for name in path.parts:
            assert isinstance(node, Folder)
            node = node.names()[name]
        return node

    def _folder(self, path: PurePath) -> Folder:
        node = self._node(path)
        assert isinstance(node, Folder)
        return node

    def _file(self, path: PurePath) -> File:
        node = self._node(path)
        assert isinstance(node, File)
        return node


def _files(
    folder: Folder, at: PurePath, fate: Fate, rng: random.Random
) -> list[tuple[PurePath, bytes]]:
    found: list[tuple[PurePath, bytes]] = []
    for name, node in folder.after(fate, rng).items():
        if isinstance(node, File):
            found.append((at / name, node.after(fate, rng)))
        else:
            found += _files(node, at / name, fate, rng)
    return found
