"""`ShopClient`: the whole shop as one client, which is told only the registry's URL."""

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
    """A shop, open inside `async with`.

    Its calls are in `catalog`, `cart`, `orders` and `payments`. Each call ends within `timeout`
    seconds, finds an instance that can take it, and changes something at most once, however often
    it is sent. Each raises a ShopError if it fails; the module `errors` shows their tree. Outside
    of the block a call raises RuntimeError.
    """

    def __init__(self, registry_url: str, *, api_key: str, timeout: float = 10.0) -> None:
        """Use the shop whose registry is at `registry_url` (http://host:port).

        `api_key` is the operator key: the registry accepts no customer token. `timeout` is in
        seconds, for each call with all its attempts. Nothing is opened yet. A URL that is not
        http(s)://host raises ValueError when the client is entered.
        """
        self._registry_url = registry_url
        self._api_key = api_key
        self._calls = Calls(timeout)
        self._resources = AsyncExitStack()
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
            self._resources = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._calls.transport = None
        await self._resources.aclose()
