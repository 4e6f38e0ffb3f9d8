"""A client that works as the shop's page does: through the storefront's gateway, as a guest."""

from __future__ import annotations

from typing import Any

from client.transport import Answer, Transport

from .caller import Caller

STOREFRONT = "storefront"


class GatewayCaller(Caller):
    """Calls that the storefront passes on; written down as if they were made directly."""

    via = STOREFRONT

    async def _send(self, service: str, method: str, path: str, **options: Any) -> Answer:
        return await self._transport.request(STOREFRONT, method, f"/api{path}", **options)


async def begin_session(transport: Transport) -> tuple[str, str]:
    """Who a new guest is, and the token that says so."""
    answer = await transport.request(STOREFRONT, "POST", "/api/session")
    session = answer.decode(dict[str, str])
    return session["user_id"], session["token"]
