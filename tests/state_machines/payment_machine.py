"""Payment against order, with the catalog behind them: however messages and kills fall, an order is
paid once, by the payment that says so, and its stock goes where the order is.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .clients import Ask, Heard, body, newest
from .machine import ANY, HOPS, KEY
from .stock_machine import CENTS, StockMachine

LINES = st.dictionaries(st.sampled_from(sorted(CENTS)), st.integers(1, 2), min_size=1)

LIVE = {"PENDING", "COMPLETED", "REFUNDING"}
PAID_FOR = {
    "COMPLETED": {"PAID"},
    "REFUNDING": {"PAID", "REFUNDED"},
    "REFUNDED": {"REFUNDED"},
}
"""What the order of a payment is, where the payment says that it has paid it."""


class PaymentMachine(StockMachine):
    """Orders, payments and refunds."""

    services: ClassVar = ("catalog", "order", "payment")
    killable: ClassVar = services

    def __init__(self) -> None:
        self.known_orders: dict[str, int] = {}
        self.known_payments: list[str] = []
        self.promised: dict[tuple[str, str], set[str]] = {}
        super().__init__()

    @rule(lines=LINES, key=KEY, hops=HOPS)
    def order(self, lines: dict[int, int], key: str | None, hops: float) -> None:
        items = [{"product_id": id_, "quantity": quantity} for id_, quantity in lines.items()]
        self.ask(Ask("order", "POST", "/orders", body(user_id="ada", items=items), key), hops)

    @rule(lines=LINES, key=KEY, hops=HOPS)
    def buy(self, lines: dict[int, int], key: str | None, hops: float) -> None:
        """Order, and pay what was just ordered."""
        self.order(lines, None, math.inf)
        self.nothing_is_broken()
        if self.known_orders:
            self.pay(0, key, 0, hops)

    @precondition(lambda self: self.known_orders)
    @rule(which=ANY, key=KEY, off=st.sampled_from([0, 0, 0, 1]), hops=HOPS)
    def pay(self, which: int, key: str | None, off: int, hops: float) -> None:
        order_id, cents = newest(self.known_orders.items(), which)
        amount = Decimal(cents + off) / 100
        self.ask(Ask("payment", "POST", "/pay", body(order_id=order_id, amount=amount), key), hops)

    @precondition(lambda self: self.known_payments)
    @rule(which=ANY, key=KEY, hops=HOPS)
    def refund(self, which: int, key: str | None, hops: float) -> None:
        payment_id = newest(self.known_payments, which)
        self.ask(Ask("payment", "POST", f"/payments/{payment_id}/refund", "", key), hops)

    @precondition(lambda self: self.known_orders)
    @rule(which=ANY, key=KEY, hops=HOPS)
    def cancel(self, which: int, key: str | None, hops: float) -> None:
        order_id = newest(self.known_orders, which)
        self.ask(Ask("order", "POST", f"/orders/{order_id}/cancel", "", key), hops)

    def heard(self, heard: Heard) -> None:
        """Take in what is promised from then on."""
        if heard.code == "already_paid" and heard.ask.key is not None:
            self.no_other_key_is_blamed(heard.ask)
        if heard.reply.status not in (200, 201, 202):
            return
        told = heard.json
        of_payment = heard.ask.to == "payment"
        if heard.reply.status != 202 and heard.ask.to in ("order", "payment"):
            promise = {
                "CREATED": {"CREATED", "PAID", "REFUNDED", "CANCELLED"},
                "PAID": {"PAID", "REFUNDED"},
                "COMPLETED": {"COMPLETED", "REFUNDING", "REFUNDED"},
                "REFUNDING": {"REFUNDING", "REFUNDED"},
            }.get(told["status"], {told["status"]})
            id_ = told["payment_id" if of_payment else "order_id"]
            before = self.promised.get((heard.ask.to, id_), promise)
            self.promised[heard.ask.to, id_] = min(before, promise, key=len)

    def no_other_key_is_blamed(self, rejected: Ask) -> None:
        """Promise 6: where a key was told that the order is paid already, another may have paid."""
        order_id = json.loads(rejected.body)["order_id"]
        paying = [ask for ask in self.asked if ask.path == "/pay"]
        keys = {ask.key for ask in paying if json.loads(ask.body)["order_id"] == order_id}
        assert keys - {rejected.key}

    def holds(self) -> None:
        super().holds()
        running = self.world.running
        if "order" in running:
            for order_id, order in self.orders.items():
                self.known_orders[order_id] = sum(
                    CENTS[item["product_id"]] * item["quantity"]
                    for item in json.loads(order["items"])
                )
        if "payment" in running:
            self.known_payments = [row["payment_id"] for row in self.payments]
        self.what_was_told_is_so()
        if "payment" in running:
            self.one_live_payment()
            if "order" in running:
                self.payments_are_of_paid_orders()

    def what_was_told_is_so(self) -> None:
        """Promise 1."""
        for (service, id_), promise in self.promised.items():
            if service in self.world.running:
                query = f"SELECT status FROM {service}s WHERE {service}_id = ?"
                [(status,)] = self.world.rows(service, query, id_)
                assert status in promise

    @property
    def payments(self) -> list[Any]:
        """Every payment."""
        return self.world.rows("payment", "SELECT * FROM payments")

    def one_live_payment(self) -> None:
        """Promise 2."""
        live = Counter(row["order_id"] for row in self.payments if row["status"] in LIVE)
        assert max(live.values(), default=0) <= 1

    def payments_are_of_paid_orders(self) -> None:
        """Promise 3."""
        orders = self.orders
        for payment in self.payments:
            order = orders[payment["order_id"]]
            if payment["status"] in PAID_FOR:
                assert order["status"] in PAID_FOR[payment["status"]]
                assert order["payment_id"] == payment["payment_id"]
                assert order["total_minor"] == payment["amount_minor"]
            elif payment["status"] == "FAILED":
                assert order["payment_id"] != payment["payment_id"]

    def settled(self) -> None:
        """Promises 3 and 5."""
        super().settled()
        payments = {row["payment_id"]: row["status"] for row in self.payments}
        assert {*payments.values()} <= {"COMPLETED", "REFUNDED", "FAILED"}
        for order in self.orders.values():
            if order["status"] in ("PAID", "REFUNDED"):
                wanted = "COMPLETED" if order["status"] == "PAID" else "REFUNDED"
                assert payments[order["payment_id"]] == wanted
