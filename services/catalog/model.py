"""The rules of products and reservations: how names are compared, what may be reserved, and the
tables of a reservation's transitions and stock movements. No I/O.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from services.common.core.currency import Currency
from services.common.core.errors import NotFound
from services.common.core.money import Money, Price
from services.common.core.rejection import Rejection
from services.common.storage.transition import State

from .messages import HeldLine, NewReservation, ReservationState

ReservationAction = Literal["commit", "release", "return"]

NEXT_STATES: dict[tuple[ReservationState, ReservationAction], ReservationState] = {
    ("HELD", "commit"): "COMMITTED",
    ("HELD", "release"): "RELEASED",
    ("HELD", "return"): "RETURNED",
    ("COMMITTED", "return"): "RETURNED",
}
"""The state that an action leads to, if it changes anything."""

TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    ((before,), (after,)) for (before, _), after in NEXT_STATES.items()
)
"""Every transition that a reservation can make."""

REJECTED_ACTIONS: dict[tuple[ReservationState, ReservationAction], str] = {
    ("COMMITTED", "release"): "reservation_committed",
    ("RELEASED", "commit"): "reservation_closed",
    ("REJECTED", "commit"): "reservation_closed",
    ("RETURNED", "commit"): "reservation_closed",
}
"""The code of an action that is rejected. An action in neither table changes nothing."""

TOMBSTONES: dict[ReservationAction, ReservationState] = {
    "release": "RELEASED",
    "return": "RETURNED",
}
"""The state that an action stores if nothing was ever held, so that a late hold finds it."""

STOCK_MOVEMENTS: dict[tuple[ReservationState, ReservationState], tuple[int, int, int]] = {
    ("HELD", "COMMITTED"): (0, -1, 1),
    ("HELD", "RELEASED"): (1, -1, 0),
    ("HELD", "RETURNED"): (1, -1, 0),
    ("COMMITTED", "RETURNED"): (1, 0, -1),
}
"""What each transition adds to available, reserved and sold, for each unit of a line."""

FORGOTTEN_HOURS = 8 * 24
"""How long a rejected reservation is kept: a day longer than its order, so that no hold that comes
late finds nothing. services/README.md says why.
"""

NOT_FOUND = "Product {} not found in catalog"


def folded(text: str) -> str:
    """The form of a text that is searched and sorted: without case and accents."""
    characters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in characters if not unicodedata.combining(char))


def product_not_found(product_id: int) -> NotFound:
    """The error for a product that is not, or no longer, in the catalog."""
    return NotFound(NOT_FOUND.format(product_id), code="product_not_found")


def reservation_not_found(order_id: str) -> NotFound:
    """The error for an order that has no reservation."""
    return NotFound(
        f"There is no reservation of order {order_id}",
        code="reservation_not_found",
        extensions={"order_id": order_id},
    )


class Offer(NamedTuple):
    """The part of a product on sale that a reservation needs."""

    sku: str | None
    name: str
    price: Price
    available: int


Offers = Mapping[int, Offer]
"""The wanted products that are on sale, by id."""


def total_of(wanted: NewReservation, offers: Offers, currency: Currency) -> Money:
    """The total of an order, whose products must all be on sale."""
    total = sum(offers[line.product_id].price * line.quantity for line in wanted.lines)
    return Money(total, currency)


def held_lines(wanted: NewReservation, offers: Offers) -> list[HeldLine]:
    """What an order holds, by product; its products must all be on sale."""
    return [
        HeldLine(
            product_id=line.product_id,
            sku=offers[line.product_id].sku,
            name=offers[line.product_id].name,
            price=offers[line.product_id].price,
            quantity=line.quantity,
        )
        for line in sorted(wanted.lines, key=lambda line: line.product_id)
    ]


def rejection_of(wanted: NewReservation, offers: Offers, currency: Currency) -> Rejection | None:
    """Why the catalog rejects a reservation; None if it can be held."""
    return (
        _missing(wanted, offers)
        or _price_changed(wanted, offers, currency)
        or _short(wanted, offers)
    )


def _missing(wanted: NewReservation, offers: Offers) -> Rejection | None:
    missing = [line.product_id for line in wanted.lines if line.product_id not in offers]
    if not missing:
        return None
    return Rejection(
        status=404,
        code="product_not_found",
        detail=NOT_FOUND.format(missing[0]),
        errors=[{"product_id": product_id} for product_id in missing],
    )


def _price_changed(wanted: NewReservation, offers: Offers, currency: Currency) -> Rejection | None:
    total = total_of(wanted, offers, currency)
    changed: list[dict[str, Any]] = [
        {
            "product_id": line.product_id,
            "expected": line.price,
            "price": offers[line.product_id].price,
        }
        for line in wanted.lines
        if line.price not in (None, offers[line.product_id].price)
    ]
    if wanted.expected_total not in (None, total):
        changed.append(
            {
                "expected_total": wanted.expected_total,
                "total_amount": total,
                "currency": currency.code,
            }
        )
    if changed:
        return Rejection(
            status=409,
            code="price_changed",
            detail=f"Prices have changed; the total is {total.text} now",
            errors=changed,
        )
    if total == 0:
        return Rejection(
            status=422, code="order_total_zero", detail="An order's total may not be 0"
        )
    return None


def _short(wanted: NewReservation, offers: Offers) -> Rejection | None:
    short = [
        {
            "product_id": line.product_id,
            "requested": line.quantity,
            "available": offers[line.product_id].available,
        }
        for line in wanted.lines
        if line.quantity > offers[line.product_id].available
    ]
    if not short:
        return None
    names = ", ".join(offers[line["product_id"]].name for line in short)
    return Rejection(
        status=409,
        code="insufficient_stock",
        detail=f"There is not enough of {names}",
        errors=short,
    )
