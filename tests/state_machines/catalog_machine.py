"""The catalog's stock and reservations: whatever arrives, twice, late or across a kill, each unit
is where the table in services/README.md has it, and each answer is the table's.
"""

from __future__ import annotations

import json
from typing import ClassVar, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import rule

from services.catalog.memory import MEMORY
from services.catalog.messages import ProductQuery

from .clients import REUSED, Ask, Heard, body
from .machine import KEY, ShopMachine
from .network import Message

PRODUCTS = "SELECT id, available, reserved, sold FROM products"
LEDGER = (
    "SELECT product_id, sum(available), sum(reserved), sum(sold) FROM stock_ledger"
    " GROUP BY product_id"
)
RESERVATIONS = "SELECT order_id, state FROM reservations"

OPENING_STOCK = {1: 6, 2: 4}
ORDERS = [f"00000000-0000-4000-8000-{number:012}" for number in range(3)]
LINES = st.dictionaries(st.integers(1, 2), st.integers(1, 4), min_size=1)

Units = tuple[int, int, int]
"""Available, reserved and sold."""

CHANGES: dict[tuple[str | None, str], tuple[str, Units]] = {
    ("HELD", "commit"): ("COMMITTED", (0, -1, 1)),
    ("HELD", "release"): ("RELEASED", (1, -1, 0)),
    ("HELD", "return"): ("RETURNED", (1, -1, 0)),
    ("COMMITTED", "return"): ("RETURNED", (1, 0, -1)),
    (None, "release"): ("RELEASED", (0, 0, 0)),
    (None, "return"): ("RETURNED", (0, 0, 0)),
}
"""The actions that change anything: the state that each leads to, and where each unit goes."""

REJECTIONS: dict[tuple[str | None, str], str] = {
    (None, "commit"): "reservation_not_found",
    ("COMMITTED", "release"): "reservation_committed",
    ("RELEASED", "commit"): "reservation_closed",
    ("REJECTED", "commit"): "reservation_closed",
    ("RETURNED", "commit"): "reservation_closed",
    ("RELEASED", "hold"): "reservation_closed",
    ("RETURNED", "hold"): "reservation_closed",
}
"""What the table rejects."""


class Stock(NamedTuple):
    """What the catalog has, and whom it has told what: the table alone."""

    units: dict[int, Units]
    orders: dict[str, tuple[str, dict[int, int]]]
    """Each order's state and lines."""
    kept: dict[str, tuple[int, str | None]]
    """What each key was for, and how it ended."""

    def after(self, ask: Ask) -> tuple[Stock, str | None]:
        """What there is after a request, and the code of its rejection, if it is rejected."""
        _, _, order_id, *actions = ask.path.split("/")
        wanted = json.loads(ask.body or "{}")
        if ask.path.startswith("/products"):
            return self._adjusted(int(order_id), wanted["delta"], ask.key)
        state, lines = self.orders.get(order_id, (None, {}))
        action = actions[0] if actions else "hold"
        if code := REJECTIONS.get((state, action)):
            return self, code
        if action != "hold":
            target, change = CHANGES.get((state, action), (state, (0, 0, 0)))
            return self._changed(order_id, target or "", lines, change), None
        return self._held(
            order_id, {line["product_id"]: line["quantity"] for line in wanted["lines"]}
        )

    def _held(self, order_id: str, lines: dict[int, int]) -> tuple[Stock, str | None]:
        short = "insufficient_stock"
        if order_id in self.orders:
            state, before = self.orders[order_id]
            if before != lines:
                return self, "reservation_mismatch"
            return self, short if state == "REJECTED" else None
        if any(quantity > self.units[id_][0] for id_, quantity in lines.items()):
            return self._changed(order_id, "REJECTED", lines, (0, 0, 0)), short
        return self._changed(order_id, "HELD", lines, (-1, 1, 0)), None

    def _changed(self, order_id: str, state: str, lines: dict[int, int], change: Units) -> Stock:
        units = dict(self.units)
        for id_, quantity in lines.items():
            available, reserved, sold = units[id_]
            units[id_] = (
                available + change[0] * quantity,
                reserved + change[1] * quantity,
                sold + change[2] * quantity,
            )
        return self._replace(units=units, orders={**self.orders, order_id: (state, lines)})

    def _adjusted(self, id_: int, delta: int, key: str | None) -> tuple[Stock, str | None]:
        name = f"{id_} {key}"
        if key is not None and name in self.kept:
            before, code = self.kept[name]
            return self, code if before == delta else REUSED
        available, reserved, sold = self.units[id_]
        code = "insufficient_stock" if available + delta < 0 else None
        kept = self.kept if key is None else {**self.kept, name: (delta, code)}
        if code is None:
            available += delta
        units = {**self.units, id_: (available, reserved, sold)}
        return self._replace(units=units, kept=kept), code


