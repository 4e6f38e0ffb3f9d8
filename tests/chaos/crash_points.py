"""The points at which a service can be made to end itself: before and after each line of the
table of crashes in services/README.md. See `implant` for what happens inside.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

UNITS: dict[str, dict[str, tuple[str, ...]]] = {
    "order": {
        "services.order.placement": ("place_order",),
        "services.order.transitions": (
            "hold_stock",
            "reject_order",
            "cancel_order",
            "expire_order",
            "mark_paid",
            "mark_refunded",
            "finish_stock",
            "mark_cart_closed",
        ),
    },
    "payment": {
        "services.payment.transitions": (
            "begin_payment",
            "complete_payment",
            "fail_payment",
            "begin_refund",
            "finish_refund",
        )
    },
    "catalog": {
        "services.catalog.transitions": ("reserve_stock", "change_reservation"),
        "services.catalog.products": ("adjust_stock",),
    },
    "cart": {"services.cart.transitions": ("add_units", "close_cart")},
}
"""The units of work of each service that have points, by the module that they are called in."""

NAMED_BY_ARGUMENT = {
    "finish_stock": ("stock_state", "finish_{}"),
    "change_reservation": ("action", "{}_reservation"),
}
"""Units that do several things: the argument that says which, and what each is called."""


def _units(*names: str) -> list[str]:
    return [f"{name}.{when}" for name in names for when in ("before_commit", "after_commit")]


def _calls(*names: str) -> list[str]:
    return [f"{name}.{when}" for name in names for when in ("before_call", "after_call")]


POINTS: dict[str, list[str]] = {
    "order": [
        "place_order.before",
        *_units("place_order", "hold_stock", "reject_order", "cancel_order"),
        *_units("mark_paid", "mark_refunded"),
        *_units("finish_committed", "finish_released", "finish_returned", "mark_cart_closed"),
        *_calls("read_cart", "reserve", "commit_reservations", "release_reservations"),
        *_calls("return_reservations", "close_cart"),
        *_units("expire_order"),
    ],
    "payment": [
        "begin_payment.before",
        *_units(
            "begin_payment", "complete_payment", "fail_payment", "begin_refund", "finish_refund"
        ),
        *_calls("payment_orders", "refund_orders"),
    ],
    "catalog": [
        *_units("reserve_stock", "commit_reservation", "release_reservation"),
        *_units("return_reservation", "adjust_stock"),
    ],
    "cart": _units("add_units", "close_cart"),
}
"""The points of each service, by the name of the unit of work or of the call, and when."""


class CrashPoints:
    """Has services end themselves at points of the list, and counts where they did."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def aim(self, service: str, point: str) -> None:
        """Have the service end itself when it reaches the point next."""
        draft = self._folder / f"end-{service}.new"
        draft.write_text(point)
        draft.rename(self._folder / f"end-{service}")

    def is_aimed(self, service: str) -> bool:
        """Whether the service has not reached its point yet."""
        return (self._folder / f"end-{service}").exists()

    def clear(self, *services: str) -> None:
        """Have these services, or without any all of them, not end themselves any more."""
        for service in services or POINTS:
            with suppress(FileNotFoundError):
                (self._folder / f"end-{service}").unlink()

    def hits(self) -> Counter[tuple[str, str]]:
        """How often each point was hit: (service, point)."""
        try:
            lines = (self._folder / "hits").read_text().splitlines()
        except FileNotFoundError:
            return Counter()
        return Counter((line.split()[0], line.split()[1]) for line in lines)
