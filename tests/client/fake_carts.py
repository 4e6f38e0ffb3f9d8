"""Fake cart services behind a fake registry, and a transport to call them."""

from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from client.backoff import Backoff
from client.discovery import Discovery
from client.transport import Answer, Transport
from tests.client.fakes import FakeRegistry, FakeService, Reply, reply

OK = reply({"ok": True})


class FakeCarts:
    """One or several fake cart services, and a transport that finds them through `registry`."""

    def __init__(
        self, registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
    ) -> None:
        self._stack = AsyncExitStack()
        self.registry = registry
        self.discovery = Discovery(session, registry.url, "key-1", backoff=backoff)
        self.context: dict[str, str] = {}
        self.transport = Transport(
            session, self.discovery, "key-1", context_headers=lambda: self.context, backoff=backoff
        )

    async def start_registered(self, *answers: Reply) -> FakeService:
        """Start a cart service that gives these answers, and register it alone."""
        service = await self.start(*answers)
        await self.register(service.at("cart-1"))
        return service

    async def start(self, *answers: Reply) -> FakeService:
        """Start a cart service that gives these answers; it is not registered."""
        return await self._stack.enter_async_context(FakeService(*answers))

    async def register(self, *instances: dict[str, Any]) -> None:
        """Have exactly these cart instances registered, and known to the transport."""
        await self.registry.put("cart", *instances)
        await self._stack.enter_async_context(self.discovery)
        await self.discovery.candidates("cart", 5)

    async def get(self, **options: Any) -> Answer:
        return await self.transport.request("cart", "GET", "/cart/ada", **options)

    async def post(self, **options: Any) -> Answer:
        options = {"json": {"n": 1}, "deadline": 5.0, **options}
        return await self.transport.request("cart", "POST", "/cart/ada/add", **options)

    async def close(self) -> None:
        await self._stack.aclose()