class CatalogMachine(ShopMachine):
    """What orders ask of the catalog, and an operator who counts the stock."""

    services: ClassVar = ("catalog",)
    killable: ClassVar = services

    def begin(self) -> None:
        for id_, stock in OPENING_STOCK.items():
            product = body(name=f"Sweet {id_}", price=id_, stock=stock)
            self.ask(Ask("catalog", "POST", "/products", product))
        self.asked.clear()
        self.network.served.clear()
        units = {id_: (stock, 0, 0) for id_, stock in OPENING_STOCK.items()}
        self.possible = [Stock(units, {}, {})]
        """More than one where a request was cut off, and what came of it does not show."""

    @rule(order_id=st.sampled_from(ORDERS), lines=LINES, at_once=st.booleans())
    def hold(self, order_id: str, lines: dict[int, int], at_once: bool) -> None:
        wanted = [{"product_id": id_, "quantity": n} for id_, n in sorted(lines.items())]
        path = f"/reservations/{order_id}"
        self.send(Ask("catalog", "PUT", path, body(lines=wanted)), at_once)

    @rule(
        order_id=st.sampled_from(ORDERS),
        action=st.sampled_from(["commit", "release", "return"]),
        at_once=st.booleans(),
    )
    def act(self, order_id: str, action: str, at_once: bool) -> None:
        self.send(Ask("catalog", "POST", f"/reservations/{order_id}/{action}"), at_once)

    @rule(id_=st.integers(1, 2), delta=st.integers(-3, 3), key=KEY, at_once=st.booleans())
    def count(self, id_: int, delta: int, key: str | None, at_once: bool) -> None:
        change = body(delta=delta, reason="count")
        self.send(Ask("catalog", "POST", f"/products/{id_}/stock", change, key), at_once)

    def send(self, ask: Ask, at_once: bool) -> None:
        """Make a request that arrives now, or at some time."""
        message = self.post(ask)
        if at_once:
            self.deliver(message)

    def holds(self) -> None:
        if "catalog" not in self.world.running:
            return
        for message in self.network.served:
            self.answers_are_the_tables(message)
        self.network.served.clear()
        self.stock_is_where_the_table_has_it()
        self.what_is_told_is_what_is_written()

    def what_is_told_is_what_is_written(self) -> None:
        """Also of what is told from memory: promise 1."""
        memory, loop = self.world.running["catalog"].app[MEMORY], self.world.loop
        page = loop.run_until_complete(memory.page(ProductQuery()))
        told = {each["id"]: each["stock"] for each in json.loads(page.json)}
        written = {id_: available for id_, available, *_ in self.world.rows("catalog", PRODUCTS)}
        assert told == written
        for id_, available in written.items():
            product = loop.run_until_complete(memory.product(id_))
            assert json.loads(product.json)["stock"] == available

    def stock_is_where_the_table_has_it(self) -> None:
        """Promise 4; and so is each reservation."""
        units = {id_: tuple(units) for id_, *units in self.world.rows("catalog", PRODUCTS)}
        states = dict(self.world.rows("catalog", RESERVATIONS))
        self.possible = [
            stock
            for stock in self.possible
            if stock.units == units
            and {order_id: state for order_id, (state, _) in stock.orders.items()} == states
        ]
        assert self.possible
        ledger = {id_: tuple(units) for id_, *units in self.world.rows("catalog", LEDGER)}
        assert ledger == units
        assert min(min(each) for each in ledger.values()) >= 0

    def answers_are_the_tables(self, message: Message) -> None:
        """Take in what was answered, and what there may be now."""
        key = message.headers.get("Idempotency-Key")
        ask = Ask("catalog", message.method, message.target, message.body.decode(), key)
        outcomes = [stock.after(ask) for stock in self.possible]
        if message.answer is None:  # it was cut off: done, or not
            possible = self.possible + [stock for stock, _ in outcomes]
        else:
            code = Heard(ask, message.answer).code
            if code == "request_in_progress":
                return
            possible = [stock for stock, expected in outcomes if expected == code]
            assert possible, f"{ask} was answered {code}; the table has {outcomes}"
        self.possible = [each for n, each in enumerate(possible) if each not in possible[:n]]
