"""What the clients do: buy, pay twice, change their mind, and look. Seeded, all at once."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from .caller import Caller, money
from .history import Record

SLOW_RESERVE = "slow-reserve-"
"""Begins the request id of a checkout whose reservation the proxy is to hold up."""
NO_PRODUCT = 999_999
RECENT = 12


class Goods(NamedTuple):
    """The products: hot ones that everybody wants, five of each, and cold ones, many of each."""

    hot: Sequence[int]
    cold: Sequence[int]


class Unpaid(NamedTuple):
    order_id: str
    total: Decimal


class Customer:
    """One client, with a cart of its own, doing one thing after another until it is stopped.

    A `tidy` one takes nothing out of its cart by hand, so that every unit it put in can be told.
    """

    def __init__(self, caller: Caller, operator: Caller, goods: Goods, *, tidy: bool) -> None:
        self._caller = caller
        self._operator = operator
        self._goods = goods
        self._rng = caller.rng
        self._cart = f"/cart/{caller.name}"
        self._unpaid: deque[Unpaid] = deque(maxlen=RECENT)
        self._orders: deque[str] = deque(maxlen=RECENT)
        self._payments: deque[str] = deque(maxlen=RECENT)
        deeds: list[tuple[int, Callable[[], Awaitable[Any]]]] = [
            (26, self.add),
            (0 if tidy else 5, self.change_cart),
            (14, self.checkout),
            (5, self.buy_at_once),
            (2, self.cancel_on_the_way),
            (24, self.pay),
            (5, self.cancel),
            (6, self.refund),
            (2, self.restock),
            (10, self.look),
        ]
        self._weights = [weight for weight, _ in deeds]
        self._deeds = [deed for _, deed in deeds]

    async def run(self) -> None:
        """Do one thing after another, for good."""
        while True:
            (deed,) = self._rng.choices(self._deeds, self._weights)
            await deed()
            await asyncio.sleep(self._rng.uniform(0.0, 0.04))

    async def add(self) -> None:
        """Put units in the cart; now and then be gone before the answer."""
        body = {"product_id": self._product(), "quantity": self._rng.randint(1, 2)}
        args = ("add", "cart", "POST", f"{self._cart}/add")
        key = self._caller.new_key()
        if self._rng.random() < 0.04:
            after = self._rng.uniform(0.001, 0.02)
            await self._caller.leave(*args, sent=body, key=key, after=after)
        else:
            await self._caller.insist(*args, sent=body, key=key)

    async def change_cart(self) -> None:
        """Take out by hand: a product, all, or down to one unit."""
        item = f"{self._cart}/items/{self._product()}"
        choice = self._rng.random()
        if choice < 0.4:
            await self._caller.call("set", "cart", "PUT", item, sent={"quantity": 1})
        elif choice < 0.9:
            await self._caller.call("take_out", "cart", "DELETE", item)
        else:
            await self._caller.call("take_out", "cart", "DELETE", self._cart)

    async def checkout(self) -> None:
        """Order what is in the cart."""
        body = {"user_id": self._caller.name}
        if self._rng.random() < 0.04:
            body["expected_total"] = 0.01  # type: ignore[assignment]  # never what it costs
        key = self._caller.new_key()
        args = ("checkout", "order", "POST", "/orders")
        if self._rng.random() < 0.04:
            after = self._rng.uniform(0.001, 0.05)
            await self._caller.leave(*args, sent=body, key=key, after=after)
        elif self._rng.random() < 0.1:
            again = self._caller.call(*args, sent=body, key=key)
            record, _ = await asyncio.gather(self._caller.insist(*args, sent=body, key=key), again)
            self._note_order(record)
        else:
            self._note_order(await self._caller.insist(*args, sent=body, key=key))

    async def buy_at_once(self) -> None:
        """Order named items; hot ones most often, which are soon sold out."""
        product = self._rng.choice(
            self._goods.hot if self._rng.random() < 0.7 else self._goods.cold
        )
        if self._rng.random() < 0.04:
            product = NO_PRODUCT
        items = [{"product_id": product, "quantity": self._rng.randint(1, 3)}]
        body = {"user_id": self._caller.name, "items": items}
        key = self._caller.new_key()
        args = ("buy", "order", "POST", "/orders")
        self._note_order(await self._caller.insist(*args, sent=body, key=key))

    async def cancel_on_the_way(self) -> None:
        """Order, and cancel while the reservation is on its way to the catalog."""
        items = [{"product_id": self._rng.choice(self._goods.cold), "quantity": 1}]
        body = {"user_id": self._caller.name, "items": items}
        key = self._caller.new_key()
        bought = asyncio.create_task(
            self._caller.call(
                *("buy", "order", "POST", "/orders"),
                sent=body,
                key=key,
                request_id=f"{SLOW_RESERVE}{key}",
            )
        )
        await asyncio.sleep(0.1)
        found = await self._caller.call(
            *("orders", "order", "GET", "/orders"),
            params={"status": "CREATED", "user_id": self._caller.name, "limit": "3"},
        )
        for order in (found.answer if found.outcome == "ok" else None) or []:
            if order["stock_state"] == "REQUESTED":
                await self._cancel(order["order_id"])
        self._note_order(await bought)

    async def pay(self) -> None:
        """Pay an order: once; twice at once with the same key, another or none; a wrong amount;
        while it is cancelled; or gone before the answer.
        """
        if not self._unpaid:
            return
        order = self._unpaid.popleft()
        first, second = self._caller.new_key(), self._caller.new_key()
        choice = self._rng.random()
        if choice < 0.06:
            await self._pay_with(first, order._replace(total=order.total + 1))
            self._unpaid.append(order)
        elif choice < 0.12:
            after = self._rng.uniform(0.001, 0.03)
            await self._caller.leave(**self._payment(order), key=first, after=after)
        elif choice < 0.22:
            await asyncio.gather(self._pay_with(first, order), self._pay_with(first, order))
        elif choice < 0.32:
            await asyncio.gather(self._pay_with(first, order), self._pay_with(second, order))
        elif choice < 0.4:
            await asyncio.gather(self._pay_with(None, order), self._pay_with(None, order))
        elif choice < 0.5:
            await asyncio.gather(self._pay_with(first, order), self._cancel(order.order_id))
        elif choice < 0.55:
            await self._pay_with(first, order)
            await self._pay_with(second, order)
        else:
            await self._pay_with(first, order)

    async def cancel(self) -> None:
        """Cancel an order that is not paid."""
        if self._unpaid:
            await self._cancel(self._unpaid.popleft().order_id)

    async def refund(self) -> None:
        """The operator gives the money back; now and then twice at once."""
        if not self._payments:
            return
        path = f"/payments/{self._payments.popleft()}/refund"
        calls = [
            self._operator.insist("refund", "payment", "POST", path, key=self._operator.new_key())
            for _ in range(1 if self._rng.random() < 0.8 else 2)
        ]
        await asyncio.gather(*calls)

    async def restock(self) -> None:
        """The operator gets a few more of a hot product; the reason tells which call it was."""
        product = self._rng.choice(self._goods.hot)
        key = self._operator.new_key()
        await self._operator.insist(
            *("restock", "catalog", "POST", f"/products/{product}/stock"),
            sent={"delta": self._rng.randint(1, 3), "reason": key},
            key=key,
        )

    async def look(self) -> None:
        """Read the cart, a product, an order and its history."""
        choice = self._rng.random()
        if choice < 0.25:
            await self._caller.call("cart", "cart", "GET", self._cart)
        elif choice < 0.5 or not self._orders:
            path = f"/products/{self._product()}"
            await self._caller.call("product", "catalog", "GET", path)
        elif choice < 0.65:
            path = f"/orders/{self._rng.choice(self._orders)}"
            await self._caller.call("order", "order", "GET", path)
        else:
            path = f"/orders/{self._rng.choice(self._orders)}/events"
            await self._caller.call("events", "order", "GET", path)

    def _product(self) -> int:
        return self._rng.choice(self._goods.hot if self._rng.random() < 0.3 else self._goods.cold)

    def _note_order(self, record: Record) -> None:
        if record.outcome != "ok":
            return
        order = record.answer
        self._orders.append(order["order_id"])
        if order["status"] == "CREATED" and order["total_amount"] is not None:
            self._unpaid.append(Unpaid(order["order_id"], money(order["total_amount"])))

    def _payment(self, order: Unpaid) -> dict[str, Any]:
        return {
            "op": "pay",
            "service": "payment",
            "method": "POST",
            "path": "/pay",
            "sent": {"order_id": order.order_id, "amount": order.total},
        }

    async def _pay_with(self, key: str | None, order: Unpaid) -> None:
        record = await self._caller.insist(**self._payment(order), key=key)
        if record.outcome == "ok" and record.status == 200 and self._rng.random() < 0.5:
            self._payments.append(record.answer["payment_id"])

    async def _cancel(self, order_id: str) -> None:
        path = f"/orders/{order_id}/cancel"
        key = self._caller.new_key()
        await self._caller.insist("cancel", "order", "POST", path, key=key)


def rng_of(seed: int, what: object) -> random.Random:
    """The random numbers of one part of a run."""
    return random.Random(f"{seed} {what}")
