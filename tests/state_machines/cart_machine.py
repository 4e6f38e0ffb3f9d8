"""Cart, order and close: however messages and kills fall, each unit that was put in a cart is in at
most one order, and what was put in meanwhile stays.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .clients import Ask, Heard, body, newest
from .machine import ANY, HOPS, KEY
from .stock_machine import StockMachine

PRODUCT = st.integers(1, 2)
CLOSES = "SELECT order_id, version FROM cart_closes ORDER BY rowid"
UNITS = "SELECT product_id, version, quantity FROM cart_units"

Unit = tuple[int, int, int]
"""A unit in a cart: its product, the version at which it came, and which of those it is."""


class CartMachine(StockMachine):
    """One customer's cart and its orders. The model is the cart's units, one by one."""

    services: ClassVar = ("catalog", "cart", "order")
    killable: ClassVar = ("cart", "order")
    direct: ClassVar = frozenset({("cart", "catalog")})
    stock: ClassVar = {1: 40, 2: 4}

    def __init__(self) -> None:
        self.version = 0
        self.units_at: dict[int, list[Unit]] = {0: []}
        """What the cart held at each version."""
        self.closed: set[str] = set()
        self.doing: Ask | None = None
        """What was last asked of the cart: it may have been done, or not."""
        self.told: list[tuple[int, Counter[int]]] = []
        """Versions of the cart, and what it was said to hold then."""
        self.orders_by_key: dict[str, str] = {}
        super().__init__()

    @precondition(lambda self: "cart" in self.world.running)
    @rule(product=PRODUCT, quantity=st.integers(1, 2), key=KEY)
    def add(self, product: int, quantity: int, key: str | None) -> None:
        addition = body(product_id=product, quantity=quantity)
        self.ask(Ask("cart", "POST", "/cart/ada/add", addition, key))

    @precondition(lambda self: "cart" in self.world.running)
    @rule(product=st.sampled_from([1, 2, None]), quantity=st.integers(0, 3))
    def take_out(self, product: int | None, quantity: int) -> None:
        """Or put in: all of a product but so many; or everything."""
        if product is None:
            self.ask(Ask("cart", "DELETE", "/cart/ada"))
        else:
            self.ask(Ask("cart", "PUT", f"/cart/ada/items/{product}", body(quantity=quantity)))

    @precondition(lambda self: "cart" in self.world.running)
    @rule(product=PRODUCT, hops=HOPS)
    def buy(self, product: int, hops: float) -> None:
        """Put in one more, and check out."""
        self.add(product, 1, None)
        self.nothing_is_broken()
        self.check_out(None, hops)

    @rule(key=KEY, hops=HOPS)
    def check_out(self, key: str | None, hops: float) -> None:
        self.ask(Ask("order", "POST", "/orders", body(user_id="ada"), key), hops)

    @precondition(lambda self: "order" in self.world.running and self.orders)
    @rule(which=ANY, key=KEY, hops=HOPS)
    def cancel(self, which: int, key: str | None, hops: float) -> None:
        order_id = newest(self.orders, which)
        self.ask(Ask("order", "POST", f"/orders/{order_id}/cancel", "", key), hops)

    def ask(self, ask: Ask, hops: float = math.inf) -> None:
        if ask.to == "cart" and "cart" in self.world.running:
            self.doing = ask
        super().ask(ask, hops)

    def heard(self, heard: Heard) -> None:
        if heard.reply.status >= 400:
            return
        told = heard.json
        if heard.ask.to == "cart":
            lines = told["cart"] if "cart" in told else told["items"]
            held = Counter({line["product_id"]: line["quantity"] for line in lines})
            self.told.append((told["version"], held))
        elif heard.ask.path == "/orders" and heard.ask.key is not None:
            order_id = self.orders_by_key.setdefault(heard.ask.key, told["order_id"])
            assert told["order_id"] == order_id

    def holds(self) -> None:
        super().holds()
        if "cart" in self.world.running:
            self.cart_is_as_modelled()
            if "order" in self.world.running:
                self.units_are_in_one_order()

    def cart_is_as_modelled(self) -> None:
        """Each unit is there that was put in and not taken out, by hand or by an order."""
        closes = [
            (order_id, version)
            for order_id, version in self.world.rows("cart", CLOSES)
            if order_id not in self.closed
        ]
        [(version,)] = self.world.rows("cart", "SELECT coalesce(max(version), 0) FROM cart")
        if self.doing is not None and version - len(closes) > self.version:
            self._change(self._done(self.doing))
        self.doing = None
        for order_id, closed_at in closes:
            self.closed.add(order_id)
            self._change([unit for unit in self.units_at[self.version] if unit[1] > closed_at])
        assert version == self.version
        units = Counter(unit[:2] for unit in self.units_at[version])
        assert {(id_, at): n for id_, at, n in self.world.rows("cart", UNITS)} == units
        for told_version, held in self.told:
            assert held == _count(self.units_at[told_version])
        self.told.clear()

    def units_are_in_one_order(self) -> None:
        """Promise 6."""
        taken: set[Unit] = set()
        for order_id, order in self.orders.items():
            units = self.units_at[order["cart_version"]]
            items = {item["product_id"]: item["quantity"] for item in json.loads(order["items"])}
            assert items == _count(units)
            if order["cart_state"] == "FREE":
                assert order["status"] in ("CANCELLED", "REJECTED")
                continue
            assert not taken & {*units}
            taken.update(units)
            if order["cart_state"] == "CLOSED":
                assert order_id in self.closed
                assert not {*units} & {*self.units_at[self.version]}
        placing = [ask for ask in self.asked if ask.path == "/orders"]
        assert len(self.orders) <= len([ask for ask in placing if ask.key is None]) + len(
            {ask.key for ask in placing if ask.key is not None}
        )

    def settled(self) -> None:
        super().settled()
        for order in self.orders.values():
            assert order["cart_state"] in ("CLOSED", "FREE")

    def _change(self, units: list[Unit]) -> None:
        self.version += 1
        self.units_at[self.version] = units

    def _done(self, ask: Ask) -> list[Unit]:
        """What the cart holds once it has done what it was asked: the newest units go first."""
        if ask.method == "DELETE":
            return []
        units = sorted(self.units_at[self.version])
        wanted = json.loads(ask.body)
        product = wanted.get("product_id") or int(ask.path.rpartition("/")[2])
        of_it = [unit for unit in units if unit[0] == product]
        quantity = wanted["quantity"] + (len(of_it) if ask.method == "POST" else 0)
        new = [(product, self.version + 1, n) for n in range(quantity - len(of_it))]
        return [unit for unit in units if unit[0] != product] + of_it[:quantity] + new


def _count(units: list[Unit]) -> Counter[int]:
    """How many there are of each product."""
    return Counter(product for product, _, _ in units)
