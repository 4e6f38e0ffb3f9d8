"""Either half of a purge is no breach, and what a purge would never leave is one."""

from __future__ import annotations

import pytest

from services.catalog.model import FORGOTTEN_HOURS as RESERVATION_HOURS
from services.common.core.clock import hours_before, utc_now
from services.operations.audit.stock import ORDER_KEPT_HOURS, RESERVATION_KEPT_HOURS
from services.order.model import FORGOTTEN_HOURS as ORDER_HOURS

from .planted import Folder

OLD, NEW = hours_before(utc_now(), 8 * 24 + 1), hours_before(utc_now(), 5 * 24)
ORDER_GOES = (
    "DELETE FROM order_events WHERE order_id = :rejected",
    "DELETE FROM orders WHERE order_id = :rejected",
)
RESERVATION_GOES = "DELETE FROM reservations WHERE order_id = :rejected"


def told_of(folder: Folder) -> list[str]:
    return [str(breach) for breach in folder.look().breaches]


def grow_old(folder: Folder, since: str, order: str = "rejected") -> None:
    for database, table in (("orders", "orders"), ("products", "reservations")):
        times = f"created_at = '{since}', updated_at = '{since}'"
        folder.plant(database, f"UPDATE {table} SET {times} WHERE order_id = :{order}")


def test_an_order_that_was_purged_before_its_reservation_is_no_breach(folder: Folder) -> None:
    grow_old(folder, OLD)
    folder.plant("orders", *ORDER_GOES)
    assert told_of(folder) == []


def test_a_reservation_that_was_purged_before_its_order_is_no_breach(folder: Folder) -> None:
    grow_old(folder, OLD)
    folder.plant("products", RESERVATION_GOES)
    assert told_of(folder) == []


def test_an_order_that_went_before_its_time_is_missed(folder: Folder) -> None:
    grow_old(folder, NEW)
    folder.plant("orders", *ORDER_GOES)
    rejected = folder.ids["rejected"]
    assert told_of(folder) == [
        f"reservation {rejected}: its order is nowhere, and should be in the order service"
    ]


def test_a_reservation_that_went_before_its_time_is_missed(folder: Folder) -> None:
    grow_old(folder, NEW)
    folder.plant("products", RESERVATION_GOES)
    (told,) = told_of(folder)
    assert "its reservation is none, and should be REJECTED" in told


@pytest.mark.parametrize("order", ["paid", "held", "refunded", "cancelled"])
def test_no_other_order_may_be_gone_however_old(folder: Folder, order: str) -> None:
    grow_old(folder, OLD, order)
    folder.plant(
        "orders",
        f"DELETE FROM order_events WHERE order_id = :{order}",
        f"DELETE FROM orders WHERE order_id = :{order}",
    )
    missed = f"reservation {folder.ids[order]}: its order is nowhere"
    assert any(told.startswith(missed) for told in told_of(folder))


@pytest.mark.parametrize("order", ["held", "cancelled"])
def test_no_other_reservation_may_be_gone_however_old(folder: Folder, order: str) -> None:
    grow_old(folder, OLD, order)
    folder.plant("products", f"DELETE FROM reservations WHERE order_id = :{order}")
    missed = f"order {folder.ids[order]}: its reservation is none"
    assert any(told.startswith(missed) for told in told_of(folder))


def test_a_cart_that_was_forgotten_is_no_breach_of_the_orders_it_became(folder: Folder) -> None:
    folder.plant(
        "carts",
        "DELETE FROM cart_units WHERE user_id = 'ada'",
        "DELETE FROM cart_lines WHERE user_id = 'ada'",
        "DELETE FROM cart WHERE user_id = 'ada'",
    )
    assert told_of(folder) == []


def test_the_audit_and_the_services_agree_how_long_what_was_rejected_is_kept() -> None:
    assert (ORDER_KEPT_HOURS, RESERVATION_KEPT_HOURS) == (ORDER_HOURS, RESERVATION_HOURS)
