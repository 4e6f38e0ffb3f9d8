"""Promises 1, 6, 7 and 9 of services/README.md, from what the clients wrote down, held against the
databases.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from services.common.core.currency import USD

from . import rejections, stale_reads
from .caller import DEADLINE, SENT_AS_SUCCESS, money
from .history import History, Record

_LATER = {
    "CREATED": ("CREATED", "PAID", "REFUNDED", "CANCELLED"),
    "PAID": ("PAID", "REFUNDED"),
    "REFUNDED": ("REFUNDED",),
    "CANCELLED": ("CANCELLED",),
}
"""What an order may be by the end that was answered with a success."""
SLACK = 2.0
"""Seconds past its deadline that a client on a machine this busy may hear of it."""


def violations(
    history: History, conn: sqlite3.Connection, tidy: AbstractSet[str], replayed: AbstractSet[str]
) -> Iterator[str]:
    """Whatever the history and the databases do not agree on.

    `tidy` clients take nothing out of their carts by hand. What has a `replayed` key may have been
    done after its client was told, truly, that nothing was.
    """
    for record in history.records:
        if record.key in replayed and record.outcome == "fail" and not record.is_final:
            record.outcome = "unknown"
    yield from _lost_orders(history, conn)
    yield from _lost_payments(history, conn)
    yield from _lost_restocks(history, conn)
    yield from _units_in_carts(history, conn, tidy)
    yield from _orders_of_keys(history, conn)
    yield from _final_answers(history)
    yield from _histories(history, conn)
    yield from _reads(history)
    for record, truth in stale_reads.stale(history, conn):
        yield _said(record, f"1: a stock from before a write that was answered: {truth}")
    for record, truth in rejections.untrue(history, conn):
        yield _said(record, f"3, 6: rejected for what is not so: {truth}")


def _lost_orders(history: History, conn: sqlite3.Connection) -> Iterator[str]:
    orders = {
        row[0]: row[1:]
        for row in conn.execute("SELECT order_id, user_id, status, total_minor FROM orders.orders")
    }
    for record in history.of("checkout", "buy"):
        if record.outcome != "ok":
            continue
        told = record.answer
        user_id, status, total = orders.get(told["order_id"], (None, None, None))
        if user_id != told["user_id"]:
            yield _said(record, "1: acknowledged order is lost")
        elif told["total_amount"] is not None and USD.major(total) != money(told["total_amount"]):
            yield _said(record, f"1: the order's total is {total} cents")
        elif record.status != 202 and status not in _LATER[told["status"]]:
            yield _said(record, f"1: the order is {status}")
    for record in history.of("cancel"):
        order_id = record.path.split("/")[2]
        _, status, _ = orders.get(order_id, (None, None, None))
        if record.outcome == "ok" and status != "CANCELLED":
            yield _said(record, f"1: cancelled, and the order is {status}")


def _lost_payments(history: History, conn: sqlite3.Connection) -> Iterator[str]:
    payments = {
        row[0]: row[1:]
        for row in conn.execute(
            "SELECT payment_id, order_id, amount_minor, status FROM payments.payments"
        )
    }
    for record in history.of("pay"):
        if record.outcome != "ok":
            continue
        told = record.answer
        order_id, amount, status = payments.get(told["payment_id"], (None, None, None))
        if order_id != record.sent["order_id"] or USD.major(amount) != money(told["amount"]):
            yield _said(record, "1: acknowledged payment is lost")
        elif record.status == 200 and status not in ("COMPLETED", "REFUNDED"):
            yield _said(record, f"1: COMPLETED, and now it is {status}")
    for record in history.of("refund"):
        if record.outcome != "ok":
            continue
        _, _, status = payments.get(record.answer["payment_id"], (None, None, None))
        if status != "REFUNDED":
            yield _said(record, "1: acknowledged refund is lost")


def _lost_restocks(history: History, conn: sqlite3.Connection) -> Iterator[str]:
    entered = Counter[str]()
    deltas = dict[str, int]()
    for reason, delta in conn.execute(
        "SELECT reason, available FROM products.stock_ledger WHERE movement = 'stock'"
    ):
        entered[reason] += 1
        deltas[reason] = delta
    for key, records in _by_key(history, "restock").items():
        done = entered[key]
        first = records[0]
        if any(record.outcome == "ok" for record in records):
            if done != 1 or deltas[key] != first.sent["delta"]:
                yield _said(first, f"1, 6: acknowledged, and {done} times in the ledger")
        elif done > (0 if all(record.outcome == "fail" for record in records) else 1):
            yield _said(first, f"6: not acknowledged, and {done} times in the ledger")


def _units_in_carts(
    history: History, conn: sqlite3.Connection, tidy: AbstractSet[str]
) -> Iterator[str]:
    """What was put in is in the cart or in one live order: of a tidy client, to the unit."""
    put_in, perhaps, there = Counter[Unit](), Counter[Unit](), Counter[Unit]()
    for records in _by_key(history, "add").values():
        first = records[0]
        unit = (first.client, first.sent["product_id"])
        if any(record.outcome == "ok" for record in records):
            put_in[unit] += first.sent["quantity"]
        elif any(record.outcome == "unknown" for record in records):
            perhaps[unit] += first.sent["quantity"]
    for record in history.of("set"):
        unit = (record.client, int(record.path.rsplit("/", 1)[1]))
        perhaps[unit] += record.sent["quantity"]
    for user_id, product_id, quantity in conn.execute(
        "SELECT user_id, product_id, quantity FROM carts.cart_units"
    ):
        there[user_id, product_id] += quantity
    for user_id, items in conn.execute(
        "SELECT user_id, items FROM orders.orders"
        " WHERE cart_version IS NOT NULL AND total_minor IS NOT NULL"
    ):
        for item in json.loads(items):
            there[user_id, item["product_id"]] += item["quantity"]
    for unit in put_in.keys() | there.keys():
        most, least = put_in[unit] + perhaps[unit], put_in[unit] if unit[0] in tidy else 0
        if not least <= there[unit] <= most:
            yield (
                f"promise 6: {unit[0]} put in {least} to {most} of product {unit[1]}, and"
                f" {there[unit]} are in the cart and in orders"
            )


Unit = tuple[str, int]


def _orders_of_keys(history: History, conn: sqlite3.Connection) -> Iterator[str]:
    """A key for named items makes one order, and one of which nothing was done makes none."""
    made = dict(
        conn.execute(
            "SELECT user_id, count(*) FROM orders.orders WHERE cart_version IS NULL GROUP BY 1"
        )
    )
    least, most = Counter[str](), Counter[str]()
    for records in _by_key(history, "buy").values():
        client = records[0].client
        least[client] += any(record.is_final for record in records)
        most[client] += any(record.is_final or record.outcome != "fail" for record in records)
    for client in most.keys() | made.keys():
        if not least[client] <= made.get(client, 0) <= most[client]:
            yield (
                f"promise 6: {client} has {made.get(client, 0)} orders of named items by"
                f" {least[client]} to {most[client]} keys"
            )


def _final_answers(history: History) -> Iterator[str]:
    for records in _by_key(history).values():
        finals = [record for record in records if record.is_final]
        for record in finals[1:]:
            if (record.status, record.body) != (finals[0].status, finals[0].body):
                yield _said(
                    record,
                    f"6: the same key was answered {finals[0].status} {finals[0].body!r} before,"
                    f" and then {record.body!r}",
                )


def _histories(history: History, conn: sqlite3.Connection) -> Iterator[str]:
    final = defaultdict[str, list[tuple[str, ...]]](list)
    for order_id, *event in conn.execute(
        "SELECT order_id, status, stock_state, cause, at FROM orders.order_events ORDER BY id"
    ):
        final[order_id].append(tuple(event))
    for record in history.of("events"):
        if record.outcome != "ok":
            continue
        seen = [(e["status"], e["stock_state"], e["cause"], e["at"]) for e in record.answer]
        if seen != final[record.path.split("/")[2]][: len(seen)]:
            yield _said(record, "7: the history that was read is not how it begins now")


def _reads(history: History) -> Iterator[str]:
    for record in history.of("product"):
        if record.outcome == "ok" and record.answer["stock"] < 0:
            yield _said(record, "4: stock below zero")
    for record in history.records:
        if record.ended - record.began > DEADLINE + SLACK:
            yield _said(record, f"9: it took {record.ended - record.began:.1f} s")
        if record.status == 500 or (record.status or 0) in (401, 403, 405, 415):
            yield _said(record, "an answer that nothing here may lead to")
        if record.code == SENT_AS_SUCCESS:
            yield _said(record, "6: a rejection sent as a success")


def _by_key(history: History, *ops: str) -> dict[str, list[Record]]:
    records = defaultdict[str, list[Record]](list)
    for record in history.of(*ops) if ops else history.records:
        if record.key is not None:
            records[record.key].append(record)
    return records


def _said(record: Record, what: str) -> str:
    told = f"{record.outcome} {record.status or ''} {record.code}".strip()
    return (
        f"promise {what}: call {record.number} of {record.client}, {record.op} {record.path}"
        f" {record.sent or ''} with key {record.key}: {told}"
    )
