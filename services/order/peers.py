"""What the order service asks of its peers. Only a definite answer is returned: anything else is
NotKnown, whatever it was, and is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from aiohttp import web

from client.errors import NotFound as PeerNotFound
from client.errors import ShopError
from services.common.errors import Conflict, Unavailable
from services.common.money import Money, Price, as_decimal
from services.common.peers import ask, definite_refusal
from services.common.recovery import NotKnown
from services.common.refusal import Refusal

from .messages import OrderPayment
from .model import Item, Order

ReservationMove = Literal["commit", "release", "return"]

REFUSALS = frozenset(
    {
        (409, "insufficient_stock"),
        (409, "price_changed"),
        (404, "product_not_found"),
        (422, "order_total_zero"),
    }
)
"""The catalog's answers that settle a reservation, besides its success."""

DONE: dict[ReservationMove, frozenset[str]] = {
    "commit": frozenset({"COMMITTED"}),
    "release": frozenset({"RELEASED", "REJECTED", "RETURNED"}),
    "return": frozenset({"RETURNED", "REJECTED", "RELEASED"}),
}
"""What the catalog has a reservation in once a move is through, or where it moves nothing."""


class CartLine(msgspec.Struct, frozen=True):
    product_id: int
    quantity: int


class Cart(msgspec.Struct, frozen=True):
    """A cart, as far as an order needs it; also what a close answers."""

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
    """A reservation as the catalog has it."""

    order_id: str
    state: Literal["HELD", "COMMITTED", "RELEASED", "RETURNED", "REJECTED"]
    lines: list[HeldLine]
    total_amount: Money


class Peers:
    """The calls of the order service."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    async def read_cart(self, user_id: str) -> Cart:
        """A user's cart now. Raises Unavailable."""
        try:
            cart = await ask(self._app, Cart, "cart", "GET", f"/cart/{user_id}")
        except ShopError as error:
            raise Unavailable(
                f"The cart cannot be read: {error}", code="cart_unavailable"
            ) from None
        if cart.user_id != user_id:
            raise Unavailable("The cart service answered for another", code="cart_unavailable")
        return cart

    async def reserve(self, order: Order) -> tuple[Sequence[Item], int] | Refusal:
        """Have the catalog hold an order's stock: the lines with names and prices, and their total
        in cents; or its refusal.
        """
        wanted = {
            "lines": [
                {
                    "product_id": item.product_id,
                    "quantity": item.quantity,
                    "price": as_decimal(item.expected_cents),
                }
                for item in order.items
            ],
            "expected_total": as_decimal(order.expected_total_cents),
        }
        path = f"/reservations/{order.order_id}"
        try:
            held = await ask(self._app, Held, "catalog", "PUT", path, body=wanted)
        except ShopError as error:
            return definite_refusal(error, REFUSALS, order_id=order.order_id)
        if held.order_id != order.order_id or held.state not in ("HELD", "COMMITTED"):
            raise NotKnown("the catalog answered for another order")
        return _priced(order.items, held), held.total_amount

    async def move_reservation(self, order_id: str, move: ReservationMove) -> None:
        """Have the catalog commit, release or return what an order holds."""
        path = f"/reservations/{order_id}/{move}"
        try:
            held = await ask(self._app, Held, "catalog", "POST", path)
        except ShopError as error:
            raise NotKnown(str(error)) from None
        if held.order_id != order_id or held.state not in DONE[move]:
            raise NotKnown("the catalog answered for another order, or did something else")

    async def close_cart(self, order: Order) -> int:
        """Take an order's lines out of the cart they came from; returns the version it left."""
        body = {"order_id": order.order_id, "version": order.cart_version}
        path = f"/cart/{order.user_id}/close"
        try:
            cart = await ask(self._app, Cart, "cart", "POST", path, body=body)
        except ShopError as error:
            raise NotKnown(str(error)) from None
        if cart.user_id != order.user_id:
            raise NotKnown("the cart service answered for another user")
        return cart.version

    async def find_payment(self, order_id: str, payment_id: str | None) -> OrderPayment:
        """The payment that an order is said to have; without a `payment_id`, its live one.

        Raises Conflict (`no_payment`), Unavailable.
        """
        try:
            if payment_id is None:
                found = await ask(
                    self._app,
                    list[OrderPayment],
                    "payment",
                    "GET",
                    "/payments",
                    query={"order_id": order_id},
                )
            else:
                path = f"/payments/{payment_id}"
                found = [await ask(self._app, OrderPayment, "payment", "GET", path)]
        except ShopError as error:
            if not isinstance(error, PeerNotFound) or error.code != "payment_not_found":
                raise Unavailable(f"The payment cannot be looked up: {error}") from None
            found = []
        # One that is named may be refunded by now: the order, which it has paid, says so.
        unfit = ("FAILED",) if payment_id else ("FAILED", "REFUNDING", "REFUNDED")
        for payment in found:
            meant = payment.order_id == order_id and payment_id in (None, payment.payment_id)
            if meant and payment.status not in unfit:
                return payment
        raise Conflict(
            f"Order {order_id} has no such payment; pay it with POST /pay",
            code="no_payment",
            about={"order_id": order_id},
        )


def _priced(items: Sequence[Item], held: Held) -> list[Item]:
    """An order's lines with the names and prices they are held at.

    Raises NotKnown where that is not what the order asked for, or does not add up.
    """
    lines = {line.product_id: line for line in held.lines}
    quantities = {item.product_id: item.quantity for item in items}
    total = sum(line.price * line.quantity for line in held.lines)
    if {id_: line.quantity for id_, line in lines.items()} != quantities or not (
        0 < total == held.total_amount
    ):
        raise NotKnown("the catalog holds something else than was asked for")
    return [
        msgspec.structs.replace(
            item,
            sku=lines[item.product_id].sku,
            name=lines[item.product_id].name,
            price_cents=int(lines[item.product_id].price),
        )
        for item in items
    ]
