"""A payment service before a stand-in for the order service that says what a test has it say."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web

from tests.shop import Reply, Shop

from .orders import some_uuid
from .peers import Peer, problem

TOTAL = 5
Saying = tuple[int, str] | Literal["yes", "away"]
"""A rejection by its status and code, a success, or nothing that would settle anything."""


class PaymentService:
    """One order that can be paid, as the payment service sees it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.order_id = some_uuid()
        self.says: Saying = "yes"
        self.says_first: list[Saying] = []  # once each, before that
        self.peer = Peer(self._answer)

    def _answer(self, request: web.Request) -> web.StreamResponse:
        _, body = self.peer.calls[-1]
        ids = {"order_id": request.path.split("/")[2], "payment_id": body["payment_id"]}
        saying = self.says_first.pop(0) if self.says_first else self.says
        if isinstance(saying, tuple):
            return problem(*saying, **ids)
        if saying == "away":
            away = problem(503, "draining")
            away.headers["Retry-After"] = "60"  # longer than anybody waits: the call is over
            return away
        status = "PAID" if request.path.endswith("/payment") else "REFUNDED"
        return web.json_response({**ids, "status": status, "user_id": "ada"})

    async def pay(self, amount: float = TOTAL, **request: Any) -> Reply:
        """Pay the order."""
        body = {"order_id": request.pop("order_id", self.order_id), "amount": amount}
        return await self.shop.call("payment", "POST", "/pay", json=body, **request)

    async def refund(self, payment_id: str, **request: Any) -> Reply:
        """Refund a payment."""
        return await self.shop.call("payment", "POST", f"/payments/{payment_id}/refund", **request)

    async def payments(self) -> list[Any]:
        """Every payment there is, newest first."""
        found: list[Any] = (await self.shop.call("payment", "GET", "/payments")).json
        return found

    async def paid(self, status: str, key: str | None = "one") -> Any:
        """Bring a payment to a status, begun under `key`; returns the answer it was begun with."""
        ends: dict[str, Saying] = {"PENDING": "away", "FAILED": (409, "order_closed")}
        self.says = ends.get(status, "yes")
        begun = (await self.pay(idempotency_key=key)).json
        if status.startswith("REFUND"):
            self.says = "away" if status == "REFUNDING" else "yes"
            await self.refund(begun["payment_id"])
        assert [payment["status"] for payment in await self.payments()] == [status]
        return begun

    def back(self) -> None:
        """The order service answers again."""
        self.says = "yes"


async def start_payment(shop: Shop, **settings: float) -> PaymentService:
    """A payment service with these settings, before its stand-in."""
    payment_service = PaymentService(shop)
    await shop.stand_in("order", payment_service.peer.serve)
    await shop.start("payment", **settings)
    return payment_service
