"""A client of a system: does one thing again and again, on connections that it keeps."""

from __future__ import annotations

import itertools
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from uuid import uuid4

import msgspec

from .answers import Answer, Unreadable
from .connection import Connection, ConnectionEnded
from .job import Job, Thing
from .requests import OPERATOR, Requests

THINGS_OF_A_USER = 10
"""After so many, a client acts for another user."""
PAUSE_AFTER_FAILURE = 0.1
"""Seconds: a client that is refused does not ask again at once."""


class Failed(Exception):
    """The answer is not what it should be."""


class Order(msgspec.Struct):
    """What has to be known of an order to pay it."""

    order_id: str
    total_amount: float


class Problem(msgspec.Struct):
    """What has to be known of an error to tell it."""

    code: str = ""


class NoneLeft(Exception):
    """Every order that was placed to be paid is paid."""


_order = msgspec.json.Decoder(Order)
_names = itertools.count()
_run = uuid4().hex[:8]


class Client:
    """`unpaid` are the orders to be paid, which all clients of a system share."""

    def __init__(self, job: Job, number: int, unpaid: deque[Order]) -> None:
        self._target = job.target
        guests = job.target.guests
        self._guest, key = guests[number % len(guests)] if guests else ("", OPERATOR)
        self._requests = Requests(job.target, key)
        self._connections: dict[int, Connection] = {}
        self._unpaid = unpaid
        self._done = 0
        self.user_id = self._guest or _new_user()
        self._do = _things(self)[job.thing]

    async def connect(self, services: tuple[str, ...]) -> None:
        """Open the connections before the time counts. Raises OSError."""
        for port in {self._target.ports[service] for service in services}:
            self._connections[port] = await Connection.open("127.0.0.1", port)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    async def do(self) -> float:
        """Do the thing once; returns the seconds that it took. Raises Failed, NoneLeft, OSError,
        ConnectionEnded and Unreadable.
        """
        began = time.perf_counter()
        await self._do(*random.choice(self._target.products))
        took = time.perf_counter() - began
        self._done += 1
        if self._done % THINGS_OF_A_USER == 0:
            self.begin_anew()
        return took

    def begin_anew(self) -> None:
        """Be another user, of whom nothing is there."""
        if not self._guest:
            self.user_id = _new_user()

    async def list_products(self, _product_id: int, _price: float) -> None:
        await self._ask("catalog", self._requests.products(), 200)

    async def get_product(self, product_id: int, _price: float) -> None:
        await self._ask("catalog", self._requests.product(product_id), 200)

    async def add(self, product_id: int, _price: float) -> None:
        await self._ask("cart", self._requests.add(self.user_id, product_id), 200)

    async def order(self, product_id: int, price: float) -> None:
        request = self._requests.order(self.user_id, product_id, price)
        answer = await self._ask("order", request, 201)
        self._unpaid.append(_order.decode(answer.body))

    async def pay(self, _product_id: int, _price: float) -> None:
        if not self._unpaid:
            raise NoneLeft
        await self._pay(self._unpaid.popleft())

    async def purchase(self, product_id: int, price: float) -> None:
        await self.add(product_id, price)
        request = self._requests.order_of_cart(self.user_id, product_id, price)
        answer = await self._ask("order", request, 201)
        await self._pay(_order.decode(answer.body))

    async def _pay(self, order: Order) -> None:
        request = self._requests.pay(order.order_id, order.total_amount)
        answer = await self._ask("payment", request, 200)
        if b'"PAID"' not in answer.body:
            raise Failed("an order that is not PAID")

    async def _ask(self, service: str, request: bytes, expected: int) -> Answer:
        port = self._target.ports[service]
        connection = self._connections.get(port)
        if connection is None or not connection.is_open:
            connection = self._connections[port] = await Connection.open("127.0.0.1", port)
        answer = await connection.send(request)
        if answer.status != expected:
            raise Failed(_told(answer))
        return answer


BROKEN = (Failed, OSError, ConnectionEnded, Unreadable)
"""What may go wrong with a thing."""


def _new_user() -> str:
    return f"bench-{_run}-{next(_names)}"


def _told(answer: Answer) -> str:
    try:
        told = f"{answer.status} {msgspec.json.decode(answer.body, type=Problem).code}".rstrip()
    except msgspec.MsgspecError:
        told = str(answer.status)
    if answer.status == 503 and b"\r\nretry-after:" not in answer.head:
        return f"{told} without Retry-After"
    return told


def _things(client: Client) -> dict[Thing, Callable[[int, float], Awaitable[None]]]:
    return {
        Thing.LIST: client.list_products,
        Thing.PRODUCT: client.get_product,
        Thing.ADD: client.add,
        Thing.ORDER: client.order,
        Thing.PAY: client.pay,
        Thing.PURCHASE: client.purchase,
    }


SERVICES: dict[Thing, tuple[str, ...]] = {
    Thing.LIST: ("catalog",),
    Thing.PRODUCT: ("catalog",),
    Thing.ADD: ("cart",),
    Thing.ORDER: ("order",),
    Thing.PAY: ("payment",),
    Thing.PURCHASE: ("cart", "order", "payment"),
}
"""Which services are asked for a thing."""
