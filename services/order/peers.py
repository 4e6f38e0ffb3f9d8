"""The order service's calls to its peers. Those that a step makes return only a definite answer
(services/README.md); for any other they raise Inconclusive, and the call is made again later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from aiohttp import web

from client.errors import NotFound as PeerNotFound
from client.errors import ShopError
from client.wire import path_segment
from services.common.core.errors import Conflict, Unavailable
from services.common.core.money import Amount, Money, OwnCurrency, Price
from services.common.core.rejection import Rejection
from services.common.durable.peers import ask, definite_rejection
from services.common.durable.recovery import Inconclusive

from .model import Item, Order, OrderPayment

ReservationAction = Literal["commit", "release", "return"]

REJECTIONS = frozenset(
    {
        (409, "insufficient_stock"),
        (409, "price_changed"),
        (404, "product_not_found"),
        (422, "order_total_zero"),
    }
)
"""The catalog's rejections that settle a reservation."""

DONE: dict[ReservationAction, frozenset[str]] = {
    "commit": frozenset({"COMMITTED"}),
    "release": frozenset({"RELEASED", "REJECTED", "RETURNED"}),
    "return": frozenset({"RETURNED", "REJECTED", "RELEASED"}),
}
"""The states of a reservation in which an action is done, or has nothing to do."""


class CartLine(msgspec.Struct, frozen=True):
    product_id: int
    quantity: int


class Cart(msgspec.Struct, frozen=True):
    """The part of a cart that an order needs; also the answer to a close."""

    user_id: str
    version: int
    items: list[CartLine]


class HeldLine(msgspec.Struct, frozen=True):
    product_id: int
    sku: str | None
    name: str
    price: Price
    quantity: int


class Held(msgspec.Struct, frozen=True):
    """The catalog's answer about a reservation."""

    order_id: str
    state: Literal["HELD", "COMMITTED", "RELEASED", "RETURNED", "REJECTED"]
    lines: list[HeldLine]
    total_amount: Money
    currency: OwnCurrency


class PaymentAnswer(msgspec.Struct, frozen=True):
    """The payment service's answer about a payment; `user_id` is null if the operator paid."""

    payment_id: str
    order_id: str
    user_id: str | None
    amount: Amount
    currency: OwnCurrency
    status: Literal["PENDING", "COMPLETED", "REFUNDING", "REFUNDED", "FAILED"]

    def payment(self) -> OrderPayment:
        """As far as the order needs it."""
        return OrderPayment(
            payment_id=self.payment_id,
            order_id=self.order_id,
            user_id=self.user_id,
            amount=self.amount,
        )


class Peers:
    """The calls of the order service."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    async def read_cart(self, user_id: str) -> Cart:
        """A user's cart now. Raises Unavailable (`cart_unavailable`)."""
        path = f"/cart/{path_segment(user_id)}/lines"
        try:
            cart = await ask(self._app, Cart, "cart", "GET", path)
        except ShopError as error:
            raise Unavailable(
                f"The cart cannot be read: {error}", code="cart_unavailable"
            ) from None
        if cart.user_id != user_id:
            raise Unavailable("The cart service answered for another", code="cart_unavailable")
        return cart

    async def reserve(self, order: Order) -> tuple[Sequence[Item], int] | Rejection:
        """Have the catalog hold an order's stock. Returns the items with names and prices, and the
        total in the smallest unit; or the catalog's rejection. Raises Inconclusive.
        """
        wanted = {
            "lines": [
                {
                    "product_id": item.product_id,
                    "quantity": item.quantity,
                    "price": order.currency.major(item.expected_minor),
                }
                for item in order.items
            ],
            "expected_total": order.currency.major(order.expected_total_minor),
        }
        path = f"/reservations/{order.order_id}"
        try:
            held = await ask(self._app, Held, "catalog", "PUT", path, body=wanted)
        except ShopError as error:
            return definite_rejection(error, REJECTIONS, order_id=order.order_id)
        if held.order_id != order.order_id or held.state not in ("HELD", "COMMITTED"):
            raise Inconclusive("the catalog answered for another order")
        return _priced(order.items, held), held.total_amount

    async def change_reservation(self, order_id: str, action: ReservationAction) -> None:
        """Have the catalog commit, release or return what an order holds. Raises Inconclusive."""
        path = f"/reservations/{order_id}/{action}"
        try:
            held = await ask(self._app, Held, "catalog", "POST", path)
        except ShopError as error:
            raise Inconclusive(str(error)) from None
        if held.order_id != order_id or held.state not in DONE[action]:
            raise Inconclusive("the catalog answered for another order, or did something else")

    async def close_cart(self, order: Order) -> int:
        """Remove an order's units from their cart; returns the cart's version after that. Raises
        Inconclusive.
        """
        body = {"order_id": order.order_id, "version": order.cart_version}
        path = f"/cart/{path_segment(order.user_id)}/close"
        try:
            cart = await ask(self._app, Cart, "cart", "POST", path, body=body)
        except ShopError as error:
            raise Inconclusive(str(error)) from None
        if cart.user_id != order.user_id:
            raise Inconclusive("the cart service answered for another user")
        return cart.version

    async def find_payment(self, order_id: str, payment_id: str | None) -> OrderPayment:
        """The payment `payment_id` of an order; without a `payment_id`, the order's live payment.

        Raises Conflict (`no_payment`), Unavailable.
        """
        try:
            if payment_id is None:
                found = await ask(
                    self._app,
                    list[PaymentAnswer],
                    "payment",
                    "GET",
                    "/payments",
                    query={"order_id": order_id},
                )
            else:
                path = f"/payments/{payment_id}"
                found = [await ask(self._app, PaymentAnswer, "payment", "GET", path)]
        except ShopError as error:
            if not isinstance(error, PeerNotFound) or error.code != "payment_not_found":
                raise Unavailable(f"The payment cannot be looked up: {error}") from None
            found = []
        # A payment that is named may have been refunded since: then it has paid the order.
        unfit = ("FAILED",) if payment_id else ("FAILED", "REFUNDING", "REFUNDED")
        for payment in found:
            meant = payment.order_id == order_id and payment_id in (None, payment.payment_id)
            if meant and payment.status not in unfit:
                return payment.payment()
        raise Conflict(
            f"Order {order_id} has no such payment; pay it with POST /pay",
            code="no_payment",
            extensions={"order_id": order_id},
        )


def _priced(items: Sequence[Item], held: Held) -> list[Item]:
    """An order's items with the names and prices in the reservation.

    Raises Inconclusive if the reservation is not of these items, or its total is wrong.
    """
    lines = {line.product_id: line for line in held.lines}
    quantities = {item.product_id: item.quantity for item in items}
    total = sum(line.price * line.quantity for line in held.lines)
    if {id_: line.quantity for id_, line in lines.items()} != quantities or not (
        0 < total == held.total_amount
    ):
        raise Inconclusive("the catalog holds something else than was asked for")
    return [
        msgspec.structs.replace(
            item,
            sku=lines[item.product_id].sku,
            name=lines[item.product_id].name,
            price_minor=int(lines[item.product_id].price),
        )
        for item in items
    ]
