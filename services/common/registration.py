"""A service's place in the registry: it registers once it listens, renews its lease, registers
again when it was forgotten, and leaves on shutdown.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from .background import running
from .belonging import store_shop
from .database import DatabaseError
from .keys import BOUND, DATABASE, SESSION, SETTINGS
from .lifecycle import LIFECYCLE, Lifecycle
from .logs import logger
from .settings import Settings
from .version import VERSION

CALL_SECONDS = 3.0
FIRST_RETRY = 0.05
LAST_RETRY = 2.0

UNHEARD = (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError)
"""The registry did not answer, or not as a registry does."""


class Registered(msgspec.Struct, frozen=True):
    """The registry's answer to a registration, as far as it matters here."""

    lease: str
    heartbeat_every: float
    shop: str


class Forgotten(Exception):
    """The registry does not know this instance; it registers again."""


class Superseded(Exception):
    """Another instance has taken this one's place; it stops."""


async def registration(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: registered while the application runs."""
    app[PLACE] = place = Place(app)
    async with running(place.keep, "registration"):
        yield
    await place.leave()


class Place:
    """This instance, as the registry knows it."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._settings: Settings = app[SETTINGS]
        self._lifecycle: Lifecycle = app[LIFECYCLE]
        self._lease: str | None = None

    async def keep(self) -> None:
        """Register, and renew the lease for good. Ends only when superseded."""
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
        """Tell the registry that this instance takes no more requests, if it can be told."""
        await self._farewell("PUT", "/state", {"state": "draining", "lease": self._lease})

    async def leave(self) -> None:
        """Take this instance out of the registry, if it can be reached."""
        await self._farewell("DELETE", "", {"lease": self._lease})

    async def _register(self, url: str) -> Registered:
        pause = FIRST_RETRY
        while True:
            try:
                answer = await self._call("PUT", "", {"url": url, "version": VERSION})
                registered = msgspec.convert(answer, Registered)
                break
            except (*UNHEARD, Forgotten) as error:
                if pause >= LAST_RETRY:
                    logger.warning("the registry cannot be reached", extra={"reason": str(error)})
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter
                pause = min(pause * 2, LAST_RETRY)
        self._lease = registered.lease
        await self._belong_to(registered.shop)
        self._lifecycle.registered = True
        logger.info("registered", extra={"url": url, "shop": registered.shop})
        return registered

    async def _renew(self, registered: Registered) -> None:
        while True:
            await asyncio.sleep(registered.heartbeat_every)
            try:
                await self._call("POST", "/heartbeat", {"lease": registered.lease})
            except UNHEARD as error:
                logger.warning("heartbeat failed", extra={"reason": str(error) or "time-out"})

    async def _belong_to(self, shop: str) -> None:
        if shop == self._lifecycle.shop:
            return
        if self._lifecycle.shop is not None:
            logger.warning("the registry names another shop than before", extra={"shop": shop})
        self._lifecycle.shop = shop
        if DATABASE not in self._app:
            return
        try:
            await self._app[DATABASE].write(store_shop, shop)
        except DatabaseError as error:
            logger.warning("the shop's id is not stored", extra={"reason": str(error)})

    async def _call(self, method: str, what: str, body: Any) -> Any:
        """One call about this instance. Raises Forgotten, Superseded, or what is UNHEARD."""
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

    async def _farewell(self, method: str, what: str, body: Any) -> None:
        if self._lease is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await self._call(method, what, body)
        except (*UNHEARD, Forgotten, Superseded) as error:
            logger.warning("could not tell the registry", extra={"reason": repr(error)})


PLACE: web.AppKey[Place] = web.AppKey("place", Place)
