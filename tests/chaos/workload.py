"""What the clients do: buy, pay twice, change their mind, and look. Seeded, all at once."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .caller import Caller
from .history import Record
from .payments import RECENT, Payments

SLOW_RESERVE = "slow-reserve-"
"""Begins the request id of a checkout whose reservation the proxy is to hold up."""
LATE_RESERVE = "late-reserve-"
"""Begins the request id of one whose reservation is to come when nobody waits for it any more."""
NO_PRODUCT = 999_999


class Goods(NamedTuple):
    """The products: hot ones that everybody wants, five of each, and cold ones, many of each."""

    hot: Sequence[int]
    cold: Sequence[int]


class Customer:
    """One client, with a cart of its own, doing one thing after another until it is stopped.

    A `tidy` one takes nothing out of its cart by hand, so that every unit it put in can be told.
    """

    def __init__(self, caller: Caller, operator: Caller, goods: Goods, *, tidy: bool) -> None:
        self._caller = caller
        self._operator = operator
        self._payments = Payments(caller, operator)
        self._goods = goods
        self._rng = caller.rng
        self._cart = f"/cart/{caller.name}"
        self._orders: deque[str] = deque(maxlen=RECENT)
        actions: list[tuple[int, Callable[[], Awaitable[Any]]]] = [
            (26, self.add),
            (0 if tidy else 5, self.change_cart),
            (14, self.checkout),
            (3, self.checkout_and_add),
            (5, self.buy_at_once),
            (2, self.cancel_on_the_way),
            (18, self._payments.pay),
            (6, self._payments.pay_twice),
            (5, self._payments.cancel),
            (6, self._payments.refund),
            (2, self.restock),
            (1, self.restock_and_look),
            (10, self.look),
        ]
        self._weights = [weight for weight, _ in actions]
        self._actions = [action for _, action in actions]

    def keep_to(self, weights: Mapping[str, int]) -> None:
        """Do only these, as often in relation to each other."""
        names = [getattr(action, "__name__", "") for action in self._actions]
        assert weights.keys() <= set(names), weights
        self._weights = [weights.get(name, 0) for name in names]

    async def run(self) -> None:
        """Do one thing after another, for good."""
        while True:
            (action,) = self._rng.choices(self._actions, self._weights)
            await action()
            await asyncio.sleep(self._rng.uniform(0.0, 0.04))

    async def add(self, product: int | None = None) -> None:
        """Put units in the cart; now and then be gone before the answer."""
        body = {"product_id": product or self._product(), "quantity": self._rng.randint(1, 2)}
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
            self._note(record)
        else:
            self._note(await self._caller.insist(*args, sent=body, key=key))

    async def checkout_and_add(self) -> None:
        """Order what is in the cart while more of it is put in, and perhaps order that, too."""
        product = self._rng.choice(self._goods.cold)
        await self.add(product)

        async def add_more() -> None:
            await asyncio.sleep(self._rng.uniform(0.0, 0.05))
            await self.add(product)
            if self._rng.random() < 0.5:
                await self.checkout()

        await asyncio.gather(self.checkout(), add_more())

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
        self._note(await self._caller.insist(*args, sent=body, key=key))

    async def cancel_on_the_way(self) -> None:
        """Order, and cancel while the reservation is on its way to the catalog, or long before."""
        items = [{"product_id": self._rng.choice(self._goods.cold), "quantity": 1}]
        body = {"user_id": self._caller.name, "items": items}
        key = self._caller.new_key()
        fate = self._rng.choice([SLOW_RESERVE, LATE_RESERVE])
        async with asyncio.TaskGroup() as group:
            bought = group.create_task(
                self._caller.call(
                    *("buy", "order", "POST", "/orders"),
                    sent=body,
                    key=key,
                    request_id=f"{fate}{key}",
                )
            )
            await asyncio.sleep(0.1)
            found = await self._caller.call(
                *("orders", "order", "GET", "/orders"),
                params={"status": "CREATED", "user_id": self._caller.name, "limit": "3"},
            )
            for order in (found.answer if found.outcome == "ok" else None) or []:
                if order["stock_state"] == "REQUESTED":
                    await self._payments.cancel_order(order["order_id"])
        self._note(bought.result())

    async def restock_and_look(self) -> None:
        """Read a product while the operator gets more of it, and once more thereafter."""
        product = self._rng.choice(self._goods.hot)
        async with asyncio.TaskGroup() as group:
            restocking = group.create_task(self.restock(product))
            while not restocking.done():
                await self._caller.call("product", "catalog", "GET", f"/products/{product}")
        await self._caller.call("product", "catalog", "GET", f"/products/{product}")

    async def restock(self, product: int | None = None) -> None:
        """The operator gets a few more of a hot product; the reason tells which call it was."""
        product = product or self._rng.choice(self._goods.hot)
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

    def _note(self, record: Record) -> None:
        if record.outcome == "ok":
            self._orders.append(record.answer["order_id"])
            self._payments.remember(record.answer)


def rng_of(seed: int, what: object) -> random.Random:
    """The random numbers of one part of a run."""
    return random.Random(f"{seed} {what}")
