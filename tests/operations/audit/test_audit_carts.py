"""A cart's units are in one live order at most: what says otherwise is named."""

from __future__ import annotations

import pytest

from .planted import Folder

ONE_MORE_ORDER = (
    "INSERT INTO orders (order_id, user_id, status, stock_state, items, currency, cart_version,"
    " cart_state, expires_at, created_at, updated_at)"
    " SELECT '{}', user_id, 'CREATED', 'REQUESTED', items, currency, cart_version{}, 'OPEN', '',"
    " '', '' FROM orders WHERE order_id = :{}"
)
ONE_MORE_EVENT = (
    "INSERT INTO order_events (order_id, status, stock_state, cause, at)"
    " VALUES ('{}', 'CREATED', 'REQUESTED', 'placed', '')"
)
CLOSE = "INSERT INTO cart_closes (order_id, user_id, version, closed_at) VALUES ({}, '{}', 1, '')"

CARTS = [
    (
        "carts",
        "DELETE FROM cart_closes WHERE order_id = :paid",
        "order {paid}: its cart is CLOSED, and should be closed in the cart service as well",
    ),
    (
        "carts",
        "UPDATE cart_closes SET version = 1 WHERE order_id = :paid",
        "cart_closes {paid}: the cart is ada's at version 1, and should be ada's at version 2",
    ),
    (
        "carts",
        "UPDATE cart_closes SET user_id = 'ben' WHERE order_id = :paid",
        "cart_closes {paid}: the cart is ben's at version 2, and should be ada's at version 2",
    ),
    (
        "carts",
        CLOSE.format("'orphan'", "ada"),
        "cart_closes orphan: its order is nowhere, and should be in the order service",
    ),
    (
        "carts",
        CLOSE.format(":rejected", "eve"),
        "cart_closes {rejected}: its order's cart is FREE, and should be DUE or CLOSED",
    ),
    (
        "carts",
        CLOSE.format(":rejected", "eve"),
        "cart of eve: what it holds of product {pears} from version 1 is 1000, and should be none",
    ),
    (
        "carts",
        CLOSE.format(":held", "ben"),
        "cart_closes {held}: its order's cart is NONE, and should be DUE or CLOSED",
    ),
    (
        "carts",
        "UPDATE cart SET version = 2 WHERE user_id = 'ada'",
        "order {paid}: the version its cart was left at is 3, and should be from 3 to 2",
    ),
    (
        "orders",
        "UPDATE orders SET cart_left_version = 2 WHERE order_id = :paid",
        "order {paid}: the version its cart was left at is 2, and should be from 3 to 4",
    ),
    (
        "orders",
        "UPDATE orders SET cart_state = 'OPEN' WHERE order_id = :paid",
        "order {paid}: its cart is OPEN, and should be DUE or CLOSED, as its stock is COMMITTED",
    ),
    (
        "orders",
        "UPDATE orders SET cart_state = 'DUE' WHERE order_id = :rejected",
        "order {rejected}: its cart is DUE, and should be FREE, as its stock is NONE",
    ),
    (
        "orders",
        "UPDATE orders SET cart_version = NULL WHERE order_id = :paid",
        "order {paid}: its cart is CLOSED, and should be NONE",
    ),
]


@pytest.mark.parametrize(("database", "statement", "message"), CARTS)
def test_a_cart_that_does_not_fit_its_order_is_named(
    folder: Folder, database: str, statement: str, message: str
) -> None:
    folder.plant(database, statement)
    breaches = [str(breach) for breach in folder.look().breaches]
    assert any(breach.startswith(message.format(**folder.ids)) for breach in breaches), breaches


def test_one_version_of_a_cart_that_is_two_orders_is_named_with_both(folder: Folder) -> None:
    folder.plant("orders", ONE_MORE_ORDER.format("twin", "", "paid"), ONE_MORE_EVENT.format("twin"))
    found = "its cart's version 2 is that of 1 more of ada's orders, and should be its own alone"
    breaches = [str(breach) for breach in folder.look().breaches]
    assert breaches == [f"order {folder.ids['paid']}: {found}", f"order twin: {found}"]


def test_two_orders_of_a_customer_with_carts_not_closed_are_named(folder: Folder) -> None:
    folder.plant(
        "orders",
        *(ONE_MORE_ORDER.format(name, plus, "paid") for name, plus in (("a", "+5"), ("b", "+6"))),
        *map(ONE_MORE_EVENT.format, ("a", "b")),
    )
    breaches = [str(breach) for breach in folder.look().breaches]
    found = "its cart is OPEN, and so is that of 1 more of ada's orders, and should be the only one"
    assert [breach.split(" that is")[0] for breach in breaches] == [
        f"order a: {found}",
        f"order b: {found}",
    ]
