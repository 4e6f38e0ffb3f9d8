"""An HTTP proxy between any two of the shop's parts, and between a client and any of them. It
delays, drops, duplicates and replays late, and above all loses the answer after the effect.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from contextlib import suppress
from typing import Any, NoReturn

import aiohttp
from aiohttp import web
from yarl import URL

from services.common.web.parts import BATCH

from .workload import LATE_RESERVE, SLOW_RESERVE

LOST = "answer lost after the effect"
BATCH_LOST = "batch's answer lost after the effect"
BATCH_CUT = "batch's answer cut off"
STRANGER = "answered by a stranger"
"""Between two services alone, before or after the effect: their answers settle something."""
FAULTS = {
    LOST: 50,
    "delayed": 15,
    "answer delayed": 15,
    "dropped": 10,
    "duplicated": 12,
    "replayed late": 12,
    "delivered late": 8,
    STRANGER: 5,
    BATCH_CUT: 20,
}
"""What can happen to a request, and how often in relation to the others. What is no batch is lost
instead of cut off.
"""
BATCHES = 8
"""How much more often it happens to a batch, as there are few."""

CLIENTS = ("client", "storefront")
"""Callers whose requests are a customer's own. What a service asks of a peer may be repeated."""

_REPEATABLE = ("duplicated", "replayed late", "delivered late")
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
Pair = tuple[str, str]


class Lost(Exception):
    """There is no answer: the connection is to end."""


class Proxy:
    """One listening port for each pair of a caller and a service."""

    def __init__(self, rng: random.Random) -> None:
        self.rate = 0.0
        """The share of the requests to which something happens."""
        self.faults = dict(FAULTS)
        self.happened = Counter[str]()
        self.replayed_keys = set[str]()
        """Keys of requests that arrived, or may yet, when their sender was not there any more."""
        self._rng = rng
        self._targets: dict[int, tuple[Pair, str]] = {}
        self._ports: dict[Pair, int] = {}
        self._late = set[asyncio.Task[None]]()
        self._runner: web.ServerRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Begin; ports are opened as pairs are asked for."""
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=5.0),
            timeout=aiohttp.ClientTimeout(total=30.0, connect=2.0),
        )
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=0.1
        )
        await self._runner.setup()

    async def close(self) -> None:
        """Let go of what is still late, and end."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def quiet(self) -> None:
        """Let nothing happen any more, and wait for what is still on its way."""
        self.rate = 0.0
        await asyncio.gather(*self._late, return_exceptions=True)

    async def url(self, caller: str, service: str, target: str) -> str:
        """The address by which `caller` reaches the service at `target` through here."""
        pair = (caller, service)
        if pair not in self._ports:
            assert self._runner is not None
            site = web.TCPSite(self._runner, "127.0.0.1", 0)
            await site.start()
            port = self._runner.addresses[-1][1]
            self._ports[pair] = port
            self._targets[port] = (pair, target)
        return f"http://127.0.0.1:{self._ports[pair]}"

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        port = request.transport.get_extra_info("sockname")[1]
        (caller, _), target = self._targets[port]
        body = await request.read()
        try:
            return await self._serve(request, body, target, from_client=caller in CLIENTS)
        except (Lost, aiohttp.ClientError, TimeoutError, OSError):
            _hang_up(request)

    async def _serve(
        self, request: web.BaseRequest, body: bytes, target: str, *, from_client: bool
    ) -> web.StreamResponse:
        reserves = _reservations(request, body)
        if any(asked.startswith(SLOW_RESERVE) for asked in reserves):
            self.happened["reservation held up"] += 1
            await asyncio.sleep(0.6)
        if any(asked.startswith(LATE_RESERVE) for asked in reserves):
            self.happened["reservation late"] += 1
            self._send_later(request, body, target, self._rng.uniform(3.5, 4.5))
            raise Lost
        fault = self._fault(request, from_client)
        if fault is None:
            return await self._forward(request, body, target)
        if fault == BATCH_CUT and request.path != BATCH:
            fault = LOST
        self.happened[fault] += 1
        if fault == "dropped":
            raise Lost
        if fault == "delivered late":
            self._send_later(request, body, target)
            raise Lost
        if fault == STRANGER and self._rng.random() < 0.5:
            return _of_a_stranger(self._rng)
        if fault == "delayed":
            await asyncio.sleep(self._rng.uniform(0.1, 1.5))
        answer = await self._forward(request, body, target)
        if fault == LOST:
            if not _had_effect(request, body, answer):
                self.happened[fault] -= 1
                self.happened["answer lost, no effect"] += 1
            elif request.path == BATCH:
                self.happened[BATCH_LOST] += 1
            raise Lost
        if fault == BATCH_CUT:
            await self._cut(request, answer)
        if fault == "answer delayed":
            await asyncio.sleep(self._rng.uniform(0.1, 4.0))
        elif fault == "duplicated":
            return await self._forward(request, body, target)
        elif fault == "replayed late":
            self._send_later(request, body, target)
        elif fault == STRANGER:
            return _of_a_stranger(self._rng)
        return answer

    async def _cut(self, request: web.BaseRequest, answer: web.Response) -> NoReturn:
        """Send the beginning of an answer, which ends anywhere."""
        assert isinstance(answer.body, bytes)
        begun = web.StreamResponse(status=answer.status)
        begun.enable_chunked_encoding()
        await begun.prepare(request)
        await begun.write(answer.body[: self._rng.randrange(len(answer.body)) + 1])
        raise Lost

    def _fault(self, request: web.BaseRequest, from_client: bool) -> str | None:
        rate = self.rate * (BATCHES if request.path == BATCH else 1)
        if self._rng.random() >= rate:
            return None
        (fault,) = self._rng.choices(list(self.faults), list(self.faults.values()))
        # A client's request without a key is not to be repeated by anybody but the client.
        unkeyed = from_client and "Idempotency-Key" not in request.headers
        not_for_it = from_client if fault == STRANGER else unkeyed and fault in _REPEATABLE
        return "dropped" if not_for_it else fault

    def _send_later(
        self, request: web.BaseRequest, body: bytes, target: str, pause: float | None = None
    ) -> None:
        pause = pause or self._rng.uniform(0.3, 6.0)
        if key := request.headers.get("Idempotency-Key"):
            self.replayed_keys.add(key)

        async def send() -> None:
            await asyncio.sleep(pause)
            with suppress(aiohttp.ClientError, TimeoutError, OSError):  # nobody would hear of it
                await self._forward(request, body, target)

        task = asyncio.create_task(send())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _forward(self, request: web.BaseRequest, body: bytes, target: str) -> web.Response:
        assert self._session is not None
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in _HOP_BY_HOP
        ]
        async with self._session.request(
            request.method,
            URL(f"{target}{request.raw_path}", encoded=True),
            headers=headers,
            data=body or None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        ) as answer:
            kept = [
                (name, value)
                for name, value in answer.headers.items()
                if name.lower() not in _HOP_BY_HOP
            ]
            response = web.Response(status=answer.status, body=await answer.read())
            response.headers.clear()
            for name, value in kept:
                response.headers.add(name, value)
            return response


