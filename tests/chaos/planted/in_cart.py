"""Bugs of the way from a cart to an order."""

from __future__ import annotations

from .bug import Bug, Focus
from .edits import diff

CART = "services/cart/store.py"
ORDER = "services/order/store.py"
ORDER_SCHEMA = "services/order/schema.sql"
FOCUS = Focus(deeds={"add": 10, "checkout_and_add": 30})
UNITS = "6: .* are in the cart and in orders"

IN_CART = (
    Bug(
        name="close_takes_whole_lines",
        breaks="A cart's close takes out lines, with what was put in since it was ordered.",
        edits=(
            diff(
                CART,
                """
         conn.execute(
-            "DELETE FROM cart_units WHERE user_id = ? AND version <= ?", (user_id, version)
+            "DELETE FROM cart_lines WHERE user_id = ? AND product_id IN"
+            " (SELECT product_id FROM cart_units WHERE user_id = ? AND version <= ?)",
+            (user_id, user_id, version),
         )
""",
            ),
        ),
        caught_as=UNITS,
        focus=FOCUS,
    ),
    Bug(
        name="second_order_from_an_open_cart",
        breaks="A cart may be ordered while an earlier order has not been taken out of it.",
        edits=(
            diff(
                ORDER_SCHEMA,
                """
-CREATE UNIQUE INDEX orders_one_open_cart ON orders (user_id) WHERE cart_state IN ('OPEN', 'DUE');
+CREATE INDEX orders_one_open_cart ON orders (user_id) WHERE cart_state IN ('OPEN', 'DUE');
""",
            ),
            diff(
                ORDER,
                """
-        _require_closed_carts(conn, checkout.user_id, checkout.cart_version)
         if not checkout.items:
""",
            ),
        ),
        caught_as=UNITS,
        focus=FOCUS,
    ),
)
