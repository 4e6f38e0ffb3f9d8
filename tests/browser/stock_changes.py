"""What changes in the shop while a customer is at the page."""

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


async def take_off_the_shelf(shop: Shop, product_id: int) -> None:
    """Have a product no longer sold."""
    reply = await shop.call("catalog", "DELETE", f"/products/{product_id}")
    assert reply.status == 204, reply.body


async def add_on_another_device(shop: Shop, user_id: str, product_id: int) -> None:
    """Put one of a product into a customer's cart, of which their page hears nothing."""
    reply = await shop.call("cart", "POST", f"/cart/{user_id}/add", json={"product_id": product_id})
    assert reply.status == 200, reply.body
