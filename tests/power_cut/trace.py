"""Reads from a trace what a program did to its files: strace's lines become operations."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePath

from .operations import Heard, MakeFolder, Open, Operation, Sync, Truncate, Unlink, Write

CHANGES_NOTHING = frozenset(
    (
        *("access", "faccessat", "faccessat2", "stat", "lstat", "fstat", "newfstatat", "statx"),
        *("statfs", "fstatfs", "readlink", "readlinkat", "getdents64", "fcntl", "flock", "fchown"),
        *("close", "lseek", "read", "pread64", "execve", "chmod", "fchmod", "fchmodat"),
    )
)
"""Nothing, that is, of a file's content or name."""

_LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
_UNFINISHED = "<unfinished ...>"
_TEXT = re.compile(r'[<"]((?:\\x[0-9a-f]{2})*)[>"](\(deleted\)|\.\.\.)?')
_FAILED = re.compile(r"\) += (?:-1|\?)")
_NUMBER = re.compile(r"\d+")


class NotUnderstood(Exception):
    """A system call on the files that the model of the disk does not know."""


class Trace:
    """What `strace -f -y -xx -e trace=%file,%desc` tells of the files in the folder `home`.

    In the file `heard` the program tells what it heard, a JSON object of rows and versions in each
    write. Of the files in `left_out` nothing is told.
    """

    def __init__(self, home: Path, heard: PurePath, left_out: Collection[PurePath]) -> None:
        self._home = home
        self._sought = _in_hex(home)
        self._tells = f"<{_in_hex(home / heard)}>"
        self._left_out = {heard, *left_out}

    def operations(self, lines: Iterable[str]) -> Iterator[Operation]:
        """The operations: each when its system call was through, what was heard when it began.

        Raises NotUnderstood.
        """
        begun: dict[str, str] = {}
        for line in lines:
            found = _LINE.match(line)
            if found is None:  # the end of a thread
                continue
            thread, resumed, name, rest = found.groups()
            if resumed:
                name, rest = resumed, begun.pop(thread) + rest
            elif name == "write" and self._tells in rest:
                yield _heard(rest)
            if rest.endswith(_UNFINISHED):
                begun[thread] = rest.removesuffix(_UNFINISHED)
            elif self._sought in rest:
                operation = self._operation(name, rest)
                if operation is not None:
                    yield operation

    def _operation(self, name: str, rest: str) -> Operation | None:
        texts = list(_TEXT.finditer(rest))
        inside = [text for text in texts if text[1].startswith(self._sought)]
        if not inside or _FAILED.search(rest, texts[-1].end()) or name in CHANGES_NOTHING:
            return None
        path = PurePath(os.fsdecode(_bytes(inside[0]))).relative_to(self._home)
        if path in self._left_out:
            return None
        numbers = [int(number) for number in _NUMBER.findall(rest, texts[-1].end())]
        match name:
            case "mkdir" | "mkdirat":
                return MakeFolder(path)
            case "openat" if "O_TRUNC" not in rest:
                return Open(path) if "O_CREAT" in rest else None
            case "unlink" | "unlinkat" if "AT_REMOVEDIR" not in rest:
                return Unlink(path)
            case "pwrite64" if not inside[0][2]:
                _length, offset, written = numbers
                return Write(path, offset, _bytes(texts[1])[:written])
            case "ftruncate" if not inside[0][2]:
                return Truncate(path, numbers[0])
            case "fsync" | "fdatasync":
                return Sync(path)
        raise NotUnderstood(f"{name} of {path}: {rest[-200:]}")


def _heard(rest: str) -> Heard:
    versions = json.loads(_bytes(list(_TEXT.finditer(rest))[1]))
    return Heard({int(row): version for row, version in versions.items()})


def _in_hex(path: Path) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(path))


def _bytes(text: re.Match[str]) -> bytes:
    if text[2] == "...":
        raise NotUnderstood("strace has shortened what was written: give it a longer -s")
    return bytes.fromhex(text[1].replace("\\x", ""))