def _parts(request: web.BaseRequest, body: bytes) -> list[dict[str, Any]]:
    """The calls of a batch, or the one that a request is."""
    if request.path == BATCH:
        parts: list[dict[str, Any]] = json.loads(body)["parts"]
        return parts
    asked = request.headers.get("X-Request-ID", "")
    return [{"method": request.method, "request_id": asked}]


def _reservations(request: web.BaseRequest, body: bytes) -> list[str]:
    """The ids of the requests in which something is put."""
    parts = _parts(request, body)
    return [part.get("request_id", "") for part in parts if part["method"] == "PUT"]


def _had_effect(request: web.BaseRequest, body: bytes, answer: web.Response) -> bool:
    """Whether something was done that can be lost sight of."""
    parts = _parts(request, body)
    statuses = [answer.status]
    if request.path == BATCH and answer.status == 200 and isinstance(answer.body, bytes):
        told = map(json.loads, answer.body.splitlines())
        by_place = {line["part"]: line["status"] for line in told}
        statuses = [by_place.get(place, 500) for place in range(len(parts))]
    return any(
        part["method"] != "GET" and status < 300
        for part, status in zip(parts, statuses, strict=False)
    )


def _of_a_stranger(rng: random.Random) -> web.Response:
    """What comes from who listens there by mistake, or stands in between."""
    status = rng.choice([404, 404, 502, 200])
    return web.Response(status=status, text="<html>Nothing here</html>", content_type="text/html")


def _hang_up(request: web.BaseRequest) -> NoReturn:
    """End the connection with no answer."""
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError
