"""The limit: the same bytes and headers as the shop's, from aiohttp alone, in one process.

`python -m tests.bench.systems.bare PORT FILE` serves those in the file, through one middleware.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import uvloop
from aiohttp import web
from aiohttp.typedefs import Handler

from tests.end_to_end.real_shop import OPERATOR, PATIENCE, ROOT, free_base_port, is_free

from ..load.answers import Answer
from ..load.client import Order
from ..load.connection import Connection
from ..load.job import Target
from ..load.requests import Requests

MADE_ANEW = {"date", "server", "content-length", "connection", "x-request-id"}
"""Headers that aiohttp or the middleware makes for each answer."""


class Recorded(msgspec.Struct, frozen=True):
    """An answer of the shop, and the route that gave it."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes


class Bare:
    """One that runs."""

    name = "bare aiohttp"

    def __init__(self, folder: Path, recorded: list[Recorded], like: Target) -> None:
        """Start it with these answers, and wait until it listens."""
        self._port = free_base_port()
        self._like = like
        answers = folder / "answers.json"
        answers.write_bytes(msgspec.json.encode(recorded))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.systems.bare", str(self._port), str(answers)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
        give_up_at = time.monotonic() + PATIENCE
        while is_free(self._port):
            assert self._process.poll() is None, "bare aiohttp has ended, and said why above"
            assert time.monotonic() < give_up_at, "bare aiohttp does not listen"
            time.sleep(0.02)

    @property
    def target(self) -> Target:
        """As the shop's, but that all is at one port."""
        ports = dict.fromkeys(self._like.ports, self._port)
        return msgspec.structs.replace(self._like, name=self.name, ports=ports)

    @property
    def pids(self) -> dict[str, int]:
        return {"aiohttp": self._process.pid}

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)


async def record(shop: Target) -> list[Recorded]:
    """Each of the shop's answers that is measured, as one client gets them. Raises OSError."""
    requests = Requests(shop, OPERATOR)
    product_id, price = shop.products[0]

    async def ask(service: str, request: bytes) -> Answer:
        connection = await Connection.open("127.0.0.1", shop.ports[service])
        try:
            answer = await connection.send(request)
        finally:
            connection.close()
        assert answer.status in (200, 201), answer
        return answer

    ordered = await ask("order", requests.order("recorded", product_id, price))
    order = msgspec.json.decode(ordered.body, type=Order)
    answers = {
        ("GET", "/products"): await ask("catalog", requests.products()),
        ("GET", "/products/{product_id}"): await ask("catalog", requests.product(product_id)),
        ("POST", "/cart/{user_id}/add"): await ask("cart", requests.add("recorded", product_id)),
        ("POST", "/orders"): ordered,
        ("POST", "/pay"): await ask("payment", requests.pay(order.order_id, order.total_amount)),
    }
    return [
        Recorded(method, path, answer.status, _headers(answer), answer.body)
        for (method, path), answer in answers.items()
    ]


def _headers(answer: Answer) -> dict[str, str]:
    lines = answer.head.decode().split("\r\n")[1:-1]
    pairs = (line.partition(":") for line in lines)
    return {name: value.strip() for name, _, value in pairs if name not in MADE_ANEW}


def make_app(recorded: list[Recorded]) -> web.Application:
    """An application that gives these answers."""

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("X-API-Key") != OPERATOR:
            raise web.HTTPUnauthorized
        response = await handler(request)
        response.headers["X-Request-ID"] = request.headers["X-Request-ID"]
        return response

    def handler_of(answer: Recorded) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            await request.read()
            return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

        return handle

    app = web.Application(middlewares=[checked])
    for answer in recorded:
        app.router.add_route(answer.method, answer.path, handler_of(answer))
    return app


def main() -> None:
    """Serve until it is told to end."""
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    app = make_app(msgspec.json.decode(file.read_bytes(), type=list[Recorded]))
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, loop=loop)


if __name__ == "__main__":
    main()
