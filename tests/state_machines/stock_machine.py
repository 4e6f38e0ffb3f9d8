"""What holds for orders and their stock, whoever places and pays them: promises 4, 5 and 7 of
services/README.md.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, ClassVar

from .clients import Ask, body
from .machine import ShopMachine

CENTS = {1: 100, 2: 250}

FITS: dict[str, set[str | None]] = {
    "REQUESTED": {None, "HELD", "REJECTED"},
    "HELD": {"HELD"},
    "COMMIT_DUE": {"HELD", "COMMITTED"},
    "COMMITTED": {"COMMITTED"},
    "RETURN_DUE": {"HELD", "COMMITTED", "RETURNED"},
    "RETURNED": {"RETURNED"},
    "RELEASE_DUE": {None, "HELD", "REJECTED", "RELEASED"},
    "RELEASED": {"RELEASED", "REJECTED"},
    "NONE": {"REJECTED"},
}
"""What the catalog may have of an order in each stock state."""

SETTLED = {("CREATED", "HELD"), ("PAID", "COMMITTED"), ("REFUNDED", "RETURNED")} | {
    ("CANCELLED", "RELEASED"),
    ("REJECTED", "NONE"),
}


class StockMachine(ShopMachine):
    """A shop with two products, the second one scarce."""

    stock: ClassVar = {1: 8, 2: 5}

    def __init__(self) -> None:
        self.histories: dict[str, list[Any]] = {}
        super().__init__()

    def begin(self) -> None:
        for product, cents in CENTS.items():
            price = Decimal(cents) / 100
            name = f"Sweet {product}"
            self.ask(
                Ask(
                    "catalog",
                    "POST",
                    "/products",
                    body(name=name, price=price, stock=self.stock[product]),
                )
            )
        self.asked.clear()

    @property
    def orders(self) -> dict[str, Any]:
        """Every order, by its id, the oldest first."""
        rows = self.world.rows("order", "SELECT * FROM orders ORDER BY number")
        return {row["order_id"]: row for row in rows}

    def holds(self) -> None:
        if "order" in self.world.running:
            self.histories_only_grow()
        if "catalog" in self.world.running:
            self.every_unit_is_somewhere()
            if "order" in self.world.running:
                self.stock_is_where_the_order_is()

    def histories_only_grow(self) -> None:
        """Promise 7; and nothing is PAID twice, or expires before its time."""
        events: dict[str, list[Any]] = {}
        for order_id, *event in self.world.rows(
            "order", "SELECT order_id, status, stock_state, cause, at FROM order_events ORDER BY id"
        ):
            events.setdefault(order_id, []).append(event)
        for order_id, before in self.histories.items():
            assert events[order_id][: len(before)] == before
        self.histories = events
        for order_id, order in self.orders.items():
            assert events[order_id][-1][:2] == [order["status"], order["stock_state"]]
            causes = Counter(cause for _, _, cause, _ in events[order_id])
            assert causes["paid"] <= 1
            for _, _, cause, at in events[order_id]:
                assert cause != "expired" or at >= order["expires_at"]

    def every_unit_is_somewhere(self) -> None:
        """Promise 4."""
        products = "SELECT id, available, reserved, sold FROM products"
        for product, *units in self.world.rows("catalog", products):
            assert min(units) >= 0
            assert sum(units) == self.stock[product]
            ledger = "SELECT sum(available), sum(reserved), sum(sold) FROM stock_ledger"
            [told] = self.world.rows("catalog", f"{ledger} WHERE product_id = ?", product)
            assert [*told] == units
            for state, count in (("HELD", units[1]), ("COMMITTED", units[2])):
                lines = "reservations JOIN reservation_lines USING (order_id)"
                [(held,)] = self.world.rows(
                    "catalog",
                    f"SELECT coalesce(sum(quantity), 0) FROM {lines}"
                    " WHERE product_id = ? AND state = ?",
                    *(product, state),
                )
                assert held == count

    def stock_is_where_the_order_is(self) -> None:
        """Promise 5, as far as it holds at every moment."""
        found = self.world.rows("catalog", "SELECT order_id, state FROM reservations")
        reservations = {row["order_id"]: row["state"] for row in found}
        for order_id, order in self.orders.items():
            assert reservations.get(order_id) in FITS[order["stock_state"]]

    def settled(self) -> None:
        """Promise 5."""
        for order in self.orders.values():
            assert (order["status"], order["stock_state"]) in SETTLED
