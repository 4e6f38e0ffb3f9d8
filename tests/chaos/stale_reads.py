"""A read sees every write that was answered before it began: promise 1, for the stock of products.

The ledger has all movements of a product in the order of their COMMITs. The stock that was read is
what they make up to some place in it, which is not before any that was acknowledged by then.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from .history import History, Record

Acknowledged = dict[int, list[tuple[float, int]]]
"""Of each product, when a movement had been answered, and its place in the ledger."""


class Ledger:
    """The movements of each product, and where in them a reason or an order stands."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        changes = defaultdict[int, list[int]](list)
        self.places: dict[tuple[str, int], int] = {}
        """By the reason of a restock or the order of a hold, and the product."""
        for product, movement, order_id, reason, available in conn.execute(
            "SELECT product_id, movement, order_id, reason, available"
            " FROM products.stock_ledger ORDER BY id"
        ):
            changes[product].append(available)
            if movement in ("stock", "hold"):
                self.places[order_id or reason, product] = len(changes[product])
        self.last_place_of = {
            product: {stock: place for place, stock in enumerate(accumulate(each, initial=0))}
            for product, each in changes.items()
        }
        """Of each product, after how many movements it had a stock last."""


def stale(history: History, conn: sqlite3.Connection) -> Iterator[tuple[Record, str]]:
    """Each read of a product that shows a stock from before a write that was answered by then."""
    ledger = Ledger(conn)
    acknowledged = _acknowledged(history, ledger)
    for record in history.of("product"):
        if record.outcome != "ok":
            continue
        product, stock = record.answer["id"], record.answer["stock"]
        known = acknowledged[product]
        earlier = known[: bisect_left(known, (record.began, 0))]
        least = max((place for _, place in earlier), default=0)
        if ledger.last_place_of[product].get(stock, -1) < least:
            yield record, f"{stock} were available before movement {least}, which was answered"


def _acknowledged(history: History, ledger: Ledger) -> Acknowledged:
    found: Acknowledged = defaultdict(list)
    for record in history.of("restock", "buy", "checkout"):
        if record.outcome != "ok" or record.status == 202:
            continue
        if record.op == "restock":
            moved = [(record.key or "", record.answer["id"])]
        else:
            order = record.answer
            moved = [(order["order_id"], item["product_id"]) for item in order["items"]]
        for what, product in moved:
            if place := ledger.places.get((what, product)):
                found[product].append((record.ended, place))
    for each in found.values():
        each.sort()
    return found
