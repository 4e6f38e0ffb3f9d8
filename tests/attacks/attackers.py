"""The attackers, each a process of its own: `python -m tests.attacks.attackers HOW URL SECONDS`.

They come from 127.0.0.2 with one guest's token, which they read from the environment, and print how
often they were told what.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import select
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.by_hand import connection, head, next_status, say

ADDRESS = "127.0.0.2"
CONNECTIONS = 512
PATIENCE = 30.0
"""Seconds after which an attacker takes another connection in any case."""


async def send_half_a_body(url: str, token: str) -> int:
    """Begin to pay, and never say how much; until there is an answer."""
    async with connection(url, address=ADDRESS) as sock:
        await say(sock, head("POST", "/api/pay", token, Content_Length=1000) + b"{")
        return await next_status(sock)


async def read_nothing(url: str, token: str) -> int:
    """Ask again and again for the largest list there is, and read none of the answers."""
    async with connection(url, address=ADDRESS, receive_buffer=4096) as sock:
        request = head("GET", "/api/products?limit=1000", token)
        await say(sock, request * 4)
        status = await next_status(sock)
        if status == 200:
            await until_hung_up_on(sock.fileno())
        return status


async def until_hung_up_on(connected: int) -> None:
    """Wait until the other end has closed a connection of which nothing is read."""
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[None] = loop.create_future()

    poll = select.epoll()
    poll.register(connected, select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR)
    loop.add_reader(poll.fileno(), gone.cancel)
    try:
        await asyncio.wait([gone])
    finally:
        loop.remove_reader(poll.fileno())
        poll.close()


async def hoard(url: str, token: str) -> int:
    """Order a hundred of something that many would like, and pay nothing."""
    body = json.dumps({"user_id": user_of(token), "items": [{"product_id": 1, "quantity": 100}]})
    headers = {"Content_Type": "application/json", "Content_Length": len(body)}
    async with connection(url, address=ADDRESS) as sock:
        await say(sock, head("POST", "/api/orders", token, **headers) + body.encode())
        return await next_status(sock)


def user_of(token: str) -> str:
    """The customer whose token it is."""
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


ATTACKS: dict[str, Callable[[str, str], Awaitable[int]]] = {
    "half-a-body": send_half_a_body,
    "read-nothing": read_nothing,
    "hoard-unpaid": hoard,
}


async def attack(how: str, url: str, token: str, seconds: float) -> Counter[str]:
    """Attack from CONNECTIONS connections at once; each begins again as soon as it was told off."""
    told: Counter[str] = Counter()
    ends = time.monotonic() + seconds

    async def go_on() -> None:
        while time.monotonic() < ends:
            try:
                async with asyncio.timeout(min(PATIENCE, ends - time.monotonic())):
                    told[str(await ATTACKS[how](url, token))] += 1
            except TimeoutError:
                told["held"] += 1
            except OSError:
                told["hung up"] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(go_on())
    return told


if __name__ == "__main__":
    name, target, duration = sys.argv[1:]
    print(json.dumps(asyncio.run(attack(name, target, os.environ["TOKEN"], float(duration)))))
