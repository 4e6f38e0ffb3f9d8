"""Reads orders from SQL."""

from __future__ import annotations

import sqlite3

import msgspec

from services.common.core.currency import currency_of
from services.common.core.rejection import read_rejection
from services.common.core.wire import MAX_INTEGER
from services.common.web.paging import (
    CursorNumber,
    decode_cursor,
    encode_cursor,
    fill_page,
    newest_first,
)

from .messages import HoldQuery, HoldView, OrderQuery, OrderView
from .model import Held, Item, Order, OrderEvent, OrdersOfCart, order_not_found


def find_order(conn: sqlite3.Connection, order_id: str) -> Order | None:
    """One order; None if it does not exist."""
    row = conn.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return to_order(row) if row else None


def get_order(conn: sqlite3.Connection, order_id: str) -> Order:
    """One order. Raises NotFound."""
    order = find_order(conn, order_id)
    if order is None:
        raise order_not_found(order_id)
    return order


def find_paid_by(conn: sqlite3.Connection, payment_id: str) -> Order | None:
    """The order that a payment has paid, if there is one."""
    row = conn.execute("SELECT * FROM orders WHERE payment_id = ?", (payment_id,)).fetchone()
    return to_order(row) if row else None


def find_of_cart(conn: sqlite3.Connection, user_id: str, version: int) -> OrdersOfCart:
    """What has become of a user's cart so far, as someone knows who has read it at `version`."""
    row = conn.execute(
        "SELECT (SELECT order_id FROM orders WHERE user_id = ?1 AND cart_version = ?2"
        "   AND cart_state IN ('OPEN', 'DUE', 'CLOSED')) AS same,"
        " (SELECT order_id FROM orders WHERE user_id = ?1"
        "   AND cart_state IN ('OPEN', 'DUE')) AS pending,"
        " (SELECT coalesce(max(cart_left_version), 0) FROM orders WHERE user_id = ?1"
        "   AND cart_state = 'CLOSED') AS left_version",
        (user_id, version),
    ).fetchone()
    return OrdersOfCart(**row)


def held_by_user(conn: sqlite3.Connection, user_id: str) -> Held:
    """What a user's unpaid orders hold."""
    return _held(conn, "status = 'CREATED' AND user_id = ?", user_id)


def held_from_network(conn: sqlite3.Connection, network: str) -> Held:
    """What the unpaid orders of all customers from a network hold."""
    return _held(conn, "status = 'CREATED' AND network = ?", network)


def _held(conn: sqlite3.Connection, where: str, value: str) -> Held:
    row = conn.execute(
        "SELECT count(*) AS orders, coalesce(sum(units), 0) AS units,"  # noqa: S608  our own
        f" min(expires_at) AS first_expires_at FROM orders WHERE {where}",
        (value,),
    ).fetchone()
    return Held(**row)


def list_holds(conn: sqlite3.Connection, query: HoldQuery) -> tuple[list[HoldView], str | None]:
    """One page of who holds what, most units first, and the cursor of the next page if there is
    one. Raises Invalid for a bad cursor.
    """
    units, name = MAX_INTEGER, ""
    if query.after is not None:
        units, name = decode_cursor(query.after, tuple[CursorNumber, str])
    rows = conn.execute(
        "SELECT iif(min(user_id) = max(user_id), min(user_id), NULL) AS user_id,"  # noqa: S608
        " iif(min(network) = max(network), min(network), NULL) AS network,"
        " count(*) AS orders, sum(units) AS units, min(expires_at) AS first_expires_at"
        f" FROM orders WHERE status = 'CREATED' AND {query.by} IS NOT NULL GROUP BY {query.by}"
        f" HAVING (sum(units), {query.by}) < (?, ?) ORDER BY sum(units) DESC, {query.by} DESC"
        " LIMIT ?",
        (units, name, query.limit + 1),
    )
    holds, last = fill_page(rows, query.limit, lambda row: HoldView(**row))
    return holds, None if last is None else encode_cursor((last["units"], last[query.by]))


def list_orders(conn: sqlite3.Connection, query: OrderQuery) -> tuple[list[OrderView], str | None]:
    """One page of orders, newest first, and the cursor of the next page if there is one."""
    return newest_first(
        conn,
        "orders",
        query,
        lambda row: OrderView.of(to_order(row)),
        user_id=query.user_id,
        status=query.status,
    )


def list_events(conn: sqlite3.Connection, order_id: str) -> list[OrderEvent]:
    """Every state that an order has been in, oldest first."""
    rows = conn.execute(
        "SELECT status, stock_state, cause, at FROM order_events WHERE order_id = ? ORDER BY id",
        (order_id,),
    )
    return [OrderEvent(**row) for row in rows]


def due_orders(conn: sqlite3.Connection, now: str, may_expire: bool) -> list[str]:
    """The orders with a step due, oldest first. If `may_expire`, also those past their deadline."""
    rows = conn.execute(
        "SELECT order_id, number FROM orders"
        " WHERE stock_state IN ('REQUESTED', 'COMMIT_DUE', 'RELEASE_DUE', 'RETURN_DUE')"
        " UNION SELECT order_id, number FROM orders WHERE cart_state = 'DUE'"
        " UNION SELECT order_id, number FROM orders"
        "  WHERE status = 'CREATED' AND expires_at <= ? AND ?"
        " ORDER BY number LIMIT 10000",
        (now, may_expire),
    )
    return [row["order_id"] for row in rows]


def to_order(row: sqlite3.Row) -> Order:
    """The order in a row of `orders`."""
    rejection = row["rejection"]
    return Order(
        order_id=row["order_id"],
        user_id=row["user_id"],
        status=row["status"],
        stock_state=row["stock_state"],
        reason=row["reason"],
        rejection=None if rejection is None else read_rejection(rejection),
        items=_ITEMS.decode(_in_todays_words(row["items"])),
        expected_total_minor=row["expected_total_minor"],
        total_minor=row["total_minor"],
        currency=currency_of(row["currency"]),
        payment_id=row["payment_id"],
        cart_version=row["cart_version"],
        cart_state=row["cart_state"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


_ITEMS = msgspec.json.Decoder(list[Item])


def _in_todays_words(items: str) -> str:
    """An order's items as JSON. Orders of before there were other currencies stay as they were
    written, with amounts in `…_cents`. Inside a text of JSON, a quote has a backslash before it.
    """
    return items.replace('_cents":', '_minor":')
