"""What the order service asks of its peers. Only a definite answer is returned: anything else is
NotKnown, whatever it was, and is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from client.errors import NotFound as PeerNotFound
from client.errors import ShopError
from services.common.errors import Conflict, Invalid, Malformed, Unavailable
from services.common.keys import SETTINGS, TRANSPORT
from services.common.money import Price, as_decimal
from services.common.recovery import NotKnown
from services.common.wire import build, parse_json

from .model import Item, Order, OrderPayment, Refusal

T = TypeVar("T")

ReservationMove = Literal["commit", "release", "return"]

REFUSALS = {
    "insufficient_stock": 409,
    "price_changed": 409,
    "product_not_found": 404,
    "order_total_zero": 422,
}
"""The catalog's codes that settle a reservation, each with its status."""


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
    state: Literal["HELD", "COMMITTED", "RELEASED", "RETURNED"]
    lines: list[HeldLine]


class Peers:
    """The calls of the order service."""

    def __init__(self, app: web.Application) -> None:
        self._transport = app[TRANSPORT]
        self._deadline = app[SETTINGS].peer_deadline

    async def read_cart(self, user_id: str) -> Cart:
        """A user's cart now. Raises Unavailable."""
        try:
            cart = await self._ask(Cart, "cart", "GET", f"/cart/{user_id}")
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
            held = await self._ask(Held, "catalog", "PUT", path, wanted)
        except ShopError as error:
            if REFUSALS.get(error.code) == error.status and _names(error, order_id=order.order_id):
                return _refusal(error)
            raise NotKnown(str(error)) from None
        if held.order_id != order.order_id or held.state not in ("HELD", "COMMITTED"):
            raise NotKnown("the catalog answered for another order")
        prices = {line.product_id: line for line in held.lines}
        items = [
            msgspec.structs.replace(
                item,
                sku=prices[item.product_id].sku,
                name=prices[item.product_id].name,
                price_cents=int(prices[item.product_id].price),
            )
            for item in order.items
        ]
        return items, sum(line.price * line.quantity for line in held.lines)

    async def move_reservation(self, order_id: str, move: ReservationMove) -> None:
        """Have the catalog commit, release or return what an order holds."""
        try:
            held = await self._ask(Held, "catalog", "POST", f"/reservations/{order_id}/{move}")
        except ShopError as error:
            raise NotKnown(str(error)) from None
        if held.order_id != order_id:
            raise NotKnown("the catalog answered for another order")

    async def close_cart(self, order: Order) -> int:
        """Take an order's lines out of the cart they came from; returns the version it left."""
        body = {"order_id": order.order_id, "version": order.cart_version}
        try:
            cart = await self._ask(Cart, "cart", "POST", f"/cart/{order.user_id}/close", body)
        except ShopError as error:
            raise NotKnown(str(error)) from None
        if cart.user_id != order.user_id:
            raise NotKnown("the cart service answered for another user")
        return cart.version

    async def find_payment(self, order_id: str, payment_id: str | None) -> OrderPayment:
        """The payment that an order is said to have.

        Raises Conflict (`no_payment`), Unavailable.
        """
        try:
            if payment_id is None:
                found = await self._ask(
                    list[OrderPayment], "payment", "GET", "/payments", query={"order_id": order_id}
                )
            else:
                path = f"/payments/{payment_id}"
                found = [await self._ask(OrderPayment, "payment", "GET", path)]
        except PeerNotFound as error:
            if error.code != "payment_not_found":
                raise Unavailable(f"The payment cannot be looked up: {error}") from None
            found = []
        except ShopError as error:
            raise Unavailable(f"The payment cannot be looked up: {error}") from None
        for payment in found:
            if payment.order_id == order_id and payment.status in ("PENDING", "COMPLETED"):
                return payment
        raise Conflict(
            f"Order {order_id} has no such payment; pay it with POST /pay", code="no_payment"
        )

    async def _ask(
        self,
        shape: type[T],
        service: str,
        method: str,
        path: str,
        body: object = None,
        query: dict[str, str] | None = None,
    ) -> T:
        """One call that may be repeated. Raises ShopError; an answer of another shape is one."""
        answer = await self._transport.request(
            service,
            method,
            path,
            params=query,
            json=body,
            repeatable=True,
            deadline=self._deadline,
        )
        try:
            return build(parse_json(answer.body), shape)
        except (Malformed, Invalid) as error:
            raise ShopError(f"{service} answered something else: {error.detail}") from None


def _refusal(error: ShopError) -> Refusal:
    return build(
        {
            "status": error.status,
            "code": error.code,
            "detail": error.detail,
            "errors": parse_json(error.body).get("errors", []),
        },
        Refusal,
    )


def _names(error: ShopError, **ids: str) -> bool:
    """Whether a refusal is about what was asked, and so settles it."""
    return all(error.problem.get(name) == value for name, value in ids.items())
