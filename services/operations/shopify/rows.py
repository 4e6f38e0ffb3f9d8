"""Reads the rows of a Shopify product export, under one set of names for its columns.

Shopify has spelled the header in an older way (`Handle`, `Variant Price`) and in a newer one
(`URL handle`, `Price`); see help.shopify.com, "Using CSV files to import and export products".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "body": ("body (html)", "body html", "description"),
    "type": ("type", "custom product type"),
    "category": (
        "product category",
        "standardized product type",
        "google shopping / google product category",
    ),
    "tags": ("tags",),
    "published": ("published", "published on online store"),
    "status": ("status",),
    "option1": ("option1 value",),
    "option2": ("option2 value",),
    "option3": ("option3 value",),
    "sku": ("variant sku", "sku"),
    "stock": ("variant inventory qty", "inventory quantity"),
    "price": ("variant price", "price"),
    "image": ("image src", "product image url"),
    "variant image": ("variant image", "variant image url"),
}
_NEEDED = {"handle": "Handle", "title": "Title", "price": "Variant Price"}
_LONGEST_FIELD = 16 * 1024 * 1024


class ExportError(Exception):
    """The whole file cannot be read; the message says why ("it is empty")."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A row that is not a product to sell, and why. `line` is as in Row."""

    line: int
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, by our own column names; a column that the file lacks reads as empty.

    `line` is where the row begins in the file, the header's line being 1.
    """

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def is_variant(self) -> bool:
        """Whether it is a variant; the other rows are pictures or notes."""
        return any(self[column] for column in ("title", "option1", "sku", "price"))

    @property
    def options(self) -> tuple[str, ...]:
        """The options that distinguish a variant of a product ("Blue", "Large")."""
        values = (one_line(self[column]) for column in ("option1", "option2", "option3"))
        return tuple(value for value in values if value not in {"", "Default Title"})


def read_rows(data: bytes) -> tuple[list[Row], list[Remark]]:
    """The rows that are not empty, and remarks on those without a handle or with too many cells.

    Raises ExportError.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    rows: list[Row] = []
    refused: list[Remark] = []
    columns: dict[str, int] = {}
    width, line = 0, 1
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if any(values) and not columns:
                columns, width = _columns(values), len(values)
            elif any(values[width:]):
                why = f"the row has {len(values)} cells, the header {width}"
                refused.append(Remark(line, values[0], why))
            elif any(values):
                row = Row(line, {name: values[i] for name, i in columns.items() if i < len(values)})
                if row["handle"]:
                    rows.append(row)
                else:
                    refused.append(Remark(line, one_line(row["title"]), "the row has no handle"))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ExportError(
            f"the quotes of the row that begins on line {line} do not match ({error})"
        ) from None
    return rows, refused


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ExportError(
            f"line {line} is not text in UTF-8; export it again, or save it as CSV in UTF-8"
        ) from None
    if "\0" in text:
        raise ExportError("it is not a text file")
    if not text.strip():
        raise ExportError("it is empty")
    return text


def _columns(header: list[str]) -> dict[str, int]:
    """The position of each column that is used. Raises ExportError if a needed one is missing."""
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        places.setdefault(name.casefold(), place)
    columns: dict[str, int] = {}
    for ours, spellings in _COLUMNS.items():
        for spelling in spellings:
            if spelling in places:
                columns.setdefault(ours, places[spelling])
    if missing := [name for ours, name in _NEEDED.items() if ours not in columns]:
        raise ExportError(
            f"its first line has no column {' or '.join(missing)}; "
            "is it a product export of Shopify, with commas between the columns?"
        )
    return columns
