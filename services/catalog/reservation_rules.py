"""Reservations: what an order may hold, and the table of moves. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from services.common.money import Amount, Money, Price, decimal_text
from services.common.refusal import Refusal
from services.common.wire import ProductId, Quantity

from .model import NOT_FOUND

State = Literal["HELD", "COMMITTED", "RELEASED", "RETURNED", "REJECTED"]
Move = Literal["commit", "release", "return"]

MOVES: dict[tuple[State, Move], State] = {
    ("HELD", "commit"): "COMMITTED",
    ("HELD", "release"): "RELEASED",
    ("HELD", "return"): "RETURNED",
    ("COMMITTED", "return"): "RETURNED",
}
"""The state that a move leads to, where it moves anything."""

REFUSED_MOVES: dict[tuple[State, Move], str] = {
    ("COMMITTED", "release"): "reservation_committed",
    ("RELEASED", "commit"): "reservation_closed",
    ("REJECTED", "commit"): "reservation_closed",
    ("RETURNED", "commit"): "reservation_closed",
}
"""The code of a move that is refused; any move not named here or above changes nothing."""

TOMBSTONES: dict[Move, State] = {"release": "RELEASED", "return": "RETURNED"}
"""What is left behind by a move of what was never held, so that a hold that comes late finds it."""

UNITS_MOVED: dict[tuple[State, State], tuple[int, int, int]] = {
    ("HELD", "COMMITTED"): (0, -1, 1),
    ("HELD", "RELEASED"): (1, -1, 0),
    ("HELD", "RETURNED"): (1, -1, 0),
    ("COMMITTED", "RETURNED"): (1, 0, -1),
}
"""What happens to available, reserved and sold with each unit of a line, from state to state."""


class WantedLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units of a product to hold, and the price that the buyer saw, if it is to be kept to."""

    product_id: ProductId
    quantity: Quantity
    price: Price | None = None


class Wanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an order wants held: all of it or nothing."""

    lines: Annotated[list[WantedLine], msgspec.Meta(min_length=1, max_length=100)]
    expected_total: Amount | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a product that is there twice."""
        if len({line.product_id for line in self.lines}) < len(self.lines):
            raise ValueError("Expected each product in one line only")


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product as they are held, at the price of that moment."""

    product_id: int
    sku: str | None
    name: str
    price: Price
    quantity: int


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What one order holds, or held."""

    order_id: str
    state: State
    lines: list[HeldLine]
    total_amount: Money
    currency: str


class Goods(NamedTuple):
    """A product on the shelf, as far as a hold needs it."""

    sku: str | None
    name: str
    price: Price
    available: int


Shelf = Mapping[int, Goods]
"""What is on sale of what an order wants, by product id."""


def total_of(wanted: Wanted, shelf: Shelf) -> Money:
    """What an order costs whose products are all on the shelf."""
    return Money(sum(shelf[line.product_id].price * line.quantity for line in wanted.lines))


def why_not(wanted: Wanted, shelf: Shelf) -> Refusal | None:
    """Why an order cannot be held as it is wanted, or None."""
    return _missing(wanted, shelf) or _price_changed(wanted, shelf) or _short(wanted, shelf)


def _missing(wanted: Wanted, shelf: Shelf) -> Refusal | None:
    missing = [line.product_id for line in wanted.lines if line.product_id not in shelf]
    if not missing:
        return None
    return Refusal(
        status=404,
        code="product_not_found",
        detail=NOT_FOUND.format(missing[0]),
        errors=[{"product_id": product_id} for product_id in missing],
    )


def _price_changed(wanted: Wanted, shelf: Shelf) -> Refusal | None:
    total = total_of(wanted, shelf)
    changed: list[dict[str, Any]] = [
        {
            "product_id": line.product_id,
            "expected": line.price,
            "price": shelf[line.product_id].price,
        }
        for line in wanted.lines
        if line.price not in (None, shelf[line.product_id].price)
    ]
    if wanted.expected_total not in (None, total):
        changed.append({"expected_total": wanted.expected_total, "total_amount": total})
    if changed:
        return Refusal(
            status=409,
            code="price_changed",
            detail=f"Prices have changed; the total is {decimal_text(total)} now",
            errors=changed,
        )
    if total == 0:
        return Refusal(status=422, code="order_total_zero", detail="An order's total may not be 0")
    return None


def _short(wanted: Wanted, shelf: Shelf) -> Refusal | None:
    short = [
        {
            "product_id": line.product_id,
            "requested": line.quantity,
            "available": shelf[line.product_id].available,
        }
        for line in wanted.lines
        if line.quantity > shelf[line.product_id].available
    ]
    if not short:
        return None
    names = ", ".join(shelf[line["product_id"]].name for line in short)
    return Refusal(
        status=409,
        code="insufficient_stock",
        detail=f"There is not enough of {names}",
        errors=short,
    )
