"""Keeps a service in the registry: it registers once it listens, renews its lease, registers again
if the registry has forgotten it, and deregisters on shutdown.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from client.backoff import Backoff

from ..core.background import running
from ..core.logs import logger
from ..core.settings import Settings
from ..core.token_keys import TokenKeys
from ..core.version import VERSION
from ..storage.database import DatabaseError
from ..storage.shop_identity import store_shop
from ..storage.token_keys import store_token_keys
from ..web.auth import Keyring
from ..web.keys import (
    BOUND,
    DATABASE,
    KEYRING,
    SESSION,
    SETTINGS,
    TOKEN_LIFETIME,
    TOKEN_RENEWAL,
)
from ..web.lifecycle import LIFECYCLE, Lifecycle

CALL_SECONDS = 3.0
BACKOFF = Backoff(0.05, 2.0)
"""Seconds between two tries to register."""
TOKEN_TIMES = (TOKEN_LIFETIME, TOKEN_RENEWAL)
"""Together, for how long a token that this service signs is of any use."""
FAILURES_BEFORE_WARNING = 6
"""In a row. When the whole shop starts, the registry may be the last to listen."""

NO_ANSWER = (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError)
"""The registry did not answer, or the answer is not one of a registry."""


class Registered(msgspec.Struct, frozen=True):
    """The part of the registry's answer to a registration that is needed here."""

    lease: str
    heartbeat_every: float
    shop: str
    token_keys: TokenKeys | None = None


class Renewed(msgspec.Struct, frozen=True):
    """The same of its answer to a heartbeat: the keys of tokens, if others than ours."""

    token_keys: TokenKeys | None = None


class Forgotten(Exception):
    """The registry does not know this instance; it registers again."""


class Superseded(Exception):
    """Another instance has taken this one's place; it stops."""


async def registration(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: registered while the application runs."""
    app[REGISTRAR] = registrar = Registrar(app)
    async with running(registrar.keep, "registration"):
        yield
    await registrar.leave()


def _store(conn: sqlite3.Connection, shop: str | None, keys: TokenKeys) -> None:
    """Have the database know the shop and the keys of its tokens."""
    if shop is not None:
        store_shop(conn, shop)
    store_token_keys(conn, keys)


class Registrar:
    """Keeps this instance registered."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._settings: Settings = app[SETTINGS]
        self._lifecycle: Lifecycle = app[LIFECYCLE]
        self._keyring: Keyring = app[KEYRING]
        self._lease: str | None = None
        self._stored = self._known
        """As much of what is known as the database has."""

    async def keep(self) -> None:
        """Register, and renew the lease until cancelled or superseded."""
        url = await self._app[BOUND]
        try:
            while True:
                registered = await self._register(url)
                try:
                    await self._renew(registered)
                except Forgotten:
                    logger.warning("the registry has forgotten this instance; registering again")
        except Superseded:
            self._lease = None
            self._lifecycle.end("another instance has taken this one's place in the registry")

    async def drain(self) -> None:
        """Tell the registry, if it can be reached, that this instance takes no more requests."""
        await self._tell_registry("PUT", "/state", {"state": "draining", "lease": self._lease})

    async def leave(self) -> None:
        """Take this instance out of the registry, if it can be reached."""
        await self._tell_registry("DELETE", "", {"lease": self._lease})

    async def _register(self, url: str) -> Registered:
        for failures in itertools.count(1):
            try:
                answer = await self._call("PUT", "", self._told_of_itself(url))
                registered = msgspec.convert(answer, Registered)
                break
            except (*NO_ANSWER, Forgotten) as error:
                if failures > FAILURES_BEFORE_WARNING:
                    logger.warning("the registry cannot be reached", extra={"reason": str(error)})
                await asyncio.sleep(BACKOFF.delay(failures))
        self._lease = registered.lease
        await self._learn(registered.shop, registered.token_keys)
        self._lifecycle.registered = True
        logger.info("registered", extra={"url": url, "shop": registered.shop})
        return registered

    def _told_of_itself(self, url: str) -> dict[str, Any]:
        """What a registration says. The keys of tokens are those that a registry takes back which
        was emptied.
        """
        of_use = sum((self._app.get(key, timedelta()) for key in TOKEN_TIMES), timedelta())
        own = TokenKeys(longest_token=math.ceil(of_use.total_seconds()))
        keys = self._keyring.token_keys.merged(own)
        return {"url": url, "version": VERSION, "token_keys": msgspec.to_builtins(keys)}

    async def _renew(self, registered: Registered) -> None:
        while True:
            await asyncio.sleep(registered.heartbeat_every)
            told = {
                "lease": registered.lease,
                "token_keys_version": self._keyring.token_keys.version,
            }
            try:
                answer = await self._call("POST", "/heartbeat", told)
                await self._learn(None, msgspec.convert(answer, Renewed).token_keys)
            except NO_ANSWER as error:
                logger.warning("heartbeat failed", extra={"reason": str(error) or "time-out"})

    @property
    def _known(self) -> tuple[str | None, TokenKeys]:
        """What is known here of the shop: its id, and the keys of tokens."""
        return self._lifecycle.shop, self._keyring.token_keys

    async def _learn(self, shop: str | None, keys: TokenKeys | None) -> None:
        """Take up what the registry names, and store what the database does not have: it may not
        have taken it the last time.
        """
        if shop is not None:
            if self._lifecycle.shop not in (None, shop):
                logger.warning("the registry names another shop than before", extra={"shop": shop})
            self._lifecycle.shop = shop
        if keys is not None:
            self._keyring.token_keys = keys
        known = self._known
        if known == self._stored or DATABASE not in self._app:
            return
        try:
            await self._app[DATABASE].write(_store, *known)
        except DatabaseError as error:
            logger.warning("the shop's id and keys are not stored", extra={"reason": str(error)})
        else:
            self._stored = known

    async def _call(self, method: str, what: str, body: Any) -> Any:
        """Make one call about this instance. Raises Forgotten, Superseded, or one of NO_ANSWER."""
        settings = self._settings
        async with self._app[SESSION].request(
            method,
            f"{settings.registry_url}/services/{settings.service}/{settings.instance_id}{what}",
            json=body,
            headers={"X-API-Key": settings.api_key},
            timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
            allow_redirects=False,
        ) as response:
            answer = await response.read()
            if response.status == 404:
                raise Forgotten
            if response.status == 409:
                raise Superseded
            if response.status >= 300:
                raise aiohttp.ClientError(
                    f"{response.status}: {answer[:300].decode(errors='replace')}"
                )
            return msgspec.json.decode(answer) if answer else None

    async def _tell_registry(self, method: str, what: str, body: Any) -> None:
        if self._lease is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await self._call(method, what, body)
        except (*NO_ANSWER, Forgotten, Superseded) as error:
            logger.warning("could not tell the registry", extra={"reason": repr(error)})


REGISTRAR: web.AppKey[Registrar] = web.AppKey("registrar", Registrar)
