"""Promises 2 to 6 of services/README.md, from the databases alone: each query finds breaches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FILES = {"carts": "cart", "products": "catalog", "orders": "order", "payments": "payment"}

BREACHES = {
    "2: more than one live payment of an order": """
        SELECT order_id, count(*) FROM payments.payments
         WHERE status IN ('PENDING', 'COMPLETED', 'REFUNDING') GROUP BY order_id HAVING count(*) > 1
    """,
    "2: PAID more than once": """
        SELECT order_id, count(*) FROM orders.order_events
         WHERE status = 'PAID' AND stock_state = 'COMMIT_DUE' GROUP BY order_id HAVING count(*) > 1
    """,
    "3: a COMPLETED payment whose order is not PAID by it, for its total": """
        SELECT p.payment_id, o.order_id, o.status, o.payment_id, p.amount_minor, o.total_minor
          FROM payments.payments AS p LEFT JOIN orders.orders AS o ON o.order_id = p.order_id
         WHERE p.status = 'COMPLETED'
           AND (o.status IS NOT 'PAID' OR o.payment_id IS NOT p.payment_id
                OR o.total_minor IS NOT p.amount_minor OR o.currency IS NOT p.currency)
    """,
    "3: a PAID order whose payment is not COMPLETED": """
        SELECT o.order_id, o.payment_id, p.status FROM orders.orders AS o
          LEFT JOIN payments.payments AS p ON p.payment_id = o.payment_id
         WHERE o.status = 'PAID' AND p.status IS NOT 'COMPLETED'
    """,
    "3: a refund that is not through": """
        SELECT o.order_id, o.status, p.payment_id, p.status FROM payments.payments AS p
          LEFT JOIN orders.orders AS o ON o.order_id = p.order_id
         WHERE p.status = 'REFUNDING'
            OR p.status = 'REFUNDED' AND (o.status IS NOT 'REFUNDED'
               OR o.payment_id IS NOT p.payment_id OR p.refunded_minor <> p.amount_minor)
        UNION ALL
        SELECT o.order_id, o.status, o.payment_id, p.status FROM orders.orders AS o
          LEFT JOIN payments.payments AS p ON p.payment_id = o.payment_id
         WHERE o.status = 'REFUNDED' AND p.status IS NOT 'REFUNDED'
    """,
    "3: a payment that is still PENDING": """
        SELECT payment_id, order_id FROM payments.payments WHERE status = 'PENDING'
    """,
    "4: below zero, or not the sum of what was ever stocked": """
        SELECT p.id, p.available, p.reserved, p.sold,
               (SELECT sum(available) FROM products.stock_ledger AS l
                 WHERE l.product_id = p.id AND movement = 'stock') AS stocked
          FROM products.products AS p
         WHERE min(p.available, p.reserved, p.sold) < 0
            OR p.available + p.reserved + p.sold <> coalesce(stocked, 0)
    """,
    "4: reserved or sold is not what the reservations hold": """
        SELECT p.id, p.reserved, p.sold,
               coalesce(sum(l.quantity) FILTER (WHERE r.state = 'HELD'), 0) AS held,
               coalesce(sum(l.quantity) FILTER (WHERE r.state = 'COMMITTED'), 0) AS gone
          FROM products.products AS p
          LEFT JOIN products.reservation_lines AS l ON l.product_id = p.id
          LEFT JOIN products.reservations AS r ON r.order_id = l.order_id
         GROUP BY p.id HAVING p.reserved <> held OR p.sold <> gone
    """,
    "5: an order whose stock is not where its status says": """
        SELECT o.order_id, o.status, o.stock_state, r.state FROM orders.orders AS o
          LEFT JOIN products.reservations AS r ON r.order_id = o.order_id
         WHERE NOT CASE o.status
                   WHEN 'CREATED' THEN o.stock_state = 'HELD' AND r.state IS 'HELD'
                   WHEN 'PAID' THEN o.stock_state = 'COMMITTED' AND r.state IS 'COMMITTED'
                   WHEN 'REFUNDED' THEN o.stock_state = 'RETURNED' AND r.state IS 'RETURNED'
                   WHEN 'CANCELLED' THEN o.stock_state = 'RELEASED'
                        AND coalesce(r.state, '') IN ('RELEASED', 'REJECTED')
                   ELSE o.stock_state = 'NONE' AND r.state IS 'REJECTED' END
    """,
    "5: a reservation that holds stock for no order": """
        SELECT r.order_id, r.state FROM products.reservations AS r
          LEFT JOIN orders.orders AS o ON o.order_id = r.order_id
         WHERE o.order_id IS NULL AND r.state IN ('HELD', 'COMMITTED')
    """,
    "6: a cart's version in more than one live order": """
        SELECT user_id, cart_version, count(*) FROM orders.orders
         WHERE cart_version IS NOT NULL AND total_minor IS NOT NULL
         GROUP BY user_id, cart_version HAVING count(*) > 1
    """,
    "6: a cart that is not closed": """
        SELECT order_id, cart_state FROM orders.orders WHERE cart_state IN ('OPEN', 'DUE')
    """,
    "6: a key without a final answer": """
        SELECT 'order', key, path, entity FROM orders.idempotency_keys WHERE status IS NULL
        UNION ALL
        SELECT 'payment', key, path, entity FROM payments.idempotency_keys WHERE status IS NULL
    """,
}
"""What is wrong, with the promise it breaks, and the query that finds it once all has settled."""

AT_EVERY_MOMENT = {name: query for name, query in BREACHES.items() if name.startswith(("2:", "4:"))}
"""Those that may be asked of a running shop: each looks at one database, at one instant."""

ORDERS_SEEN_LAST = {
    "3: a payment that is through, and its order does not have it": """
        SELECT p.payment_id, p.status, o.order_id, o.status, o.payment_id
          FROM payments.payments AS p LEFT JOIN orders.orders AS o ON o.order_id = p.order_id
         WHERE p.status IN ('COMPLETED', 'REFUNDING', 'REFUNDED')
           AND (o.payment_id IS NOT p.payment_id OR o.total_minor IS NOT p.amount_minor
                OR p.status = 'REFUNDED' AND o.status IS NOT 'REFUNDED')
    """,
    "5: stock that went before its order": """
        SELECT r.order_id, r.state, o.status, o.stock_state FROM products.reservations AS r
          LEFT JOIN orders.orders AS o ON o.order_id = r.order_id
         WHERE NOT CASE r.state
                   WHEN 'COMMITTED' THEN coalesce(o.status, '') IN ('PAID', 'REFUNDED')
                   WHEN 'RETURNED' THEN o.status IS 'REFUNDED'
                   WHEN 'RELEASED' THEN o.status IS 'CANCELLED'
                   ELSE o.status IS NOT NULL END
    """,
}
"""What may be asked of a running shop whose orders are looked at after all else: whatever a peer
has done, its order has had written down before.
"""

ORDERS_SEEN_FIRST = {
    "3: an order that is paid by no payment": """
        SELECT o.order_id, o.status, o.payment_id, p.status FROM orders.orders AS o
          LEFT JOIN payments.payments AS p ON p.payment_id = o.payment_id
         WHERE o.payment_id IS NOT NULL
           AND (p.status IS NULL OR p.status = 'FAILED'
                OR o.status = 'REFUNDED' AND p.status NOT IN ('REFUNDING', 'REFUNDED'))
    """,
    "5: stock that is not where its order has it": """
        SELECT o.order_id, o.status, o.stock_state, r.state FROM orders.orders AS o
          LEFT JOIN products.reservations AS r ON r.order_id = o.order_id
         WHERE CASE o.stock_state
                   WHEN 'HELD' THEN coalesce(r.state, 'REJECTED') = 'REJECTED'
                   WHEN 'COMMITTED' THEN coalesce(r.state, '') NOT IN ('COMMITTED', 'RETURNED')
                   WHEN 'RELEASED' THEN coalesce(r.state, '') NOT IN ('RELEASED', 'REJECTED')
                   WHEN 'RETURNED' THEN r.state IS NOT 'RETURNED'
                   WHEN 'NONE' THEN r.state IS NOT 'REJECTED' END
    """,
}
"""What may be asked of a running shop whose orders are looked at before all else: what an order has
written down as done, its peer has done before.
"""

UNPAID = """
    SELECT order_id FROM orders WHERE status = 'CREATED'
       AND expires_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+60 seconds')
