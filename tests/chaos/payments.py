"""How a client pays: once, twice at once, the wrong amount, in vain; and how it is given back."""

from __future__ import annotations

import asyncio
from collections import deque
from decimal import Decimal
from typing import Any, NamedTuple

from .caller import Caller, money

RECENT = 12
"""How many orders, or payments, a client has in mind."""


class Unpaid(NamedTuple):
    order_id: str
    total: Decimal


class Payments:
    """What a client does about its orders' money, and the operator who refunds it."""

    def __init__(self, caller: Caller, operator: Caller) -> None:
        self._caller = caller
        self._operator = operator
        self._rng = caller.rng
        self._unpaid: deque[Unpaid] = deque(maxlen=RECENT)
        self._paid: deque[str] = deque(maxlen=RECENT)

    def remember(self, order: dict[str, Any]) -> None:
        """Have an order in mind, as it was answered, if it is to be paid."""
        if order["status"] == "CREATED" and order["total_amount"] is not None:
            self._unpaid.append(Unpaid(order["order_id"], money(order["total_amount"])))

    async def pay(self) -> None:
        """Pay an order: once, or once more later; a wrong amount; while it is cancelled; or be gone
        before the answer.
        """
        if not self._unpaid:
            return
        order = self._unpaid.popleft()
        first, second = self._caller.new_key(), self._caller.new_key()
        choice = self._rng.random()
        if choice < 0.08:
            await self._pay_with(first, order._replace(total=order.total + 1))
            self._unpaid.append(order)
        elif choice < 0.16:
            after = self._rng.uniform(0.001, 0.03)
            await self._caller.leave(**self._payment(order), key=first, after=after)
        elif choice < 0.29:
            await asyncio.gather(self._pay_with(first, order), self.cancel_order(order.order_id))
        elif choice < 0.36:
            await self._pay_with(first, order)
            await self._pay_with(second, order)
        else:
            await self._pay_with(first, order)

    async def pay_twice(self) -> None:
        """Pay an order twice at once: with the same key, with another, or with none."""
        if not self._unpaid:
            return
        order = self._unpaid.popleft()
        first, second = self._caller.new_key(), self._caller.new_key()
        keys = self._rng.choice([(first, first), (first, second), (None, None)])
        await asyncio.gather(*(self._pay_with(key, order) for key in keys))

    async def cancel(self) -> None:
        """Cancel an order that is not paid."""
        if self._unpaid:
            await self.cancel_order(self._unpaid.popleft().order_id)

    async def refund(self) -> None:
        """The operator gives the money back; now and then twice at once."""
        if not self._paid:
            return
        path = f"/payments/{self._paid.popleft()}/refund"
        calls = [
            self._operator.insist("refund", "payment", "POST", path, key=self._operator.new_key())
            for _ in range(1 if self._rng.random() < 0.8 else 2)
        ]
        await asyncio.gather(*calls)

    async def cancel_order(self, order_id: str) -> None:
        """Cancel this order."""
        path = f"/orders/{order_id}/cancel"
        key = self._caller.new_key()
        await self._caller.insist("cancel", "order", "POST", path, key=key)

    def _payment(self, order: Unpaid) -> dict[str, Any]:
        return {
            "op": "pay",
            "service": "payment",
            "method": "POST",
            "path": "/pay",
            "sent": {"order_id": order.order_id, "amount": order.total},
        }

    async def _pay_with(self, key: str | None, order: Unpaid) -> None:
        record = await self._caller.insist(**self._payment(order), key=key)
        if record.outcome == "ok" and record.status == 200 and self._rng.random() < 0.5:
            self._paid.append(record.answer["payment_id"])
