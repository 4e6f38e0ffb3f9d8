"""A service's place in the registry, with the real registry or one that behaves badly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import pytest
from aiohttp import web

from client.backoff import Backoff
from services.common.core.clock import utc_now
from services.common.core.token_keys import TokenKeys
from services.common.core.version import VERSION
from services.common.process import registration
from services.common.process.registration import REGISTRAR
from services.common.storage.database import DiskFull
from services.common.storage.shop_identity import load_shop
from services.common.storage.token_keys import load_token_keys
from services.common.web.keys import DATABASE, KEYRING
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.routing import Access, Route
from tests.common import bakery
from tests.routes import assert_problem
from tests.shop import Shop, token, until
from tests.token_keys import KEYS

open_bakery = partial(bakery.open_bakery, knows_keys=False)
QUICK_TTL = {"heartbeat_every": 0.01}


async def list_loaves(_request: web.Request) -> web.Response:
    """The loaves."""
    return web.json_response([])


LOAVES = Route("GET", "/loaves", list_loaves, Access.CUSTOMER)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "BACKOFF", Backoff(0.01, 0.02))


@dataclass
class Call:
    """One thing that a service has said to its registry."""

    method: str
    path: str
    body: Any
    key: str | None


@dataclass
class Registry:
    """A stand-in whose answers a test gives; unless it does, everything is well."""

    calls: list[Call] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    shop_id: str = "shop-1"

    async def answer(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response(
                {"index": 1, "epoch": "e", "reset": True, "shop": self.shop_id, "services": {}}
            )
        body = await request.json()
        self.calls.append(
            Call(request.method, request.path, body, request.headers.get("X-API-Key"))
        )
        if self.answers and request.method != "DELETE":
            return self.answers.pop(0)
        lease = {"lease": f"lease-{len(self.calls)}", "shop": self.shop_id, **QUICK_TTL}
        return web.json_response(lease)

    def count(self, method: str, ending: str = "bakery-1") -> int:
        return sum(one.method == method and one.path.endswith(ending) for one in self.calls)


@pytest.fixture
async def stand_in(shop: Shop) -> Registry:
    registry = Registry()
    await replace_registry(shop, registry.answer)
    return registry


async def replace_registry(
    shop: Shop, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> None:
    await shop.stop("registry")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    shop.runners["registry"] = runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.urls["registry"] = f"http://127.0.0.1:{runner.addresses[0][1]}"


async def registered(shop: Shop, **settings: Any) -> web.Application:
    app = await open_bakery(shop, [], **settings)
    await until(lambda: app[LIFECYCLE].registered)
    return app


async def instances(shop: Shop) -> Any:
    reply = await shop.call("registry", "GET", "/services/bakery")
    return reply.json["instances"] if reply.status == 200 else []


async def test_a_service_registers_where_it_listens(shop: Shop) -> None:
    await registered(shop)
    [instance] = await instances(shop)
    assert instance["instance_id"] == "bakery-1"
    assert instance["url"] == shop.urls["bakery"]
    assert instance["version"] == VERSION
    assert instance["state"] == "up"


async def test_it_is_reached_by_the_host_it_advertises(shop: Shop) -> None:
    await registered(shop, advertise="localhost")
    assert shop.urls["bakery"].startswith("http://localhost:")
    assert (await instances(shop))[0]["url"] == shop.urls["bakery"]


async def test_it_registers_with_the_operator_key(shop: Shop, stand_in: Registry) -> None:
    await registered(shop, instance_id="bakery-7")
    first = stand_in.calls[0]
    assert (first.method, first.path) == ("PUT", "/services/bakery/bakery-7")
    nothing_yet = {"keys": [], "longest_token": 0, "older_ended_at": None}
    expected = {"url": shop.urls["bakery"], "version": VERSION, "token_keys": nothing_yet}
    assert first.body == expected
    assert first.key == "secret-key-123"


async def test_it_renews_its_lease(shop: Shop, stand_in: Registry) -> None:
    await registered(shop)
    await until(lambda: stand_in.count("POST", "/heartbeat") >= 3)
    assert {one.body["lease"] for one in stand_in.calls if one.method == "POST"} == {"lease-1"}
    assert stand_in.count("PUT") == 1


async def test_it_registers_again_when_it_was_forgotten(shop: Shop, stand_in: Registry) -> None:
    stand_in.answers = [
        web.json_response({"lease": "lease-1", "shop": "shop-1", **QUICK_TTL}),
        web.json_response({"code": "unknown_instance"}, status=404),
    ]
    await registered(shop)
    await until(lambda: stand_in.count("PUT") == 2)
    await until(lambda: stand_in.calls[-1].body.get("lease") == "lease-3")


async def test_it_ends_when_it_is_superseded(shop: Shop, stand_in: Registry) -> None:
    stand_in.answers = [
        web.json_response({"lease": "lease-1", "shop": "shop-1", **QUICK_TTL}),
        web.json_response({"code": "superseded"}, status=409),
    ]
    app = await registered(shop)
    assert "another instance" in await app[LIFECYCLE].ended()
    calls = len(stand_in.calls)
    await app[REGISTRAR].drain()
    await shop.stop("bakery")
    assert len(stand_in.calls) == calls, "whoever is superseded speaks for the place no more"


ILL_ANSWERS: dict[str, Callable[[], web.Response]] = {
    "a failure": lambda: web.Response(status=500),
    "busy": lambda: web.Response(status=503, headers={"Retry-After": "1"}),
    "a wrong key": lambda: web.json_response({}, status=401),
    "elsewhere": lambda: web.Response(status=307, headers={"Location": "http://127.0.0.1:9/"}),
    "another server": lambda: web.Response(text="<h1>It works!</h1>", content_type="text/html"),
    "nothing": web.Response,
    "half of it": lambda: web.json_response({"lease": "x"}),
    "no such route": lambda: web.Response(status=404),
    "nonsense": lambda: web.Response(body=b"\xff\xfe{"),
}


@pytest.mark.parametrize("ill", ILL_ANSWERS.values(), ids=ILL_ANSWERS)
async def test_it_registers_again_until_the_answer_is_that_of_a_registry(
    shop: Shop, stand_in: Registry, ill: Callable[[], web.Response]
) -> None:
    stand_in.answers = [ill(), ill()]
    await registered(shop)
    assert stand_in.count("PUT") == 3


@pytest.mark.parametrize("ill", list(ILL_ANSWERS.values())[:5], ids=list(ILL_ANSWERS)[:5])
async def test_a_failed_heartbeat_is_followed_by_the_next(
    shop: Shop, stand_in: Registry, ill: Callable[[], web.Response]
) -> None:
    stand_in.answers = [
        web.json_response({"lease": "lease-1", "shop": "shop-1", **QUICK_TTL}),
        ill(),
        ill(),
    ]
    await registered(shop)
    await until(lambda: stand_in.count("POST", "/heartbeat") >= 4)
    assert stand_in.count("PUT") == 1


async def test_it_starts_before_the_registry(shop: Shop) -> None:
    port = int(shop.urls["registry"].rpartition(":")[2])
    await shop.stop("registry")
    app = await open_bakery(shop, [])
    assert not app[LIFECYCLE].registered
    await shop.start("registry", port=port)
    await until(lambda: app[LIFECYCLE].registered)
    assert len(await instances(shop)) == 1


async def test_it_leaves_when_it_stops(shop: Shop) -> None:
    await registered(shop)
    await shop.stop("bakery")
    assert await instances(shop) == []


async def test_it_stops_although_the_registry_is_away(shop: Shop) -> None:
    await registered(shop)
    await shop.stop("registry")
    await shop.stop("bakery")


async def test_it_stops_although_it_was_never_registered(shop: Shop) -> None:
    await open_bakery(shop, [], registry_url="http://127.0.0.1:9")
    await shop.stop("bakery")


async def test_it_can_drain_itself(shop: Shop) -> None:
    app = await registered(shop)
    await app[REGISTRAR].drain()
    assert (await instances(shop))[0]["state"] == "draining"


async def test_it_remembers_its_shop_before_the_registry_is_there(shop: Shop) -> None:
    app = await registered(shop)
    known = app[LIFECYCLE].shop
    assert known
    await shop.stop("bakery", "registry")
    app = await open_bakery(shop, [])
    assert not app[LIFECYCLE].registered
    assert app[LIFECYCLE].shop == known


async def test_it_takes_up_another_shop_that_the_registry_names(
    shop: Shop, stand_in: Registry
) -> None:
    app = await registered(shop)
    stand_in.shop_id = "shop-2"
    stand_in.answers = [web.json_response({}, status=404)]

    async def is_stored() -> bool:
        return await app[DATABASE].read(load_shop) == "shop-2"

    await until(is_stored)
    assert app[LIFECYCLE].shop == "shop-2"


async def test_a_shop_that_cannot_be_stored_is_taken_up_all_the_same(
    shop: Shop, stand_in: Registry
) -> None:
    app = await registered(shop)
    await app[DATABASE].close()
    stand_in.shop_id = "shop-2"
    stand_in.answers = [web.json_response({}, status=404)]
    await until(lambda: app[LIFECYCLE].shop == "shop-2")
    registrations = stand_in.count("PUT")
    stand_in.answers = [web.json_response({}, status=404)]
    await until(lambda: stand_in.count("PUT") > registrations)  # and it goes on


def handed_out(keys: TokenKeys) -> web.Response:
    answer = {"lease": "lease-1", "shop": "shop-1", "token_keys": msgspec.to_builtins(keys)}
    return web.json_response(answer | QUICK_TTL)


async def stored_keys(app: web.Application) -> TokenKeys:
    return await app[DATABASE].read(load_token_keys)


async def test_it_verifies_from_its_start_while_the_registry_is_away(shop: Shop) -> None:
    await registered(shop)
    await shop.stop("bakery", "registry")
    app = await open_bakery(shop, [LOAVES])
    assert not app[LIFECYCLE].registered
    assert (await shop.call("bakery", "GET", "/loaves", key=token("ada"))).status == 200
    refused = await shop.call("bakery", "GET", "/loaves", key=token("ada") + "x")
    assert_problem(refused, 401)


async def test_before_it_was_ever_told_a_key_it_refuses_no_token_for_good(shop: Shop) -> None:
    await open_bakery(shop, [LOAVES], registry_url="http://127.0.0.1:9")
    reply = await shop.call("bakery", "GET", "/loaves", key=token("ada"))
    assert_problem(reply, 503, "unavailable")
    assert reply.headers["Retry-After"] == "1"


async def test_it_is_told_other_keys_with_a_heartbeat_and_keeps_them(
    shop: Shop, stand_in: Registry
) -> None:
    rotated = KEYS.with_key("next", now=utc_now())
    stand_in.answers = [handed_out(KEYS), handed_out(rotated)]
    app = await registered(shop)

    async def has_them() -> bool:
        return await stored_keys(app) == rotated == app[KEYRING].token_keys

    await until(has_them)
    seen = stand_in.count("POST", "/heartbeat")
    await until(lambda: stand_in.count("POST", "/heartbeat") > seen)
    versions = [one.body["token_keys_version"] for one in stand_in.calls if one.method == "POST"]
    assert (versions[0], versions[-1]) == (KEYS.version, rotated.version)


async def test_it_gives_its_keys_back_when_it_registers_again(
    shop: Shop, stand_in: Registry
) -> None:
    stand_in.answers = [handed_out(KEYS), web.json_response({}, status=404)]
    await registered(shop)
    await until(lambda: stand_in.count("PUT") == 2)
    again = [one.body["token_keys"] for one in stand_in.calls if one.method == "PUT"][1]
    assert msgspec.convert(again, TokenKeys) == KEYS


async def test_keys_that_cannot_be_stored_are_good_all_the_same(
    shop: Shop, stand_in: Registry
) -> None:
    app = await registered(shop)
    await app[DATABASE].close()
    stand_in.answers = [handed_out(KEYS)]
    await until(lambda: app[KEYRING].token_keys == KEYS)
    registrations = stand_in.count("POST", "/heartbeat")
    await until(lambda: stand_in.count("POST", "/heartbeat") > registrations)  # and it goes on


async def test_what_could_not_be_stored_is_stored_with_a_later_heartbeat(
    shop: Shop, stand_in: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await registered(shop)

    def fill(_conn: object, _stored: object) -> None:
        raise DiskFull("no room")

    with monkeypatch.context() as full:
        full.setattr(registration, "store_shop", fill)
        full.setattr(registration, "store_token_keys", fill)
        stand_in.shop_id = "shop-2"
        stand_in.answers = [web.json_response({}, status=404)]
        await until(lambda: app[LIFECYCLE].shop == "shop-2")
        stand_in.answers = [handed_out(KEYS)]
        await until(lambda: app[KEYRING].token_keys == KEYS)
        beats = stand_in.count("POST", "/heartbeat")
        await until(lambda: stand_in.count("POST", "/heartbeat") > beats)
        assert await app[DATABASE].read(load_shop) == "shop-1"

    async def is_stored() -> bool:
        return (await app[DATABASE].read(load_shop), await stored_keys(app)) == ("shop-2", KEYS)

    await until(is_stored)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Tuckshop-Service": "cart"}, "wrong_service"),
        ({"Tuckshop-Shop": "another"}, "wrong_shop"),
    ],
)
async def test_a_request_for_another_service_or_shop_is_421(
    shop: Shop, headers: dict[str, str], code: str
) -> None:
    await shop.start("catalog")
    reply = await shop.call("catalog", "GET", "/products", headers=headers)
    assert_problem(reply, 421, code)


async def test_a_request_for_this_service_and_shop_is_answered(shop: Shop) -> None:
    await shop.start("catalog")
    own = str(shop.app("catalog")[LIFECYCLE].shop)
    headers = {"Tuckshop-Service": "catalog", "Tuckshop-Shop": own}
    assert (await shop.call("catalog", "GET", "/products", headers=headers)).status == 200


async def test_a_service_that_has_no_shop_yet_answers_for_any(shop: Shop) -> None:
    await open_bakery(shop, [LOAVES], registry_url="http://127.0.0.1:9")
    reply = await shop.call("bakery", "GET", "/loaves", headers={"Tuckshop-Shop": "any"})
    assert reply.status == 200
