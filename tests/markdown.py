"""Reads the repository's pages: their sections, tables, links and what stands in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_SOURCES = ("client", "registry", "services")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    for match in _HEADING.finditer(text):
        if match[2] == heading:
            ends = re.compile(rf"^#{{1,{len(match[1])}}} ", re.MULTILINE)
            end = ends.search(text, match.end())
            return text[match.end() : end.start() if end else len(text)]
    raise AssertionError(f"there is no heading {heading!r}")


def rows(text: str, *columns: str) -> list[list[str]]:
    """The rows of the first table with these columns; its cells as they are written."""
    header = "|" + "|".join(f" {column} " if column else " " for column in columns) + "|"
    lines = text.splitlines()
    assert header in lines, f"there is no table with the columns {columns}"
    found = []
    for line in lines[lines.index(header) + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        assert len(cells) == len(columns), line
        found.append([cell.replace(r"\|", "|") for cell in cells])
    return found


def in_backticks(text: str) -> list[str]:
    """Every span of code, but no block."""
    return re.findall(r"`([^`\n]+)`", without_blocks(text))


def without_blocks(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: list[str] = []
    for heading in re.findall(r"^#+ +(.+?) *$", without_blocks(page.read_text()), re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        taken = sum(re.fullmatch(rf"{re.escape(name)}(-\d+)?", each) is not None for each in found)
        found.append(f"{name}-{taken}" if taken else name)
    return frozenset(found)


def broken_links(page: Path) -> Iterator[str]:
    """The relative links of a page that lead to no file, or to no heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        leads_to = (page.parent / path).resolve() if path else page
        if not leads_to.exists() or (anchor and anchor not in anchors(leads_to)):
            yield target


@cache
def words_of_the_source() -> frozenset[str]:
    """Every word in the code and the SQL of the shop."""
    files = (path for place in _SOURCES for path in (ROOT / place).rglob("*"))
    texts = (path.read_text() for path in files if path.suffix in (".py", ".sql"))
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))
