"""Each promise of services/README.md, broken behind the shop's back: the audit names the row."""

from __future__ import annotations

import pytest

from .planted import Folder

COPY_OF_PAYMENT = (
    "INSERT INTO payments (payment_id, order_id, user_id, amount_minor, currency, status,"
    " created_at, updated_at) SELECT 'another', order_id, user_id, amount_minor, currency, status,"
    " created_at, updated_at FROM payments WHERE payment_id = :payment"
)
UNPAID = "UPDATE orders SET status = 'CREATED', stock_state = 'HELD', payment_id = NULL"

MONEY = [
    ("payments", COPY_OF_PAYMENT, "payment {payment}: its status is COMPLETED beside 1 more"),
    ("payments", COPY_OF_PAYMENT, "payment another: its status is COMPLETED beside 1 more"),
    ("payments", COPY_OF_PAYMENT, "payment another: its order {paid} is PAID by payment {payment}"),
    (
        "payments",
        "UPDATE payments SET amount_minor = 599 WHERE payment_id = :payment",
        "order {paid}: its payment {payment} is of 5.99 USD, and should be of 6.00 USD",
    ),
    (
        "payments",
        "UPDATE payments SET currency = 'EUR' WHERE payment_id = :payment",
        "order {paid}: its payment {payment} is of 6.00 EUR, and should be of 6.00 USD",
    ),
    (
        "payments",
        "UPDATE payments SET user_id = 'eve' WHERE payment_id = :payment",
        "order {paid}: the customer of its payment {payment} is eve, and should be ada",
    ),
    (
        "payments",
        "UPDATE payments SET user_id = NULL WHERE payment_id = :payment",
        "order {paid}: the customer of its payment {payment} is nobody, and should be ada",
    ),
    (
        "payments",
        "UPDATE payments SET status = 'FAILED', rejection = '{{}}' WHERE payment_id = :payment",
        "order {paid}: its payment {payment} is FAILED, and should be COMPLETED",
    ),
    (
        "payments",
        "UPDATE payments SET status = 'REFUNDED', refunded_minor = 600 WHERE payment_id = :payment",
        "order {paid}: its payment {payment} is REFUNDED, and should be COMPLETED",
    ),
    (
        "payments",
        "DELETE FROM payments WHERE payment_id = :payment",
        "order {paid}: its payment {payment} is nowhere, and should be COMPLETED",
    ),
    (
        "payments",
        "UPDATE payments SET order_id = :held WHERE payment_id = :payment",
        "order {paid}: its payment {payment} is for order {held}, and should be for this one",
    ),
    (
        "payments",
        "UPDATE payments SET status = 'COMPLETED', refunded_minor = 0 WHERE payment_id = :refund",
        "order {refunded}: its payment {refund} is COMPLETED, and should be REFUNDED",
    ),
    (
        "payments",
        "UPDATE payments SET refunded_minor = 249 WHERE payment_id = :refund",
        "payment {refund}: what was refunded is 2.49, and should be 2.50",
    ),
    (
        "payments",
        "UPDATE payments SET refunded_minor = 1 WHERE payment_id = :payment",
        "payment {payment}: what was refunded is 0.01, and should be 0.00",
    ),
    (
        "payments",
        "UPDATE payments SET status = 'COMPLETED', rejection = NULL WHERE payment_id = :failed",
        "payment {failed}: its order {cancelled} is CANCELLED by no payment, and should be PAID",
    ),
    (
        "orders",
        f"{UNPAID} WHERE order_id = :paid",
        "payment {payment}: its order {paid} is CREATED by no payment, and should be PAID by it",
    ),
    (
        "orders",
        "DELETE FROM orders WHERE order_id = :paid",
        "payment {payment}: its order {paid} is nowhere, and should be PAID by it",
    ),
    (
        "orders",
        "UPDATE orders SET payment_id = NULL WHERE order_id = :paid",
        "order {paid}: its payment is none, and should be one, as it is PAID",
    ),
    (
        "orders",
        "UPDATE orders SET payment_id = 'some' WHERE order_id = :held",
        "order {held}: its payment is some, and should be none, as it is CREATED",
    ),
]

HISTORIES = [
    (
        "orders",
        "DELETE FROM order_events WHERE order_id = :paid",
        "order {paid}: the beginning of its history is nothing, and should be CREATED REQUESTED",
    ),
    (
        "orders",
        "DELETE FROM order_events WHERE order_id = :paid AND stock_state = 'COMMIT_DUE'",
        "order {paid}: what follows CREATED HELD in its history is PAID COMMITTED, and should be"
        " PAID COMMIT_DUE or CANCELLED RELEASE_DUE",
    ),
    (
        "orders",
        "INSERT INTO order_events (order_id, status, stock_state, cause, at)"
        " VALUES (:rejected, 'CREATED', 'HELD', '', '')",
        "order {rejected}: what follows REJECTED NONE in its history is CREATED HELD, and should be"
        " the end of it",
    ),
    (
        "orders",
        "UPDATE orders SET stock_state = 'COMMIT_DUE' WHERE order_id = :paid",
        "order {paid}: its state is PAID COMMIT_DUE, and should be PAID COMMITTED, by its history",
    ),
]


@pytest.mark.parametrize(("database", "statement", "message"), MONEY + HISTORIES)
def test_a_breach_is_named_with_its_row(
    folder: Folder, database: str, statement: str, message: str
) -> None:
    folder.plant(database, statement.replace("{{}}", "{}"))
    breaches = [str(breach) for breach in folder.look().breaches]
    assert any(breach.startswith(message.format(**folder.ids)) for breach in breaches), breaches
