"""The keys of tokens: the registry makes them, stores them, hands them out, and takes them back."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
import pytest

from registry.hub import HUB
from registry.store import open_token_keys
from services.common.core.clock import utc_now
from services.common.core.token_keys import MAX_KEYS, TokenKeys, new_key
from services.common.storage.database import DiskFull
from services.common.storage.token_keys import load_token_keys
from services.common.web.keys import DATABASE, KEYRING
from tests.registry.requests import CART, ask, happened, register
from tests.routes import assert_problem
from tests.shop import OPERATOR, Reply, Shop, token, until
from tests.token_keys import KEYS, KNOWN

OF_USE = (7 + 400) * 24 * 3600
"""Seconds: a token lasts for a week, and is renewed for 400 days after that."""
NEXT = "/token-keys/next"


def keys_in(told: Any) -> TokenKeys:
    return msgspec.convert(told["token_keys"], TokenKeys)


def names(keys: TokenKeys) -> set[str]:
    return {key.kid for key in keys.keys}


async def stored(shop: Shop, service: str = "registry") -> TokenKeys:
    return await shop.app(service)[DATABASE].read(load_token_keys)


async def rotate(shop: Shop, path: str = NEXT, **body: Any) -> Any:
    reply = await ask(shop, "PUT", path, body)
    assert reply.status in (200, 201), reply.body
    return reply.json


async def beat(shop: Shop, lease: str, **more: str) -> Any:
    reply = await ask(shop, "POST", f"{CART}/heartbeat", {"lease": lease, **more})
    assert reply.status == 200
    return reply.json


async def test_the_registry_makes_the_first_key_and_keeps_it(shop: Shop) -> None:
    made = keys_in(await register(shop))
    assert len(made.keys) == 2  # one of its own, beside the one of the tests
    await shop.restart("registry")
    assert keys_in(await register(shop)) == made == await stored(shop)


async def test_a_heartbeat_tells_the_keys_to_those_who_have_others(shop: Shop) -> None:
    told = await register(shop)
    lease, version = told["lease"], keys_in(told).version
    assert "token_keys" not in await beat(shop, lease)
    assert "token_keys" not in await beat(shop, lease, token_keys_version=version)
    await rotate(shop)
    assert "token_keys" not in await beat(shop, lease)
    now = keys_in(await beat(shop, lease, token_keys_version=version))
    assert "next" in names(now)
    assert "token_keys" not in await beat(shop, lease, token_keys_version=now.version)


async def test_nobody_else_is_told_a_secret(shop: Shop) -> None:
    told = await register(shop)
    secrets = [key.secret for key in keys_in(told).keys]
    rotated = (await ask(shop, "PUT", NEXT, {})).body
    paths = ("/services", "/services/cart", "/history", "/openapi.json", "/metrics")
    bodies = [(await ask(shop, "GET", path)).body for path in paths]
    assert not any(secret.encode() in body for secret in secrets for body in (*bodies, rotated))
    for refused in (None, "wrong", token("ada")):
        reply = await ask(shop, "PUT", CART, {"url": "http://127.0.0.1:9"}, key=refused)
        assert reply.status in (401, 403)


async def test_a_new_key_is_made_once_however_often_it_is_asked_for(shop: Shop) -> None:
    first = await ask(shop, "PUT", NEXT, {})
    again = await ask(shop, "PUT", NEXT, {})
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    *older, newest = first.json
    assert newest.keys() == {"kid", "created_at", "signs_from", "ends_at"}
    assert (newest["kid"], newest["ends_at"]) == ("next", None)
    assert newest["created_at"] < newest["signs_from"]
    assert all(each["ends_at"] > newest["signs_from"] for each in older)
    assert "next" in names(await stored(shop))


async def test_older_keys_are_ended_at_once_if_that_is_asked_for(shop: Shop) -> None:
    lease = (await register(shop))["lease"]
    old = token("ada")
    assert (await ask(shop, "GET", "/history", key=old)).status == 403
    told = await rotate(shop, end_older=True)
    assert [each["kid"] for each in told] == ["next"]
    assert (await ask(shop, "GET", "/history", key=old)).status == 401
    kept = keys_in(await beat(shop, lease, token_keys_version="another"))
    assert (names(kept), kept) == ({"next"}, await stored(shop))
    # Whoever was away meanwhile brings nothing back.
    again = keys_in(await register(shop, token_keys=msgspec.to_builtins(KEYS)))
    assert names(again) == {"next"}


async def test_a_registry_that_was_emptied_takes_the_keys_back(shop: Shop) -> None:
    await shop.start("cart", "storefront")
    session = (await shop.call("storefront", "POST", "/api/session", key=None)).json
    await until(lambda: shop.app("cart")[KEYRING].token_keys.longest_token == OF_USE)
    before = shop.app("cart")[KEYRING].token_keys
    port = int(shop.urls["registry"].rpartition(":")[2])
    await shop.stop("registry")
    for file in shop.folder.glob("registry.db*"):
        file.unlink()
    await shop.start("registry", port=port)
    fresh = shop.app("registry")[HUB].token_keys()

    def all_have_all() -> bool:
        sets = {shop.app(each)[KEYRING].token_keys for each in ("registry", "cart", "storefront")}
        return len(sets) == 1 and names(before) | names(fresh) == names(sets.pop())

    await until(all_have_all)
    assert (await stored(shop)).longest_token == OF_USE
    cart = f"/cart/{session['user_id']}"
    assert (await shop.call("cart", "GET", cart, key=session["token"])).status == 200
    renewed = await shop.call("storefront", "POST", "/api/session", key=session["token"])
    assert renewed.json["user_id"] == session["user_id"]


async def test_a_key_that_cannot_be_stored_is_not_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise DiskFull("no room")

    with monkeypatch.context() as patched:
        patched.setattr(shop.app("registry")[DATABASE], "write", full)
        reply = await ask(shop, "PUT", NEXT, {"end_older": True})
    assert_problem(reply, 507, "insufficient_storage")
    assert "next" not in names(keys_in(await register(shop)))


async def test_keys_that_come_while_another_is_stored_are_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = TokenKeys(keys=(new_key("given", now="2026-02-01T00:00:00.000Z"),))
    database, hub = shop.app("registry")[DATABASE], shop.app("registry")[HUB]
    write = database.write

    async def write_slowly(*arguments: Any) -> Any:
        monkeypatch.undo()
        stored_first = await write(*arguments)
        hub.adopt(given)
        return stored_first

    monkeypatch.setattr(database, "write", write_slowly)
    await rotate(shop)
    assert {"given", "next"} <= names(keys_in(await register(shop)))
    assert {"given", "next"} <= names(await stored(shop))


async def test_a_registry_that_has_its_keys_needs_no_room_to_start(shop: Shop) -> None:
    def changes(conn: sqlite3.Connection) -> int:
        before = conn.total_changes
        open_token_keys(conn, utc_now())
        return conn.total_changes - before

    await register(shop)
    assert await shop.app("registry")[DATABASE].write(changes) == 0


async def test_keys_that_could_not_be_stored_are_stored_with_what_comes_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise DiskFull("no room")

    given = TokenKeys(keys=(new_key("given", now="2026-02-01T00:00:00.000Z"),))
    with monkeypatch.context() as patched:
        patched.setattr(shop.app("registry")[DATABASE], "write", full)
        told = await register(shop, token_keys=msgspec.to_builtins(given))
        assert "given" in names(keys_in(told))
    assert "given" not in names(await stored(shop))
    await beat(shop, told["lease"])
    assert "given" in names(await stored(shop))
    assert ("registered", "cart-1") in await happened(shop)


async def test_a_key_that_has_ended_goes_everywhere(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.start("cart", "storefront")
    await rotate(shop)
    await until(lambda: "next" in names(shop.app("cart")[KEYRING].token_keys))
    later = utc_now().replace("20", "21", 1)  # in a hundred years
    monkeypatch.setattr("registry.hub.utc_now", lambda: later)
    await until(lambda: names(shop.app("storefront")[KEYRING].token_keys) == {"next"})
    for service in ("registry", "cart"):

        async def is_gone(service: str = service) -> bool:
            return names(await stored(shop, service)) == {"next"}

        await until(is_gone)


async def test_there_is_an_end_to_keys(shop: Shop) -> None:
    for number in range(MAX_KEYS - 2):
        await rotate(shop, f"/token-keys/key-{number}")
    assert_problem(await ask(shop, "PUT", NEXT, {}), 409, "too_many_token_keys")
    await register(shop, token_keys=msgspec.to_builtins(await stored(shop)))  # it still fits
    assert len(await rotate(shop, "/token-keys/key-1")) == MAX_KEYS
    assert len(await rotate(shop, end_older=True)) == 1


@pytest.mark.parametrize("kid", ["..%2Fetc", "%20", "x" * 129, "-", "%00", "a%2Fb"])
async def test_an_odd_name_for_a_key_is_refused(shop: Shop, kid: str) -> None:
    assert_problem(await ask(shop, "PUT", f"/token-keys/{kid}", {}), 422, "invalid_request")


@pytest.mark.parametrize(
    "bad",
    [
        {"keys": [{"kid": "a", "secret": "short", "created_at": KNOWN.created_at}]},
        {"keys": "none"},
        {"older_ended_at": KNOWN.created_at},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_a_registration_with_what_are_no_keys_is_refused(shop: Shop, bad: Any) -> None:
    body = {"url": "http://127.0.0.1:9", "token_keys": bad}
    reply: Reply = await ask(shop, "PUT", CART, body, key=OPERATOR)
    assert_problem(reply, 422, "invalid_request")
