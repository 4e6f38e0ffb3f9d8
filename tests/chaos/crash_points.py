"""The points at which a service can be made to end itself: before and after each line of the
protocol's table of crashes. See `implant` for what happens inside.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path


def _units(*names: str) -> list[str]:
    return [f"{name}.{when}" for name in names for when in ("before_commit", "after_commit")]


def _calls(*names: str) -> list[str]:
    return [f"{name}.{when}" for name in names for when in ("before_call", "after_call")]


POINTS: dict[str, list[str]] = {
    "order": [
        "place_order.before",
        *_units("place_order", "hold", "reject", "cancel", "pay", "refund"),
        *_units("change_committed", "change_released", "change_returned", "mark_cart_closed"),
        *_calls("read_cart", "reserve", "commit_reservations", "release_reservations"),
        *_calls("return_reservations", "close_cart"),
        *_units("expire"),
    ],
    "payment": [
        "begin_payment.before",
        *_units("begin_payment", "complete", "fail", "begin_refund", "finish_refund"),
        *_calls("payment_orders", "refund_orders"),
    ],
    "catalog": _units("hold", "move_commit", "move_release", "move_return", "adjust_stock"),
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
