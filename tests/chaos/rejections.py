"""A rejection is final, and so it has to be true: what it says of an order is what the order is in
the end, and what it says is not there is not there.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set

from services.common.core.currency import USD

from .caller import money
from .history import History, Record
from .workload import NO_PRODUCT

_TRUE_OF = {
    ("pay", "order_closed"): ("CANCELLED", "REJECTED", "REFUNDED"),
    ("pay", "already_paid"): ("PAID", "REFUNDED"),
    ("cancel", "order_not_cancellable"): ("PAID", "REFUNDED", "REJECTED"),
}
"""What an order may be by the end of which this was said."""


def untrue(history: History, conn: sqlite3.Connection) -> Iterator[tuple[Record, str]]:
    """Each rejection that is not so, and what is."""
    orders = {
        row[0]: row[1:]
        for row in conn.execute("SELECT order_id, user_id, status, total_minor FROM orders.orders")
    }
    keys = _keys_of_payments(history)
    for record in history.of("pay", "cancel"):
        order_id = record.sent["order_id"] if record.op == "pay" else record.path.split("/")[2]
        user_id, status, total = orders.get(order_id, (None, None, None))
        may_be = _TRUE_OF.get((record.op, record.code))
        if may_be is not None and status not in may_be:
            yield record, f"the order is {status}"
        elif record.code == "already_paid" and record.key and keys[order_id] == {record.key}:
            yield record, "by this key, if at all: no other has paid"
        elif record.code == "order_not_found" and user_id == record.client:
            yield record, f"the order is there, {status}"
        elif record.code == "amount_mismatch" and USD.major(total) == money(record.sent["amount"]):
            yield record, f"the order's total is {total} cents"
    for record in history.of("add", "buy"):
        wanted = record.sent["items"] if record.op == "buy" else [record.sent]
        if record.code == "product_not_found" and wanted[0]["product_id"] != NO_PRODUCT:
            yield record, "the product is there"


def _keys_of_payments(history: History) -> Mapping[str, Set[str]]:
    """By which keys each order was paid, or was to be; a call without one has one of its own."""
    keys = defaultdict[str, set[str]](set)
    for record in history.of("pay"):
        keys[record.sent["order_id"]].add(record.key or f"call {record.number}")
    return keys
