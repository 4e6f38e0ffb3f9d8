"""The shop as its users call it: one client that is told the registry's URL and nothing else."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from .calls import Calls
from .cart import Carts
from .catalog import Catalog
from .discovery import Discovery
from .orders import Orders
from .payments import Payments
from .transport import Transport, open_session


class ShopClient:
    """A shop, open while it is entered with `async with`.

    `catalog`, `cart`, `orders` and `payments` hold the calls. Each ends within `timeout` seconds,
    finds an instance that can take it, and has its effect once, however often it is sent. Every
    call raises a ShopError for what went wrong; see `client.errors` for the tree.
    """

    def __init__(self, registry_url: str, *, api_key: str, timeout: float = 10.0) -> None:
        """Use the shop whose registry is at `registry_url`, with the operator key or a token.

        `timeout` is in seconds and is meant for each whole call. Nothing is opened yet.
        """
        self._registry_url = registry_url
        self._api_key = api_key
        self._calls = Calls(timeout)
        self._open = AsyncExitStack()
        self.catalog = Catalog(self._calls)
        self.cart = Carts(self._calls)
        self.orders = Orders(self._calls)
        self.payments = Payments(self._calls)

    def __repr__(self) -> str:
        return f"ShopClient({self._registry_url!r})"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            session = await opening.enter_async_context(open_session())
            discovery = Discovery(session, self._registry_url, self._api_key)
            await opening.enter_async_context(discovery)
            self._calls.transport = Transport(session, discovery, self._api_key)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._calls.transport = None
        await self._open.aclose()
