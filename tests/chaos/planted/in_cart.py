"""Bugs of the way from a cart to an order."""

from __future__ import annotations

import sqlite3

from msgspec import structs

from services.cart import transitions
from services.cart.messages import CartLines
from services.order import store
from services.order.model import OrdersOfCart

from .bug import Bug, Focus
from .seams import Seams

FOCUS = Focus(actions={"add": 10, "checkout_and_add": 30})
UNITS = "6: .* are in the cart and in orders"


def close_takes_whole_lines(seams: Seams) -> None:
    close = transitions.close_cart

    @seams.replace(transitions)
    def close_cart(
        conn: sqlite3.Connection,
        user_id: str,
        order_id: str,
        version: int,
        now: str,
    ) -> CartLines:
        conn.execute(
            "DELETE FROM cart_lines WHERE user_id = ? AND product_id IN"
            " (SELECT product_id FROM cart_units WHERE user_id = ? AND version <= ?)"
            " AND NOT EXISTS (SELECT 1 FROM cart_closes WHERE order_id = ?)",
            (user_id, user_id, version, order_id),
        )
        return close(conn, user_id, order_id, version, now)


def second_order_from_an_open_cart(seams: Seams) -> None:
    find = store.find_of_cart

    @seams.replace(store)
    def find_of_cart(conn: sqlite3.Connection, user_id: str, version: int) -> OrdersOfCart:
        return structs.replace(find(conn, user_id, version), pending=None)

    seams.migrate("order", "DROP INDEX orders_one_open_cart")


IN_CART = (
    Bug(
        name="close_takes_whole_lines",
        breaks="A cart's close takes out lines, with what was put in since it was ordered.",
        plant=close_takes_whole_lines,
        caught_as=UNITS,
        focus=FOCUS,
    ),
    Bug(
        name="second_order_from_an_open_cart",
        breaks="A cart may be ordered while an earlier order has not been taken out of it.",
        plant=second_order_from_an_open_cart,
        caught_as=UNITS,
        focus=FOCUS,
    ),
)
