"""What the registry's tests ask of it, as its callers do."""

from __future__ import annotations

from typing import Any

from tests.routes import assert_problem
from tests.shop import Reply, Shop

URL = "http://127.0.0.1:9"
OTHER_URL = "http://127.0.0.1:10"
CART = "/services/cart/cart-1"


async def ask(shop: Shop, method: str, path: str, body: Any = None, **more: Any) -> Reply:
    """Call the registry; None is no body."""
    sent = {} if body is None else {"json": body}
    return await shop.call("registry", method, path, **sent, **more)


async def register(shop: Shop, path: str = CART, url: str = URL, **more: Any) -> Any:
    """Register an instance; returns what it is told."""
    reply = await ask(shop, "PUT", path, {"url": url, **more})
    assert reply.status in (200, 201), reply.body
    return reply.json


async def drain(shop: Shop, path: str = CART, state: str = "draining", **lease: str) -> Any:
    """Say a word of an instance; without a lease it is the operator's."""
    reply = await ask(shop, "PUT", f"{path}/state", {"state": state, **lease})
    assert reply.status == 200, reply.body
    return reply.json


async def beat(shop: Shop, lease: str, path: str = CART) -> Reply:
    """Send a heartbeat."""
    return await ask(shop, "POST", f"{path}/heartbeat", {"lease": lease})


async def states(shop: Shop, service: str = "cart") -> dict[str, str]:
    """The state of each instance of a service; none where the service is unknown."""
    reply = await ask(shop, "GET", f"/services/{service}")
    if reply.status == 404:
        assert_problem(reply, 404, "unknown_service")
        return {}
    return {each["instance_id"]: each["state"] for each in reply.json["instances"]}


async def happened(shop: Shop) -> list[tuple[str, str]]:
    """What happened to whom, oldest first."""
    events = (await ask(shop, "GET", "/history?limit=1000")).json
    return [(event["what"], event["instance_id"]) for event in reversed(events)]
