"""Units that are nowhere, twice, or another order's: the audit names the row."""

from __future__ import annotations

import pytest

from .planted import Folder

ORPHAN = (
    "INSERT INTO reservations (order_id, state, currency, created_at, updated_at)"
    " VALUES ('orphan', '{}', 'USD', '', '')"
)
ANOTHER_LINE = (
    "INSERT INTO reservation_lines (order_id, product_id, name, price_minor, quantity)"
    " VALUES ({}, :limes, 'Limes', 100, 1)"
)
MOVED = (
    "INSERT INTO stock_ledger (product_id, order_id, movement, available, reserved, sold, reason,"
    " at) VALUES (:pears, {}, '', '')"
)

RESERVATIONS = [
    ("paid", "HELD", "COMMITTED, as the order is PAID COMMITTED"),
    ("paid", "RELEASED", "COMMITTED, as the order is PAID COMMITTED"),
    ("paid", "RETURNED", "COMMITTED, as the order is PAID COMMITTED"),
    ("held", "COMMITTED", "HELD, as the order is CREATED HELD"),
    ("held", "RELEASED", "HELD, as the order is CREATED HELD"),
    ("refunded", "COMMITTED", "RETURNED, as the order is REFUNDED RETURNED"),
    ("refunded", "RELEASED", "RETURNED, as the order is REFUNDED RETURNED"),
    ("cancelled", "HELD", "RELEASED or REJECTED, as the order is CANCELLED RELEASED"),
    ("cancelled", "COMMITTED", "RELEASED or REJECTED, as the order is CANCELLED RELEASED"),
    ("cancelled", "RETURNED", "RELEASED or REJECTED, as the order is CANCELLED RELEASED"),
]

UNITS = [
    (
        "UPDATE products SET available = available + 1 WHERE id = :pears",
        "product {pears} (Pear Drops): available is 99, and should be 98 by the ledger",
    ),
    (
        "UPDATE products SET reserved = reserved + 1 WHERE id = :limes",
        "product {limes} (Pear Drops): reserved is 4, and should be 3 by the ledger and 3 by the"
        " reservations",
    ),
    (
        "UPDATE products SET sold = 0 WHERE id = :pears",
        "product {pears} (Pear Drops): sold is 0, and should be 2 by the ledger and 2 by the"
        " reservations",
    ),
    (
        "UPDATE products SET available = -1 WHERE id = :pears",
        "product {pears} (Pear Drops): available is -1, and should be 98 by the ledger and 0 or"
        " more",
    ),
    (
        MOVED.format("NULL, 'stock', 5, 0, 0"),
        "product {pears} (Pear Drops): available is 98, and should be 103 by the ledger",
    ),
    (
        MOVED.format(":paid, 'hold', -1, 1, 0"),
        "reservation {paid}: what the ledger moved of product {pears} is -3 available, +1 reserved,"
        " +2 sold, and should be -2, +0 and +2",
    ),
    (
        MOVED.format(":paid, 'hold', -1, 2, 0"),
        "stock_ledger 13: its hold is -1, +2, +0, and should be an order's, and 0 in sum",
    ),
    (
        MOVED.format("NULL, 'stock', 0, 1, 0"),
        "stock_ledger 13: its stock is +0, +1, +0, and should be units come or gone",
    ),
    (
        "DELETE FROM stock_ledger WHERE order_id = :held",
        "reservation {held}: what the ledger moved of product {limes} is +0 available, +0 reserved,"
        " +0 sold, and should be -3, +3 and +0",
    ),
    (
        "UPDATE reservation_lines SET quantity = 4 WHERE order_id = :held",
        "order {held}: what was ordered is 3 of product {limes} at 1.00, and should be 4 of product"
        " {limes} at 1.00, as was reserved",
    ),
    (
        "UPDATE reservation_lines SET quantity = 4 WHERE order_id = :held",
        "product {limes} (Pear Drops): reserved is 3, and should be 4 by the reservations",
    ),
    (
        "UPDATE reservation_lines SET price_minor = 99 WHERE order_id = :held",
        "order {held}: what was ordered is 3 of product {limes} at 1.00, and should be 3 of product"
        " {limes} at 0.99",
    ),
    (
        ANOTHER_LINE.format(":refunded"),
        "order {refunded}: what was ordered is 1 of product {pears} at 2.50, and should be 1 of"
        " product {pears} at 2.50, 1 of product {limes} at 1.00, as was reserved",
    ),
    (
        "UPDATE reservations SET total_minor = 301 WHERE order_id = :held",
        "reservation {held}: its total is 3.01, and should be 3.00, by its lines",
    ),
    (
        "UPDATE reservations SET currency = 'EUR' WHERE order_id = :held",
        "order {held}: its total at the catalog is 3.00 EUR, and should be 3.00 USD",
    ),
    (
        "DELETE FROM reservation_lines WHERE order_id = :cancelled",
        "reservation {cancelled}: the number of its lines is 0, and should be 1 at least",
    ),
    (
        ANOTHER_LINE.format(":rejected"),
        "reservation {rejected}: the number of its lines is 1, and should be 0",
    ),
    (ORPHAN.format("RELEASED"), "reservation orphan: its order is nowhere"),
    (ORPHAN.format("RETURNED"), "reservation orphan: its state is RETURNED, and should be another"),
    (
        "DELETE FROM reservations WHERE order_id = :rejected",
        "order {rejected}: its reservation is none, and should be REJECTED",
    ),
]

ORDERED = [
    (
        "UPDATE orders SET total_minor = 601 WHERE order_id = :paid",
        "order {paid}: its total is 6.01, and should be 6.00, by its items",
    ),
    (
        "UPDATE orders SET items = json_set(items, '$[0].price_minor', 249) WHERE order_id = :paid",
        "order {paid}: what was ordered is 2 of product {pears} at 2.49, 1 of product {limes}",
    ),
    (
        "UPDATE orders SET items = json_remove(items, '$[1]') WHERE order_id = :paid",
        "order {paid}: what was ordered is 2 of product {pears} at 2.50, and should be",
    ),
    (
        "UPDATE orders SET items = '[1]' WHERE order_id = :paid",
        "order {paid}: its list of items is unreadable",
    ),
    (
        "UPDATE orders SET stock_state = 'MISLAID' WHERE order_id = :paid",
        "order {paid}: its reservation is COMMITTED, and should be that of another state",
    ),
]


def messages_of(folder: Folder) -> list[str]:
    return [str(breach) for breach in folder.look().breaches]


@pytest.mark.parametrize(("order", "state", "expected"), RESERVATIONS)
def test_a_reservation_that_is_not_its_orders_is_named(
    folder: Folder, order: str, state: str, expected: str
) -> None:
    folder.plant("products", f"UPDATE reservations SET state = '{state}' WHERE order_id = :{order}")
    message = f"order {folder.ids[order]}: its reservation is {state}, and should be {expected}"
    assert message in messages_of(folder)


@pytest.mark.parametrize(("statement", "message"), UNITS)
def test_units_that_do_not_add_up_are_named(folder: Folder, statement: str, message: str) -> None:
    folder.plant("products", statement)
    breaches = messages_of(folder)
    assert any(breach.startswith(message.format(**folder.ids)) for breach in breaches), breaches


@pytest.mark.parametrize(("statement", "message"), ORDERED)
def test_an_order_of_other_units_or_prices_is_named(
    folder: Folder, statement: str, message: str
) -> None:
    folder.plant("orders", statement)
    breaches = messages_of(folder)
    assert any(breach.startswith(message.format(**folder.ids)) for breach in breaches), breaches
