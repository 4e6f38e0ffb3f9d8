"""A page's many small files as one: its modules as one script, its style sheets as one sheet.

Each works alone just as well. Put together, at the moment that they are asked for, they come in one
request instead of fifty.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_IMPORT = re.compile(r'^import\s*(?:\{([^}]*)\}\s*from\s*)?"([^"]+)";', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async\s+)?(?:function\b\s*\*?|class|const)\s+([\w$]+))", re.MULTILINE
)
_EXPORT_LIST = re.compile(r"\bexport\s*\{([^}]*)\};?\s*\Z")
_OTHER_FORM = re.compile(r"^(?:import|export|await)\b.*|\bimport(?:\.meta|\().*", re.MULTILINE)
_SHEET_IMPORT = re.compile(r'^@import "([^"]+)";\n?', re.MULTILINE)
_RELATIVE_URL = re.compile(r"""\burl\((?!["']?(?:data:|/|#))[^)]*\)""")


class BundleError(Exception):
    """A file that cannot be part of a bundle; the message says which and why."""


class Bundle:
    """The files that one of them leads to, each once, and what it needs before it."""

    def __init__(self, folders: Mapping[str, Path], url: str) -> None:
        """Put together what is at `url` and what that leads to. `folders` says which folder is
        served below each first segment of a path. Raises BundleError.
        """
        self._folders = folders
        self._names: dict[str, str] = {}
        self._path: list[str] = []
        self._changed_at: dict[Path, int] = {}
        add = self._add_sheet if url.endswith(".css") else self._add_module
        self.text = "".join(self._with_what_it_needs(url, add))

    @property
    def is_current(self) -> bool:
        """Whether no file has changed since."""
        try:
            now = {path: path.stat().st_mtime_ns for path in self._changed_at}
        except OSError:
            return False
        return now == self._changed_at

    def _with_what_it_needs(
        self, url: str, add: Callable[[str, str], Iterator[str]]
    ) -> Iterator[str]:
        if url in self._path:
            raise BundleError(f"{' needs '.join([*self._path, url])}: that is a circle")
        if url in self._names:
            return
        self._path.append(url)
        yield from add(url, self._read(url))
        self._path.pop()
        self._names[url] = f"module_{len(self._names)}"

    def _read(self, url: str) -> str:
        first, _, rest = url.lstrip("/").partition("/")
        if first not in self._folders:
            raise BundleError(f"{url}: this is in no folder of the page")
        path = self._folders[first] / rest
        try:
            self._changed_at[path] = path.stat().st_mtime_ns
            return path.read_text("utf-8")
        except OSError as error:
            raise BundleError(f"{url}: {error.strerror}") from None

    def _add_sheet(self, url: str, text: str) -> Iterator[str]:
        for match in _SHEET_IMPORT.finditer(text):
            yield from self._with_what_it_needs(_absolute(url, match[1]), self._add_sheet)
        text = _SHEET_IMPORT.sub("", text)
        if relative := _RELATIVE_URL.search(text) or re.search("@import.*", text):
            raise BundleError(f"{url}: {relative[0]} would mean something else in a bundle")
        yield f"/* {url} */\n{text}\n"

    def _add_module(self, url: str, text: str) -> Iterator[str]:
        for match in _IMPORT.finditer(text):
            yield from self._with_what_it_needs(_absolute(url, match[2]), self._add_module)
        exports = {name: name for name in _EXPORT.findall(text)}
        if found := _EXPORT_LIST.search(text):
            exports |= {outside: inside for inside, outside in _names(found[1])}
        body = _EXPORT.sub("", _EXPORT_LIST.sub("", _IMPORT.sub(self._import_of(url), text)))
        if other := _OTHER_FORM.search(body):
            raise BundleError(f"{url}: no bundle can have {other[0]!r}")
        members = ", ".join(f"{outside}: {inside}" for outside, inside in exports.items())
        name = f"module_{len(self._names)}"
        yield f"// {url}\nconst {name} = (() => {{\n{body}\nreturn {{ {members} }};\n}})();\n"

    def _import_of(self, url: str) -> Callable[[re.Match[str]], str]:
        def replaced(match: re.Match[str]) -> str:
            if match[1] is None:
                return ""
            members = ", ".join(f"{outside}: {inside}" for outside, inside in _names(match[1]))
            return f"const {{ {members} }} = {self._names[_absolute(url, match[2])]};"

        return replaced


def _absolute(url: str, reference: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(url), reference))


def _names(text: str) -> list[tuple[str, str]]:
    """The names of a list such as `a, b as c`: what each is called before and after."""
    pairs = [each.split() for each in text.split(",") if each.strip()]
    return [(pair[0], pair[-1]) for pair in pairs]
