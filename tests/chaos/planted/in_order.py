"""Bugs of the order service."""

from __future__ import annotations

from .bug import LOST, Bug, Focus
from .edits import diff

CHECKOUT = "services/order/checkout.py"
MODEL = "services/order/model.py"
MOVES = "services/order/moves.py"
SCHEMA = "services/order/schema.sql"
STORE = "services/order/store.py"
PAYING = {"checkout_and_add": 15, "buy_at_once": 5, "pay": 40}

IN_ORDER = (
    Bug(
        name="answer_over_any_state",
        breaks="An answer is written without looking at the state that its question came from.",
        edits=(
            diff(
                STORE,
                """
-        " WHERE order_id = ? AND status = ? AND stock_state = ? RETURNING *",
-        (*state, now, *columns.values(), order.order_id, *order.state),
+        " WHERE order_id = ? RETURNING *",
+        (*state, now, *columns.values(), order.order_id),
""",
            ),
        ),
        caught_as="1: cancelled, and the order is",
        focus=Focus(deeds={"cancel_on_the_way": 10}),
    ),
    Bug(
        name="closed_by_the_clock",
        breaks="An order past its deadline refuses its payment, whatever is written.",
        edits=(
            diff(
                MOVES,
                """
+    if order.expires_at <= now:
+        raise closed(order, payment_id=payment_id)
     if order.status in ("PAID", "REFUNDED"):
""",
            ),
        ),
        caught_as="3: an order that is paid by no payment",
        focus=Focus(
            deeds={"checkout_and_add": 15, "pay": 60},
            points=(("payment", "complete.before_commit"),),
            seconds_to_pay=1.0,
        ),
    ),
    Bug(
        name="no_return_from_commit_due",
        breaks="What is refunded before its stock was committed has nothing to return.",
        edits=(
            diff(
                MODEL,
                """
         (("PAID", "COMMIT_DUE"), ("REFUNDED", "RETURN_DUE")),
+        (("PAID", "COMMIT_DUE"), ("REFUNDED", "RETURNED")),
""",
            ),
            diff(
                MOVES,
                """
-    refunded = change(conn, order, ("REFUNDED", "RETURN_DUE"), "refunded", now)
+    stock = "RETURN_DUE" if order.stock_state == "COMMITTED" else "RETURNED"
+    refunded = change(conn, order, ("REFUNDED", stock), "refunded", now)
""",
            ),
        ),
        caught_as="5: .*'REFUNDED', 'RETURNED', '(HELD|COMMITTED)'",
        focus=Focus(
            deeds=PAYING | {"refund": 40}, attacks=("stop_and_go_on",), targets=("catalog",)
        ),
    ),
    Bug(
        name="repeated_notice_refused",
        breaks="The payment that has paid an order is told that the order is paid already.",
        edits=(
            diff(
                MOVES,
                """
-        if order.payment_id != payment_id:
+        if order.payment_id is not None:
             raise Conflict(
                 f"Order {order_id} is paid by another payment", code="already_paid", about=named
""",
            ),
        ),
        caught_as="3: an order that is paid by no payment",
        focus=Focus(deeds=PAYING, faults=(LOST,), proxied=0.2),
    ),
    Bug(
        name="cancel_settles_no_key",
        breaks="A cancel takes an order out of REQUESTED, and its key stays without an answer.",
        edits=(
            diff(
                MOVES,
                """
-    if before_held:
-        _settle_checkout(conn, cancelled, request_id)
     return cancelled
""",
            ),
        ),
        caught_as="6: a key without a final answer",
        focus=Focus(deeds={"cancel_on_the_way": 10}),
    ),
    Bug(
        name="key_stored_apart",
        breaks="The key of a checkout is stored in a transaction after the order's.",
        edits=(
            diff(
                STORE,
                """
-    begin(conn, key, order_id, success=201)
     return Placed(order_id, 201)
""",
            ),
            diff(
                CHECKOUT,
                """
     if isinstance(placed, Answer):
         return placed.response()
+    if begun is None and placed.success == 201:
+        key = request.get(KEY)
+        await request.app[DATABASE].write(begin, key, placed.order_id, success=201)
""",
            ),
            diff(
                CHECKOUT,
                """
-from services.common.idempotency import BEGUN, KEY, Answer, attempt
-from services.common.keys import PRINCIPAL, SETTINGS
+from services.common.idempotency import BEGUN, KEY, Answer, attempt, begin
+from services.common.keys import DATABASE, PRINCIPAL, SETTINGS
""",
            ),
        ),
        caught_as="6: .* orders of named items",
        focus=Focus(deeds={"buy_at_once": 10}, points=(("order", "place_order.after_commit"),)),
    ),
    Bug(
        name="history_rewritten",
        breaks="An order's history keeps one line for each status: the last.",
        edits=(
            diff(
                SCHEMA,
                """
-CREATE TRIGGER order_events_only_grow BEFORE UPDATE ON order_events
-BEGIN SELECT RAISE (ABORT, 'a history only grows'); END;
""",
            ),
            diff(
                STORE,
                """
 def _record(conn: sqlite3.Connection, order_id: str, state: State, cause: str, now: str) -> None:
+    rewritten = conn.execute(
+        "UPDATE order_events SET stock_state = ?, cause = ?, at = ?"
+        " WHERE order_id = ? AND status = ? RETURNING id",
+        (state[1], cause, now, order_id, state[0]),
+    ).fetchone()
+    if rewritten is not None:
+        return
""",
            ),
        ),
        caught_as="7: the history that was read",
        focus=Focus(
            deeds=PAYING | {"look": 60}, points=(("catalog", "move_commit.before_commit"),)
        ),
    ),
)
