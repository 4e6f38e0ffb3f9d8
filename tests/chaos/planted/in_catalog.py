"""Bugs of the catalog."""

from __future__ import annotations

from .bug import Bug, Focus
from .edits import diff

APP = "services/catalog/app.py"
RESERVATIONS = "services/catalog/reservations.py"
SCHEMA = "services/catalog/schema.sql"

IN_CATALOG = (
    Bug(
        name="no_tombstone",
        breaks="The release of what was never held leaves nothing that a late hold would find.",
        edits=(
            diff(
                RESERVATIONS,
                """
             raise no_such_reservation(order_id)
-        _open(conn, order_id, TOMBSTONES[move], currency, now)
-        return get_reservation(conn, order_id)
+        return Reservation(
+            order_id=order_id,
+            state=TOMBSTONES[move],
+            lines=[],
+            total_amount=Money(0),
+            currency=currency,
+        )
""",
            ),
        ),
        caught_as="5: .*'CANCELLED', 'RELEASED', 'HELD'",
        focus=Focus(deeds={"cancel_on_the_way": 10}),
    ),
    Bug(
        name="holds_let_go_by_the_clock",
        breaks="The catalog lets go of what has been held for long, by its own clock.",
        edits=(
            diff(
                RESERVATIONS,
                """
+    from services.common.clock import seconds_after
+
+    old = conn.execute(
+        "SELECT order_id FROM reservations WHERE state = 'HELD' AND updated_at < ?",
+        (seconds_after(now, -2.0),),
+    ).fetchall()
+    for row in old:
+        move(conn, row["order_id"], "release", currency, now)
     shelf = _shelf(conn, wanted)
""",
            ),
        ),
        caught_as="5: stock that went before its order",
        focus=Focus(deeds={"buy_at_once": 10, "pay": 5}),
    ),
    Bug(
        name="stock_checked_apart",
        breaks="Stock is checked in one transaction and taken in the next, with no CHECK behind.",
        edits=(
            diff(
                SCHEMA,
                """
-    available   INTEGER NOT NULL CHECK (available >= 0),
+    available   INTEGER NOT NULL,
""",
            ),
            diff(
                APP,
                """
+    shelf = await request.app[DATABASE].read(reservations._shelf, wanted)
     held = await request.app[DATABASE].write(
-        reservations.hold, order_id, wanted, request.app[SETTINGS].currency, utc_now()
+        reservations.hold, order_id, wanted, request.app[SETTINGS].currency, utc_now(), shelf
     )
""",
            ),
            diff(
                RESERVATIONS,
                """
-    conn: sqlite3.Connection, order_id: str, wanted: Wanted, currency: str, now: str
+    conn: sqlite3.Connection, order_id: str, wanted: Wanted, currency: str, now: str, shelf: Shelf
""",
            ),
            diff(
                RESERVATIONS,
                """
-    shelf = _shelf(conn, wanted)
     if refusal := why_not(wanted, shelf):
""",
            ),
        ),
        caught_as="4: below zero",
        focus=Focus(
            deeds={"buy_at_once": 40, "restock": 10},
            attacks=("stop_and_go_on",),
            targets=("catalog",),
        ),
    ),
    Bug(
        name="refusal_not_kept",
        breaks="A refused hold leaves nothing, so that a late repeat of it is judged anew.",
        edits=(
            diff(
                RESERVATIONS,
                """
-        _open(conn, order_id, "REJECTED", currency, now, request=request, refusal=text)
         return refusal
""",
            ),
        ),
        caught_as="5: .*'REJECTED', 'NONE', None",
        focus=Focus(deeds={"buy_at_once": 10, "restock": 3}),
    ),
)
