"""Bugs of what every service is built from: its transactions, its keys, its recovery worker."""

from __future__ import annotations

from .bug import LOST, Bug, Focus
from .edits import diff

GROUP_COMMIT = "services/common/group_commit.py"
IDEMPOTENCY = "services/common/idempotency.py"
RECOVERY = "services/common/recovery.py"
LOST_RESTOCK = "1, 6: acknowledged, and 0 times in the ledger"

IN_COMMON = (
    Bug(
        name="nothing_taken_up_after_a_start",
        breaks="What was due when the process began is taken for somebody's work already.",
        edits=(
            diff(
                RECOVERY,
                """
-        busy: dict[str, asyncio.Task[None]] = {}
+        due = await self._database.read(self._due)
+        busy = dict.fromkeys(due, asyncio.current_task())
         room = asyncio.Semaphore(AT_ONCE)
""",
            ),
        ),
        caught_as="3, 5: not settled",
        focus=Focus(
            deeds={"checkout_and_add": 15, "pay": 40}, points=(("order", "pay.after_commit"),)
        ),
    ),
    Bug(
        name="heard_before_commit",
        breaks="Whoever waits for a unit of work hears of it once it has run.",
        edits=(
            diff(
                GROUP_COMMIT,
                """
                 self._undo(call, error)
+        call.heard.get_loop().call_soon_threadsafe(
+            lambda: call.heard.done() or call.heard.set_result(None)
+        )

     def _undo(self, call: Call, error: BaseException) -> None:
""",
            ),
        ),
        caught_as=LOST_RESTOCK,
        focus=Focus(deeds={"restock": 10}, points=(("catalog", "adjust_stock.before_commit"),)),
    ),
    Bug(
        name="refusal_heard_before_commit",
        breaks="A refusal has changed nothing, so that its COMMIT need not be waited for.",
        edits=(
            diff(
                GROUP_COMMIT,
                """
                 self._undo(call, error)
+        if call.error is not None or isinstance(call.result, Refusal):
+            call.heard.get_loop().call_soon_threadsafe(
+                lambda: call.heard.done() or call.heard.set_result(None)
+            )

     def _undo(self, call: Call, error: BaseException) -> None:
""",
            ),
            diff(
                GROUP_COMMIT,
                """
 from .database_thread import Call
+from .refusal import Refusal
""",
            ),
        ),
        caught_as="5: .*'REJECTED', 'NONE', None",
        focus=Focus(deeds={"buy_at_once": 10}, points=(("catalog", "hold.before_commit"),)),
    ),
    Bug(
        name="swallowed_commit_error",
        breaks="A COMMIT that fails is rolled back, and nobody hears of it.",
        edits=(
            diff(
                GROUP_COMMIT,
                """
         except sqlite3.Error as error:
-            full = primary_code(error) == sqlite3.SQLITE_FULL
-            if not full and primary_code(error) not in _REFUSED_COMMIT:
-                raise
-            self._fail_pending(out_of_room(self._name) if full else self._lost(error))
+            self._pending = []
             self._conn.rollback()
""",
            ),
        ),
        caught_as=LOST_RESTOCK,
        focus=Focus(deeds={"restock": 10}, attacks=("fail_writes",), targets=("catalog",)),
    ),
    Bug(
        name="refusal_replayed_as_success",
        breaks="Of a refusal that is kept under a key, a repeat is sent the body alone.",
        edits=(
            diff(
                IDEMPOTENCY,
                """
-                return stored.answer.response(replayed=True)
+                status = stored.answer.status if stored.answer.status < 300 else 200
+                return Answer(status, stored.answer.body).response(replayed=True)
""",
            ),
        ),
        caught_as="6: a refusal sent as a success",
        focus=Focus(
            deeds={"buy_at_once": 10, "pay": 20},
            faults=(LOST,),
            proxied=0.2,
        ),
    ),
)
