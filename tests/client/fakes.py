"""A fake registry and fake services, over real HTTP on free ports."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.passing import let_pass

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeServer:
    """An application that listens at `url`; it can be stopped, and started again on its port."""

    def __init__(self) -> None:
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    async def start(self) -> None:
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()


class FakeRegistry(FakeServer):
    """Answers `GET /services` as a registry does, long polls included."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch = "first"
        self.index = 0
        self.shop: str | None = "shop-1"
        self.services: dict[str, list[dict[str, Any]]] = {}
        self.answers: list[Reply] = []
        """Answers to give first, one for each request, instead of what is registered."""
        self.polls: list[dict[str, str]] = []
        self.reports: list[dict[str, Any]] = []
        self.changed = asyncio.Condition()
        self._changed_at: dict[str, int] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/services", self._list), web.post("/reports", self._report)]

    async def put(self, service: str, *instances: dict[str, Any]) -> None:
        """Have exactly these instances of a service registered."""
        self.index += 1
        self.services[service] = [{"service": service, **each} for each in instances]
        self._changed_at[service] = self.index
        await self._notify()

    async def start_new_epoch(self) -> None:
        """Lose everything, as a registry does whose database was deleted."""
        self.epoch += "-again"
        self.index = 0
        self.services, self._changed_at = {}, {}
        await self._notify()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition on `polls` or `reports`."""
        async with self.changed, asyncio.timeout(5):
            await self.changed.wait_for(condition)

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.polls.append(dict(request.query))
        await self._notify()
        if self.answers:
            return await self.answers.pop(0)(request)
        epoch, index = request.query.get("epoch"), int(request.query.get("index", 0))
        if epoch == self.epoch:
            async with self.changed:
                await self.changed.wait_for(lambda: (epoch, index) != (self.epoch, self.index))
        reset = epoch != self.epoch
        services = {
            name: instances
            for name, instances in self.services.items()
            if reset or self._changed_at[name] > index
        }
        return web.json_response(
            {
                "index": self.index,
                "epoch": self.epoch,
                "reset": reset,
                "shop": self.shop,
                "services": services,
            }
        )

    async def _report(self, request: web.Request) -> web.StreamResponse:
        self.reports.append(await request.json())
        await self._notify()
        return web.json_response({}, status=202)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived: the path percent-encoded, with its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class FakeService(FakeServer):
    """Gives one answer for each request, the last one again and again; `seen` has the requests."""

    def __init__(self, *answers: Reply) -> None:
        super().__init__()
        self.answers = list(answers)
        self.seen: list[Seen] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._answer)]

    def at(self, instance_id: str, state: str = "up", **more: Any) -> dict[str, Any]:
        """Return this service as the registry would describe it."""
        return {"instance_id": instance_id, "url": self.url, "state": state, **more}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.raw_path, headers, await request.read()))
        reply = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await reply(request)


def reply(body: Any = None, status: int = 200, **headers: str) -> Reply:
    """An answer with a JSON body, exact as given if it is bytes; `Retry_After="1"` is a header."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Content-Type", "application/json")

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=text if status != 204 else None, status=status, headers=named)

    return answer


def problem(status: int, code: str, detail: str = "No.", **headers: str) -> Reply:
    """An RFC 9457 problem."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    return reply(body, status, Content_Type="application/problem+json", **headers)


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


def hang_for(seconds: float) -> Reply:
    """Never answer, and let so many seconds pass at once."""

    async def answer(request: web.Request) -> web.StreamResponse:
        let_pass(seconds)
        return await hang(request)

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def unreachable(instance_id: str, state: str = "up") -> dict[str, Any]:
    """Describe an instance at an address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {"instance_id": instance_id, "url": f"http://127.0.0.1:{port}", "state": state}


def only_request(service: FakeService) -> tuple[str, str, Any]:
    """Return method, path and body of the only request."""
    (seen,) = service.seen
    return seen.method, seen.path, json.loads(seen.body) if seen.body else None


def idempotency_keys(seen: list[Seen]) -> set[str]:
    """Return the different keys that these requests carried."""
    return {each.headers["idempotency-key"] for each in seen}
