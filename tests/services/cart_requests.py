"""ada's cart: filled, looked at and checked out."""

from __future__ import annotations

from typing import Any

from services.common.durable.recovery import RECOVERY
from tests.shop import Reply, Shop, until

from .peers import rows


async def add(shop: Shop, product_id: int, quantity: int = 1) -> None:
    """Put units in ada's cart, at the cart service itself."""
    service = "cart itself" if "cart itself" in shop.urls else "cart"
    body = {"product_id": product_id, "quantity": quantity}
    reply = await shop.call(service, "POST", "/cart/ada/add", json=body)
    assert reply.status == 200, reply.body


async def lines(shop: Shop) -> dict[int, int]:
    """What is in ada's cart: quantities by product."""
    service = "cart itself" if "cart itself" in shop.urls else "cart"
    cart = (await shop.call(service, "GET", "/cart/ada")).json
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def check_out(shop: Shop, **request: Any) -> Reply:
    """Order what is in ada's cart."""
    return await shop.call("order", "POST", "/orders", json={"user_id": "ada"}, **request)


async def closed(shop: Shop, order_id: str) -> None:
    """Wait until the order service knows that the order's cart is closed."""
    shop.app("order")[RECOVERY].nudge()
    query = "SELECT 1 FROM orders WHERE order_id = ? AND cart_state = 'CLOSED'"

    async def done() -> bool:
        return bool(await rows(shop, "order", query, order_id))

    await until(done)


async def cart_holds(shop: Shop, wanted: dict[int, int]) -> None:
    """Wait until this is what ada's cart holds."""

    async def holds() -> bool:
        return await lines(shop) == wanted

    await until(holds)