"""
"""The orders that expire soon, and then have something due. One that was placed while the clock was
an hour fast does not.
"""

IN_FLIGHT = {
    "orders": (
        "SELECT order_id FROM orders"
        " WHERE stock_state IN ('REQUESTED', 'COMMIT_DUE', 'RELEASE_DUE', 'RETURN_DUE')"
        " UNION SELECT order_id FROM orders WHERE cart_state = 'DUE'"
    ),
    "payments": "SELECT payment_id FROM payments WHERE status IN ('PENDING', 'REFUNDING')",
}
"""What the recovery workers have still to do."""


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """All databases of a data folder, attached for reading."""
    with closing(sqlite3.connect(":memory:", uri=True, isolation_level=None)) as conn:
        for name in FILES:
            conn.execute(f"ATTACH ? AS {name}", (f"file:{folder / name}.db?mode=ro",))
        yield conn


def breaches(conn: sqlite3.Connection) -> Iterator[str]:
    """Whatever breaks a promise, and any file that is damaged."""
    for name in FILES:
        for (finding,) in conn.execute(f"PRAGMA {name}.integrity_check"):
            if finding != "ok":
                yield f"1: {name}.db is damaged: {finding}"
    for promise, query in BREACHES.items():
        yield from (f"promise {promise}: {row}" for row in conn.execute(query))


def breaches_now(folder: Path) -> list[str]:
    """Whatever breaks a promise in a running shop. Raises sqlite3.Error as `in_flight` does."""
    others = [name for name in FILES if name != "orders"]
    found = list[str]()
    with opened(folder) as conn:
        for seen, queries in (
            ([*others, "orders"], AT_EVERY_MOMENT | ORDERS_SEEN_LAST),
            (["orders", *others], ORDERS_SEEN_FIRST),
        ):
            conn.execute("BEGIN")
            for name in seen:  # from here to the ROLLBACK, each is seen as it is now
                conn.execute(f"SELECT count(*) FROM {name}.sqlite_schema").fetchone()
            found += (
                f"promise {promise}, while running: {row}"
                for promise, query in queries.items()
                for row in conn.execute(query)
            )
            conn.execute("ROLLBACK")
    return found


def in_flight(folder: Path, *, with_unpaid: bool = False) -> set[str]:
    """The orders and payments with something still due, of a running shop; `with_unpaid` also the
    orders that will have, once they expire.

    Raises sqlite3.Error while a database is not to be read.
    """
    found = set[str]()
    queries = [*IN_FLIGHT.items(), *([("orders", UNPAID)] if with_unpaid else [])]
    for name, query in queries:
        uri = f"file:{folder / name}.db?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=0.05)) as conn:
            found.update(row[0] for row in conn.execute(query))
    return found
