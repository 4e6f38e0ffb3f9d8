"""Cart services behind a registry, and a transport to call them with."""

from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from client.backoff import Backoff
from client.discovery import Discovery
from client.transport import Answer, Transport
from tests.client.fakes import FakeRegistry, FakeService, Reply, reply

OK = reply({"ok": True})


class Stage:
    """A cart service or several behind a registry, and a transport to call them."""

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

    async def cart(self, *answers: Reply) -> FakeService:
        """Have one cart service that gives these answers."""
        service = await self.start(*answers)
        await self.have(service.at("cart-1"))
        return service

    async def start(self, *answers: Reply) -> FakeService:
        return await self._stack.enter_async_context(FakeService(*answers))

    async def have(self, *instances: dict[str, Any]) -> None:
        """Have exactly these cart instances known."""
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
