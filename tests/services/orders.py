"""Orders and payments brought to any state by the services' own transitions: no peer need run."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from services.common.core.clock import utc_now
from services.common.core.currency import USD
from services.common.core.money import Amount
from services.common.core.rejection import Rejection
from services.common.web.keys import DATABASE
from services.order import placement, store, transitions
from services.order.model import Checkout, Item, Order, OrderPayment
from tests.shop import Reply, Shop, as_json

TOTAL = 500
ITEM = Item(product_id=1, quantity=2, sku="PD-1", name="Pear Drops", price_minor=250)

P = "00000000-0000-4000-8000-000000000001"
"""The payment that has paid, where one has."""
Q = "00000000-0000-4000-8000-000000000002"
"""Another one."""

REJECTION = Rejection(status=409, code="insufficient_stock", detail="There is not enough")


def place(
    conn: sqlite3.Connection, *, user_id: str = "ada", cart_version: int | None = None
) -> Order:
    """Write an order down, as CREATED and REQUESTED; or find the one that its cart has become."""
    checkout = Checkout(
        user_id=user_id,
        items=[Item(product_id=1, quantity=2)],
        cart_version=cart_version,
        expected_total_minor=None,
        currency=USD,
        seconds_to_pay=900.0,
    )
    return placement.place_order(conn, checkout, None, utc_now(), "a request").order


def paid_by(order: Order, payment_id: str = P, cents: int = TOTAL) -> OrderPayment:
    """ada's payment of an order."""
    return OrderPayment(
        payment_id=payment_id, order_id=order.order_id, user_id="ada", amount=Amount(cents, USD)
    )


def order_in(
    conn: sqlite3.Connection, /, stock_state: str, payment_id: str = P, **how: Any
) -> Order:
    """An order of ada's in the state that this stock state belongs to."""
    order = place(conn, **how)

    def now() -> Order:
        return store.get_order(conn, order.order_id)

    def move_stock(state: Any) -> None:
        transitions.finish_stock(conn, now(), state, "the test has it so", utc_now())

    if stock_state == "NONE":
        transitions.reject_order(conn, order, REJECTION, utc_now(), "a request")
    if stock_state in ("REQUESTED", "NONE"):
        return now()
    transitions.hold_stock(conn, order, [ITEM], TOTAL, utc_now(), "a request")
    if stock_state.startswith("RELEASE"):
        transitions.cancel_order(conn, order.order_id, "customer_request", utc_now(), "a request")
    elif stock_state != "HELD":
        transitions.mark_paid(conn, paid_by(order, payment_id), utc_now())
        if stock_state != "COMMIT_DUE":
            move_stock("COMMITTED")
        if stock_state.startswith("RETURN"):
            transitions.mark_refunded(conn, order.order_id, payment_id, utc_now())
    if stock_state in ("RELEASED", "RETURNED"):
        move_stock(stock_state)
    return now()


async def stored_order(shop: Shop, stock_state: str, **how: Any) -> Order:
    """Such an order in a running order service."""
    return await shop.app("order")[DATABASE].write(order_in, stock_state, **how)


async def notify(
    shop: Shop, order_id: str, payment_id: str = P, cents: int = TOTAL, **more: Any
) -> Reply:
    """Notify the order of a payment as the payment service does."""
    notification = {"payment_id": payment_id, "amount": cents / 100, "user_id": "ada", **more}
    return await shop.call("order", "POST", f"/orders/{order_id}/payment", **as_json(notification))


def some_uuid() -> str:
    """An id that nothing has."""
    return str(uuid.uuid4())
