"""Bugs of the payment service."""

from __future__ import annotations

from .bug import Bug, Focus
from .edits import diff

MOVES = "services/payment/moves.py"
SCHEMA = "services/payment/schema.sql"
STEPS = "services/payment/steps.py"
APP = "services/payment/app.py"
PAYING = {"checkout_and_add": 15, "buy_at_once": 5, "pay": 40}

IN_PAYMENT = (
    Bug(
        name="key_stored_with_the_answer",
        breaks="A payment's key is stored with its final answer, and not with what it began.",
        edits=(
            diff(
                MOVES,
                """
         payment = add_payment(conn, pay, user_id, currency, now)
-        begin(conn, key, payment.payment_id, success=200)
         return payment
""",
            ),
            diff(
                APP,
                """
-    return await advance_and_answer(request, payment_id, as_it_stands)
+    response = await advance_and_answer(request, payment_id, as_it_stands)
+    key = request.get(KEY)
+    if key is not None and response.status != 202:
+        from services.common.idempotency import keep
+
+        await request.app[DATABASE].write(keep, key, Answer(response.status, response.body))
+    return response
""",
            ),
        ),
        caught_as="3, 6: refused for what is not so: by this key, if at all",
        focus=Focus(deeds=PAYING, points=(("payment", "complete.after_commit"),)),
    ),
    Bug(
        name="two_live_payments",
        breaks="A new key does not look for a live payment first, and no index is unique.",
        edits=(
            diff(
                SCHEMA,
                """
-CREATE UNIQUE INDEX payments_one_live_per_order ON payments (order_id)
+CREATE INDEX payments_one_live_per_order ON payments (order_id)
""",
            ),
            diff(
                MOVES,
                """
-    live = live_payment(conn, pay.order_id)
+    live = None if key else live_payment(conn, pay.order_id)
""",
            ),
        ),
        caught_as="2: more than one live payment",
        focus=Focus(
            deeds={"checkout_and_add": 20, "pay_twice": 20},
            attacks=("stop_and_go_on",),
            targets=("order",),
        ),
    ),
    Bug(
        name="completed_before_the_hop",
        breaks="The payment is COMPLETED before its order has been asked.",
        edits=(
            diff(
                STEPS,
                """
         if payment.status == "PENDING":
+            await database.write(moves.complete, payment, "", utc_now(), current_request_id())
             answer = await notify_order(app, payment)
""",
            ),
        ),
        caught_as="3: a payment that is through, and its order does not have it",
        focus=Focus(deeds=PAYING, points=(("order", "pay.before_commit"),)),
    ),
    Bug(
        name="refunded_before_the_hop",
        breaks="The money is given back before the order has been told.",
        edits=(
            diff(
                STEPS,
                """
-            await refund_order(app, payment)
             await database.write(moves.finish_refund, payment, utc_now())
+            await refund_order(app, payment)
""",
            ),
        ),
        caught_as="3: a payment that is through, and its order does not have it",
        focus=Focus(deeds=PAYING | {"refund": 30}, points=(("order", "refund.before_commit"),)),
    ),
    Bug(
        name="any_404_is_a_no",
        breaks="A 404 settles a payment whatever its code is, and whoever it comes from.",
        edits=(
            diff(
                STEPS,
                """
+        if error.status == 404:
+            return Refusal(status=404, code="order_not_found", detail="No such order")
         ids = {"order_id": payment.order_id, "payment_id": payment.payment_id}
""",
            ),
        ),
        caught_as="3: an order that is paid by no payment",
        focus=Focus(deeds=PAYING, faults=("answered by a stranger",), proxied=0.4),
    ),
    Bug(
        name="timed_out_into_failed",
        breaks="An order service that does not answer in time is taken for one that says no.",
        edits=(
            diff(
                STEPS,
                """
-        noticed = await ask(app, Noticed, "order", "POST", path, body=notice)
+        noticed = await ask(app, Noticed, "order", "POST", path, body=notice, deadline=0.5)
     except ShopError as error:
+        if error.status is None or error.status >= 500:
+            return Refusal(status=409, code="order_closed", detail="There is no answer")
         ids = {"order_id": payment.order_id, "payment_id": payment.payment_id}
""",
            ),
        ),
        caught_as="3: an order that is paid by no payment",
        focus=Focus(deeds=PAYING, points=(("order", "pay.after_commit"),)),
    ),
)
