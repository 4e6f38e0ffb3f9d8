"""Brings a running shop's catalog up to date with the products of an export.

Products are recognised by their sku. A new product is added with its stock; a product that the shop
has already is changed where it differs, except for its stock. So a second import changes nothing,
and one that was stopped can be started again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from client import Conflict, OutcomeUnknown, Product, ShopClient, ShopError
from client.catalog import ProductChanges

from .products import Remark, Variant

Outcome = Literal["added", "updated", "unchanged"]

AT_ONCE = 8
_PAGE = 1000


@dataclass
class Loading:
    """The state of an import: its outcomes so far, and the error that stopped it, if any."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refused: list[Remark] = field(default_factory=list)
    stopped_by: ShopError | None = None


async def load(
    variants: Sequence[Variant], shop: ShopClient, loading: Loading, on_each: Callable[[], None]
) -> None:
    """Put every variant into the shop, several at a time; `on_each` is called after each.

    A rejection concerns only its variant. Any other failure is stored in `loading`, and no further
    variant is begun.
    """
    waiting = deque(variants)

    async def work(there: dict[str | None, Product]) -> None:
        while waiting:
            variant = waiting.popleft()
            try:
                loading.outcomes[await _put(variant, there.get(variant.sku), shop)] += 1
            except ShopError as error:
                if error.is_rejection:
                    loading.refused.append(Remark(variant.line, variant.name, error.detail))
                else:
                    loading.stopped_by = error
                    waiting.clear()
            on_each()

    try:
        there = {product.sku: product async for product in shop.catalog.iter_products(limit=_PAGE)}
    except ShopError as error:
        loading.stopped_by = error
    else:
        await asyncio.gather(*(work(there) for _ in range(AT_ONCE)))


async def _put(variant: Variant, product: Product | None, shop: ShopClient) -> Outcome:
    if product is None:
        try:
            await shop.catalog.create(
                variant.name,
                variant.price,
                stock=variant.stock,
                sku=variant.sku,
                description=variant.description,
                category=variant.category,
                image=variant.image,
            )
        except Conflict as error:
            # Somebody else has just added it.
            found = await shop.catalog.products(sku=variant.sku)
            if error.code != "sku_taken" or not found:
                raise
            product = found[0]
        else:
            return "added"
    changes = _differences(variant, product)
    if not changes:
        return "unchanged"
    try:
        await shop.catalog.update(product.id, **changes)
    except OutcomeUnknown:
        # Safe to repeat: an update sets the values that the product will have.
        await shop.catalog.update(product.id, **changes)
    return "updated"


def _differences(variant: Variant, product: Product) -> ProductChanges:
    edited = ("name", "description", "category", "image", "price")
    changes = {name: getattr(variant, name) for name in edited}
    return cast(
        ProductChanges,
        {name: value for name, value in changes.items() if value != getattr(product, name)},
    )
