"""Who works in a run: the clients and, for each, an operator; and the goods that they are after."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from client.discovery import Discovery
from client.models import Product
from client.transport import Transport
from services.common.core.settings import DEVELOPMENT_KEY
from services.common.core.token_keys import TokenKeys
from services.common.storage.file import read_only_uri
from services.common.storage.token_keys import load_token_keys
from services.common.web.auth import Keyring

from .caller import Caller
from .gateway_caller import GatewayCaller, begin_session
from .history import History
from .processes import Processes
from .stand_in import StandIn
from .workload import Customer, Goods, rng_of

HOT, COLD = 3, 10
HOT_STOCK, COLD_STOCK = 5, 20_000


class Clients:
    """`number` clients; each fourth asks the registry itself, so that it meets no proxy, and each
    fourth works through the gateway, where a session makes it who it is.
    """

    def __init__(self, number: int, history: History, seed: int) -> None:
        self.callers: list[Caller] = []
        self.customers: list[Customer] = []
        self.tidy = set[str]()
        """The names of those that take nothing out of their carts by hand."""
        self._number = number
        self._history = history
        self._seed = seed

    async def connect(
        self,
        stack: AsyncExitStack,
        session: aiohttp.ClientSession,
        processes: Processes,
        stand_in: StandIn,
    ) -> None:
        """Put the goods on sale, and give each client its way to the shop until the stack ends."""
        direct, proxied = [
            await stack.enter_async_context(Discovery(session, url, DEVELOPMENT_KEY))
            for url in (processes.registry_url, stand_in.url)
        ]
        operator = Transport(session, direct, DEVELOPMENT_KEY)
        goods = Goods(
            [await _put_on_sale(operator, f"hot {i}", HOT_STOCK) for i in range(HOT)],
            [await _put_on_sale(operator, f"cold {i}", COLD_STOCK) for i in range(COLD)],
        )
        keys = _token_keys(processes.data / "registry.db")
        keyring, now = Keyring(DEVELOPMENT_KEY, keys), datetime.now(UTC)
        for number in range(self._number):
            kind: type[Caller] = Caller
            name = f"client-{number}"
            token = keyring.sign_token(name, now=now, lifetime=timedelta(days=1))
            if number % 4 == 1:
                kind = GatewayCaller
                name, token = await begin_session(Transport(session, direct, None))
            found_by = direct if number % 4 == 0 else proxied
            rng = rng_of(self._seed, f"client-{number}")
            caller = kind(name, Transport(session, found_by, token), self._history, rng)
            proxied_operator = Transport(session, proxied, DEVELOPMENT_KEY)
            operator_caller = kind(f"operator-{number}", proxied_operator, self._history, rng)
            tidy = number % 8 < 4
            if tidy:
                self.tidy.add(name)
            self.callers += [caller, operator_caller]
            self.customers.append(Customer(caller, operator_caller, goods, tidy=tidy))


def _token_keys(database: Path) -> TokenKeys:
    with closing(sqlite3.connect(read_only_uri(database), uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        return load_token_keys(conn)


async def _put_on_sale(transport: Transport, name: str, stock: int) -> int:
    sent = {"name": name, "price": 1.25 if stock == HOT_STOCK else 3.10, "stock": stock}
    answer = await transport.request("catalog", "POST", "/products", json=sent)
    product = answer.decode(Product)
    return product.id
