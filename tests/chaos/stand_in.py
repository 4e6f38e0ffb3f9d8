"""Stands in front of the registry: the services are told its address for the registry's. What they
ask is passed on; in what they are told, each instance's address is that of a proxy of their own.
"""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import aiohttp
from aiohttp import web

from .proxy import Proxy

PROXIED = 0.75
"""The share of the addresses told that lead through a proxy: only past it can a caller meet a
refused connection, and know by it that nothing was done."""


class StandIn:
    """Passes on to the registry at `target`, unless it is kept away."""

    def __init__(self, target: str, proxy: Proxy, rng: random.Random) -> None:
        self.away = False
        """Whether every call ends with no answer, as if there was no registry."""
        self.proxied = PROXIED
        self.url = ""
        self._target = target
        self._proxy = proxy
        self._rng = rng
        self._runner: web.ServerRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._open = set[asyncio.Transport]()

    async def open(self) -> None:
        """Listen on a free port; `url` tells which."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60.0))
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """End."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    def keep_away(self) -> None:
        """End every call that is open, and all that come, until `away` is taken back."""
        self.away = True
        for transport in self._open:
            transport.abort()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        if self.away:
            transport.abort()
            raise asyncio.CancelledError
        self._open.add(transport)
        try:
            return await self._pass_on(request)
        except (aiohttp.ClientError, TimeoutError, OSError):
            transport.abort()
            raise asyncio.CancelledError from None
        finally:
            self._open.discard(transport)

    async def _pass_on(self, request: web.BaseRequest) -> web.Response:
        assert self._session is not None
        headers = {"X-API-Key": request.headers.get("X-API-Key", "")}
        body = await request.read()
        if body:
            headers["Content-Type"] = "application/json"
        async with self._session.request(
            request.method,
            f"{self._target}{request.raw_path}",
            headers=headers,
            data=body or None,
            allow_redirects=False,
        ) as answer:
            told = await answer.read()
            if answer.status == 200 and request.method == "GET" and request.path == "/services":
                caller = request.query.get("as", "client").partition("/")[0]
                told = json.dumps(await self._through_proxies(caller, json.loads(told))).encode()
            return web.Response(status=answer.status, body=told, content_type=answer.content_type)

    async def _through_proxies(self, caller: str, told: dict[str, Any]) -> dict[str, Any]:
        for service, instances in told["services"].items():
            for instance in instances:
                if self._rng.random() < self.proxied:
                    instance["url"] = await self._proxy.url(caller, service, instance["url"])
        return told
