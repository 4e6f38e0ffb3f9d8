"""A peer that sells in another currency is like one that does not answer."""

from __future__ import annotations

import pytest

from tests.services.orders import stored_order
from tests.services.peers import Peer, rows
from tests.services.test_payment_notification_by_hand import answering, notify_by_hand, payment
from tests.shop import Shop, until

REASON = "currency: expected EUR, the currency of this shop, got 'USD'"


def reasons(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged as a reason."""
    return "\n".join(str(getattr(record, "reason", "")) for record in caplog.records)


async def test_a_cart_takes_no_price_from_a_catalog_with_another_currency(
    catalog: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    product_id = await catalog.product()
    await catalog.start("cart", currency="EUR")
    path = f"/cart/ada/add?product_id={product_id}"
    [item] = (await catalog.call("cart", "POST", path)).json["cart"]
    assert (item["price"], item["validated"]) == (None, False)
    assert REASON in reasons(caplog)


async def test_an_order_is_not_held_by_a_catalog_with_another_currency(
    catalog: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    product_id = await catalog.product()
    await catalog.start("order", currency="EUR")
    body = {"user_id": "ada", "items": [{"product_id": product_id, "quantity": 1}]}
    reply = await catalog.call("order", "POST", "/orders", json=body)
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    caplog.set_level("INFO")
    await until(lambda: REASON in reasons(caplog))


async def test_a_payment_in_another_currency_pays_nothing(shop: Shop) -> None:
    await shop.start("order")
    order = await stored_order(shop, "HELD")
    found: Peer = await answering(shop, [payment(order.order_id, currency="EUR")])
    reply = await notify_by_hand(shop, order.order_id)
    assert reply.status == 503
    assert "currency: expected USD, the currency of this shop, got 'EUR'" in reply.json["detail"]
    assert found.calls
    assert await rows(shop, "order", "SELECT status FROM orders") == [{"status": "CREATED"}]
