"""How a bug gets into the shop: by small edits to the product's source, made in the memory of the
process that is about to load it. The files stay as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]


class Edit(NamedTuple):
    """`old`, which stands once in the file, becomes `new`. The file is named from the top."""

    file: str
    old: str
    new: str


def diff(file: str, hunk: str) -> Edit:
    """The edit that the lines of a hunk are: kept (after a space), taken out (-), put in (+)."""
    lines = hunk.removeprefix("\n").splitlines(keepends=True)
    old, new = ("".join(line[1:] or line for line in lines if line[0] != no) for no in "+-")
    return Edit(file, old, new)


def edited(edits: Iterable[Edit], file: str, text: str) -> str:
    """A file's text with its edits. Raises ValueError for an edit that does not fit."""
    for edit in edits:
        if edit.file == file:
            if text.count(edit.old) != 1:
                raise ValueError(f"{file} has this {text.count(edit.old)} times: {edit.old}")
            text = text.replace(edit.old, edit.new)
    return text


def plant(edits: Sequence[Edit]) -> None:
    """Have this process load the product as if it had been written so."""
    for edit in edits:
        module = edit.file.removesuffix(".py").replace("/", ".")
        assert module not in sys.modules, f"{module} is loaded already"
    sys.meta_path.insert(0, _Finder(edits))
    read_text = Path.read_text
    files = {ROOT / edit.file for edit in edits}

    def read_edited(path: Path, *args: str, **options: str) -> str:
        text = read_text(path, *args, **options)
        if path in files:
            return edited(edits, path.relative_to(ROOT).as_posix(), text)
        return text

    setattr(Path, "read_text", read_edited)  # noqa: B010  for the schemas


class _Finder(MetaPathFinder):
    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._files = {edit.file for edit in edits}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = f"{fullname.replace('.', '/')}.py"
        if file not in self._files:
            return None
        loader = _Loader(fullname, file, self._edits)
        return spec_from_file_location(fullname, ROOT / file, loader=loader)


class _Loader(SourceFileLoader):
    """Compiles the edited text, and neither reads nor leaves a compiled file of it."""

    def __init__(self, fullname: str, file: str, edits: Sequence[Edit]) -> None:
        super().__init__(fullname, str(ROOT / file))
        self._file = file
        self._edits = edits

    def get_code(self, fullname: str) -> CodeType:
        text = edited(self._edits, self._file, self.get_data(self.path).decode())
        code: CodeType = self.source_to_code(text, self.path)
        return code
