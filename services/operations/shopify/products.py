"""Turns a Shopify product export into products to sell (one for each variant), and remarks.

A row is one variant or one picture. The rows with the same handle belong together; only the first
of them describes the whole product (title, body, type, published).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from .plain_text import plain_text
from .rows import ExportError, Remark, Row, one_line, read_rows

__all__ = ["Export", "ExportError", "Remark", "Variant", "read_export"]

_DEFAULT_CATEGORY = "other"
_LONGEST_SLUG = 64


@dataclass(frozen=True, slots=True)
class Variant:
    """One product to sell. `line` is where its row begins in the file, the header's being 1."""

    line: int
    sku: str
    name: str
    description: str
    category: str
    image: str | None
    price: Decimal
    stock: int


@dataclass(frozen=True, slots=True)
class Export:
    """The contents of a file, by line: variants, what is not for sale, and rows that are wrong."""

    variants: list[Variant] = field(default_factory=list)
    left_out: list[Remark] = field(default_factory=list)
    refused: list[Remark] = field(default_factory=list)


def read_export(data: bytes) -> Export:
    """Read the bytes of an export.

    Raises ExportError if the file is not an export. A wrong row is refused alone.
    """
    rows, refused = read_rows(data)
    export = Export(refused=refused)
    products: dict[str, list[Row]] = {}
    for row in rows:
        products.setdefault(row["handle"], []).append(row)
    variants = _without_repeats(rows, export)
    if not variants and not export.refused:
        raise ExportError("it has a header line and no products")
    skus = _skus(variants)
    for row in variants:
        product = products[row["handle"]]
        name = _name(product[0], row)
        try:
            if reason := _not_for_sale(product[0]):
                export.left_out.append(Remark(row.line, name, reason))
            else:
                export.variants.append(_variant(product, row, name, skus[row.line]))
        except ValueError as error:
            export.refused.append(Remark(row.line, name, str(error)))
    export.refused.sort(key=lambda remark: remark.line)
    return export


def _without_repeats(rows: list[Row], export: Export) -> list[Row]:
    """The rows that are variants, without repeated ones, which are refused."""
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        if row.is_variant:
            earlier = first.setdefault((row["handle"], *row.options), row)
            if earlier is not row:
                why = f"the same variant is on line {earlier.line} already"
                export.refused.append(Remark(row.line, _name(earlier, row), why))
    return list(first.values())


def _variant(product: list[Row], row: Row, name: str, sku: str) -> Variant:
    """The variant in a row. Raises ValueError, which says what is wrong with the row."""
    first = product[0]
    if not first["title"]:
        raise ValueError("its product has no title")
    picture = next((other["image"] for other in product if other["image"]), None)
    return Variant(
        line=row.line,
        sku=sku,
        name=name,
        description=plain_text(first["body"]),
        category=_category(first),
        image=row["variant image"] or picture,
        price=_price(row["price"]),
        stock=_stock(row["stock"]),
    )


def _name(first: Row, row: Row) -> str:
    title = one_line(first["title"]) or row["handle"]
    return f"{title} \N{EN DASH} {' / '.join(row.options)}" if row.options else title


def _not_for_sale(first: Row) -> str | None:
    """Why a product is not for sale; None if it is. Raises ValueError if the file does not say."""
    status, published = first["status"].casefold(), first["published"].casefold()
    if status in {"draft", "archived", "unlisted"}:
        return f"its status is {status}"
    if published == "false":
        return "not published"
    # For Shopify an empty cell means published.
    if status not in {"", "active"}:
        raise ValueError(f"its status is {first['status'][:40]!r}, not active, draft or archived")
    if published not in {"", "true"}:
        raise ValueError(f"its published is {first['published'][:40]!r}, not true or false")
    return None


def _category(first: Row) -> str:
    """The merchant's own type, else the narrowest part of the taxonomy, else the first tag."""
    taxonomy = first["category"].rpartition(">")[2].strip()
    if taxonomy.isdecimal():  # a number in Google's taxonomy is not a name
        taxonomy = ""
    tag = first["tags"].partition(",")[0].strip()
    return one_line(first["type"] or taxonomy or tag or _DEFAULT_CATEGORY)


def _price(text: str) -> Decimal:
    if not text:
        raise ValueError("it has no price")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"its price is {text[:40]!r}, not a number such as 19.99")
    return Decimal(text)


def _stock(text: str) -> int:
    """Units; 0 for an empty cell, and for a negative number (more sold than there were)."""
    if not re.fullmatch(r"-?[0-9]{1,18}|", text):
        raise ValueError(f"its inventory quantity is {text[:40]!r}, not a whole number")
    return max(0, int(text or 0))


def _skus(variants: list[Row]) -> dict[int, str]:
    """The sku of each variant, by its line. It stays the same, whatever else changes in the shop.

    It is the variant's own sku if no other variant has that, else one made of handle and options.
    If two made ones are equal (for "S/M" and "S-M"), or one equals another variant's own sku, a
    digest of handle and options is added.
    """
    own = Counter(row["sku"] for row in variants)
    made = {row.line: _slug(row) for row in variants if not row["sku"] or own[row["sku"]] > 1}
    taken = own + Counter(made.values())
    skus: dict[int, str] = {}
    for row in variants:
        sku = made.get(row.line, row["sku"])
        if row.line in made and (taken[sku] > 1 or len(sku) > _LONGEST_SLUG):
            sku = f"{sku[: _LONGEST_SLUG - 9]}-{_digest(row)}"
        skus[row.line] = sku
    return skus


def _slug(row: Row) -> str:
    parts = (re.sub(r"\W+", "-", part.casefold()) for part in (row["handle"], *row.options))
    return "-".join(filter(None, (part.strip("-") for part in parts))) or _digest(row)


def _digest(row: Row) -> str:
    return hashlib.sha256("\0".join((row["handle"], *row.options)).encode()).hexdigest()[:8]
