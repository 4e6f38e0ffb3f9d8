"""What changes in the catalog while a customer is at the page."""

from __future__ import annotations

from decimal import Decimal

from tests.shop import Shop, as_json


async def sell(shop: Shop, product_id: int, units: int) -> None:
    """Have units of a product go to somebody else."""
    change = {"delta": -units, "reason": "sold over the counter"}
    reply = await shop.call("catalog", "POST", f"/products/{product_id}/stock", json=change)
    assert reply.status == 200, reply.body


async def reprice(shop: Shop, product_id: int, price: str) -> None:
    """Give a product another price."""
    change = as_json({"price": Decimal(price)})
    reply = await shop.call("catalog", "PATCH", f"/products/{product_id}", **change)
    assert reply.status == 200, reply.body
