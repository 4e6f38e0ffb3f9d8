"""A shop's data folder for the audit to read, and ways to break a promise of services/README.md
in it behind the shop's back.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from services.operations.audit.command import Look, look
from tests.shop import Shop, until

_UNGUARDED = """
PRAGMA ignore_check_constraints = ON;
DROP INDEX IF EXISTS orders_one_open_cart;
DROP INDEX IF EXISTS orders_by_cart_version;
DROP INDEX IF EXISTS payments_one_live_per_order;
DROP TRIGGER IF EXISTS orders_keep_all;
DROP TRIGGER IF EXISTS orders_forgotten_whole;
DROP TRIGGER IF EXISTS order_events_keep_all;
DROP TRIGGER IF EXISTS order_events_only_grow;
DROP TRIGGER IF EXISTS stock_ledger_keeps_all;
DROP TRIGGER IF EXISTS stock_ledger_only_grows;
DROP TRIGGER IF EXISTS reservations_keep_all;
DROP TRIGGER IF EXISTS cart_closes_keep_all;
"""


@dataclass(frozen=True)
class Folder:
    """A data folder that nobody has open, and the ids of what is in it, by a name."""

    path: Path
    ids: Mapping[str, str]

    def copy(self, to: Path) -> Folder:
        """The same in another place."""
        shutil.copytree(self.path, to)
        return Folder(to, self.ids)

    def plant(self, database: str, *statements: str) -> None:
        """Run statements, in which `:paid` and the like are ids, with nothing to prevent them."""
        with closing(sqlite3.connect(self.path / f"{database}.db")) as conn:
            conn.executescript(_UNGUARDED)
            for statement in statements:
                used = {name: self.ids[name] for name in self.ids if f":{name}" in statement}
                assert conn.execute(statement, used).rowcount != 0, f"{statement} changed nothing"
            conn.commit()

    def look(self) -> Look:
        """What an audit finds."""
        return look(self.path)


async def fill(shop: Shop, pear: str = "2.50", lime: str = "1.00") -> dict[str, str]:
    """Have orders in every final state, of goods at these prices, and return their ids, and those
    of their payments.
    """
    pears, limes = await shop.product(price=pear), await shop.product(price=lime, stock=50)
    ids = {"pears": str(pears), "limes": str(limes)}
    await shop.call("cart", "POST", f"/cart/ada/add?product_id={pears}&quantity=2")
    await shop.call("cart", "POST", f"/cart/ada/add?product_id={limes}&quantity=1")
    of_cart = (await shop.call("order", "POST", "/orders", json={"user_id": "ada"})).json
    orders = {
        "paid": of_cart,
        "held": await shop.order(limes, quantity=3, user_id="ben"),
        "refunded": await shop.order(pears, user_id="cleo"),
        "cancelled": await shop.order(pears, user_id="dan"),
    }
    ids |= {name: order["order_id"] for name, order in orders.items()}
    ids["payment"] = (await shop.pay(orders["paid"])).json["payment_id"]
    ids["refund"] = (await shop.pay(orders["refunded"])).json["payment_id"]

    async def sold() -> bool:
        refunded = (await shop.call("order", "GET", f"/orders/{ids['refunded']}")).json
        return bool(refunded["stock_state"] == "COMMITTED")

    await until(sold)  # so that the ledger has its line, whoever is first
    await shop.call("payment", "POST", f"/payments/{ids['refund']}/refund")
    await shop.call("order", "POST", f"/orders/{ids['cancelled']}/cancel")
    assert (await shop.pay(orders["cancelled"])).code == "order_closed"
    ids["rejected"] = await _rejected(shop, pears)
    await shop.call("cart", "POST", f"/cart/ada/add?product_id={pears}&quantity=4")
    ids["failed"] = (await shop.call("payment", "GET", "/payments?status=FAILED")).json[0][
        "payment_id"
    ]

    async def settled() -> bool:
        states = {each["stock_state"] for each in (await shop.call("order", "GET", "/orders")).json}
        return states == {"COMMITTED", "HELD", "RETURNED", "RELEASED", "NONE"}

    await until(settled)
    await until(lambda: not look(shop.folder).figures.in_flight)
    return ids


async def _rejected(shop: Shop, product_id: int) -> str:
    """An order from a cart, of more than there is."""
    await shop.call("cart", "POST", f"/cart/eve/add?product_id={product_id}&quantity=1000")
    reply = await shop.call("order", "POST", "/orders", json={"user_id": "eve"})
    assert reply.code == "insufficient_stock"
    (order,) = (await shop.call("order", "GET", "/orders?user_id=eve")).json
    return str(order["order_id"])
