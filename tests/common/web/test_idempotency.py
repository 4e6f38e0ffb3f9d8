"""Idempotency keys: one effect and one final response, over restarts and races."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import Any

import pytest
from aiohttp import web

from services.common.core import wire
from services.common.core.errors import Conflict, InsufficientStorage, Invalid
from services.common.web.idempotency import KeyedRequest
from services.common.web.idempotency_keys import (
    IdempotencyKey,
    begin,
    find,
    forget_old_keys,
    settle,
)
from services.common.web.keys import DATABASE
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.responses import StoredResponse
from services.common.web.routing import Access, Nothing, Route
from tests.common.bakery import open_bakery
from tests.passing import let_pass
from tests.routes import assert_problem
from tests.shop import Reply, Shop, token, until


class Loaf(Nothing):
    """A loaf to bake."""

    name: str = "rye"
    seeds: int = 0


def add_loaf(conn: sqlite3.Connection, name: str) -> int:
    """Raises Conflict (`loaf_known`), after it has changed something."""
    row = conn.execute("SELECT id FROM loaves WHERE name = ?", (name,)).fetchone()
    if row is not None:
        conn.execute("INSERT INTO loaves (name) VALUES ('half-done')")
        raise Conflict(f"{name} is known", code="loaf_known", extensions={"loaf_id": row["id"]})
    return int(conn.execute("INSERT INTO loaves (name) VALUES (?)", (name,)).lastrowid or 0)


def names(conn: sqlite3.Connection) -> list[str]:
    return [row["name"] for row in conn.execute("SELECT name FROM loaves ORDER BY id")]


def created(loaf_id: int) -> StoredResponse:
    return StoredResponse.of({"id": loaf_id}, 201, {"Location": f"/loaves/{loaf_id}"})


async def bake(request: web.Request, loaf: Loaf, keyed: KeyedRequest) -> web.Response:
    """Bake a loaf."""
    return await keyed.run_once(created, add_loaf, loaf.name)


class Oven:
    """Bakes in more than one step: what is begun is finished when the test says so."""

    def __init__(self) -> None:
        self.resumed: list[str | None] = []

    async def bake(self, request: web.Request, loaf: Loaf, keyed: KeyedRequest) -> web.Response:
        """Begin a loaf."""
        self.resumed.append(keyed.resumes)
        if keyed.resumes is None:

            def unit(conn: sqlite3.Connection) -> str:
                loaf_id = str(add_loaf(conn, loaf.name))
                begin(conn, keyed.key, loaf_id, created=True)
                return loaf_id

            await keyed.run(unit)
        return StoredResponse.of({"state": "in the oven"}, 202).to_web()


@pytest.fixture
async def bakery(shop: Shop) -> Shop:
    await open_bakery(shop, [Route("POST", "/loaves", bake, takes=Loaf, idempotent=True)])
    return shop


async def ask(
    shop: Shop, key: str | None = "key-1", *, who: str | None = None, **loaf: Any
) -> Reply:
    return await shop.call(
        "bakery",
        "POST",
        "/loaves",
        key=token(who) if who else "secret-key-123",
        idempotency_key=key,
        json=loaf or {"name": "rye"},
    )


async def baked(shop: Shop) -> list[str]:
    return await shop.app("bakery")[DATABASE].read(names)


def assert_same(first: Reply, again: Reply) -> None:
    assert again.status == first.status
    assert again.body == first.body
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_a_repeat_is_answered_the_same_and_has_no_effect(bakery: Shop) -> None:
    first, again = await ask(bakery), await ask(bakery)
    assert first.status == 201
    assert_same(first, again)
    assert again.headers["Location"] == first.headers["Location"]
    assert await baked(bakery) == ["rye"]


async def test_a_final_rejection_is_kept_and_its_changes_are_undone(
    bakery: Shop,
) -> None:
    await ask(bakery, None)
    first, again = await ask(bakery), await ask(bakery)
    problem = assert_problem(first, 409, "loaf_known")
    assert problem["loaf_id"] == 1
    assert_same(first, again)
    assert again.headers["X-Request-ID"] != again.json["request_id"]
    assert await baked(bakery) == ["rye"]


async def test_without_a_key_a_repeat_is_another_request(bakery: Shop) -> None:
    assert (await ask(bakery, None)).status == 201
    assert_problem(await ask(bakery, None), 409, "loaf_known")


async def test_the_same_values_in_another_order_are_the_same_request(bakery: Shop) -> None:
    first = await ask(bakery, name="rye", seeds=0)
    assert_same(first, await ask(bakery, seeds=0, name="rye"))
    assert_same(first, await ask(bakery, name="rye"))


async def test_another_request_under_the_same_key_is_idempotency_key_reused(bakery: Shop) -> None:
    first = await ask(bakery)
    assert_problem(await ask(bakery, name="spelt"), 422, "idempotency_key_reused")
    assert_same(first, await ask(bakery))


async def test_a_key_belongs_to_one_principal(shop: Shop) -> None:
    route = Route("POST", "/loaves", bake, Access.CUSTOMER, takes=Loaf, idempotent=True)
    app = await open_bakery(shop, [route])
    await until(lambda: app[LIFECYCLE].registered)  # so that it knows the keys of tokens
    replies = [
        await ask(shop, name="rye"),
        await ask(shop, who="ada", name="spelt"),
        await ask(shop, who="bob", name="oat"),
    ]
    assert [reply.status for reply in replies] == [201, 201, 201]


async def test_a_key_belongs_to_one_path_and_method(shop: Shop) -> None:
    await open_bakery(
        shop,
        [
            Route("POST", "/{kind}/loaves", bake, takes=Loaf, idempotent=True),
            Route("PUT", "/{kind}/loaves", bake, takes=Loaf, idempotent=True),
        ],
    )
    calls = [("POST", "/a/loaves", "rye"), ("PUT", "/a/loaves", "oat"), ("POST", "/b/loaves", "x")]
    for method, path, name in calls:
        reply = await shop.call("bakery", method, path, idempotency_key="1", json={"name": name})
        assert reply.status == 201


async def test_a_key_outlives_a_restart(shop: Shop) -> None:
    routes = [Route("POST", "/loaves", bake, takes=Loaf, idempotent=True)]
    await open_bakery(shop, routes)
    first = await ask(shop)
    await shop.stop("bakery")
    await open_bakery(shop, routes)
    assert_same(first, await ask(shop))


async def test_a_repeat_while_the_first_is_in_progress_is_request_in_progress(shop: Shop) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(request: web.Request, loaf: Loaf, keyed: KeyedRequest) -> web.Response:
        entered.set()
        await go_on.wait()
        return await bake(request, loaf, keyed)

    await open_bakery(shop, [Route("POST", "/loaves", slowly, takes=Loaf, idempotent=True)])
    first = asyncio.create_task(ask(shop))
    await entered.wait()
    for repeat in (await ask(shop), await ask(shop, name="spelt")):
        assert_problem(repeat, 409, "request_in_progress")
        assert repeat.headers["Retry-After"]
    go_on.set()
    assert_same(await first, await ask(shop))
    assert await baked(shop) == ["rye"]


async def test_many_repeats_at_once_have_one_effect(bakery: Shop) -> None:
    replies = await asyncio.gather(*(ask(bakery) for _ in range(20)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert len({reply.body for reply in replies if reply.status == 201}) == 1
    assert await baked(bakery) == ["rye"]


async def test_a_request_that_went_through_after_its_deadline_has_one_effect(
    shop: Shop,
) -> None:
    """The first is given up while its unit runs; the second looks before that is committed."""
    begun, go_on = threading.Event(), threading.Event()
    looked: list[Loaf] = []

    def add_slowly(conn: sqlite3.Connection, name: str) -> int:
        begun.set()
        go_on.wait()
        return add_loaf(conn, name)

    async def bake_slowly(request: web.Request, loaf: Loaf, keyed: KeyedRequest) -> web.Response:
        looked.append(loaf)  # and found no answer under its key
        return await keyed.run_once(created, add_slowly, loaf.name)

    routes = [Route("POST", "/loaves", bake_slowly, takes=Loaf, idempotent=True)]
    await open_bakery(shop, routes, request_deadline=30.0)
    first = asyncio.create_task(ask(shop))
    await until(begun.is_set)
    let_pass(30.0)
    assert_problem(await first, 504, "outcome_unknown")
    second = asyncio.create_task(ask(shop))
    await until(lambda: len(looked) == 2)
    go_on.set()
    assert_problem(await second, 409, "request_in_progress")
    last = await ask(shop)
    assert last.status == 201
    assert last.headers["Idempotent-Replayed"] == "true"
    assert await baked(shop) == ["rye"]


@pytest.mark.parametrize(
    "rejection", [Conflict("not now", code="busy", transient=True), InsufficientStorage("full")]
)
async def test_transient_rejections_are_not_kept(shop: Shop, rejection: Exception) -> None:
    rejections = [rejection]

    def unit(conn: sqlite3.Connection, name: str) -> int:
        if rejections:
            raise rejections.pop()
        return add_loaf(conn, name)

    async def moody(request: web.Request, loaf: Loaf, keyed: KeyedRequest) -> web.Response:
        return await keyed.run_once(created, unit, loaf.name)

    await open_bakery(shop, [Route("POST", "/loaves", moody, takes=Loaf, idempotent=True)])
    assert (await ask(shop)).status in (409, 507)
    again = await ask(shop)
    assert again.status == 201
    assert "Idempotent-Replayed" not in again.headers


async def test_malformed_requests_are_not_kept(bakery: Shop) -> None:
    assert_problem(await ask(bakery, seeds="many"), 422, "invalid_request")
    assert (await ask(bakery)).status == 201


async def test_a_repeat_resumes_what_was_begun_until_it_is_settled(shop: Shop) -> None:
    oven = Oven()
    app = await open_bakery(
        shop, [Route("POST", "/loaves", oven.bake, takes=Loaf, idempotent=True)]
    )
    assert (await ask(shop)).status == 202
    assert (await ask(shop)).status == 202
    assert oven.resumed == [None, "1"]

    await app[DATABASE].write(settle, "1", StoredResponse.of({"done": True}))
    final = await ask(shop)
    assert (final.status, final.json) == (201, {"done": True})
    assert final.headers["Idempotent-Replayed"] == "true"
    assert oven.resumed == [None, "1"]
    assert await baked(shop) == ["rye"]


async def test_a_repeat_resumes_what_was_begun_before_a_crash(shop: Shop) -> None:
    oven = Oven()
    routes = [Route("POST", "/loaves", oven.bake, takes=Loaf, idempotent=True)]
    await open_bakery(shop, routes)
    await ask(shop)
    await shop.stop("bakery")
    await open_bakery(shop, routes)
    await ask(shop)
    assert oven.resumed == [None, "1"]


async def test_every_key_of_an_entity_keeps_its_own_status(
    bakery: Shop,
) -> None:
    database = bakery.app("bakery")[DATABASE]
    keys = [IdempotencyKey("operator", "POST", "/loaves", name, "f") for name in "abc"]

    def begin_all(conn: sqlite3.Connection) -> None:
        for key, entity, is_new in zip(keys, "112", (True, False, True), strict=True):
            begin(conn, key, entity, created=is_new)

    await database.write(begin_all)
    await database.write(settle, "1", StoredResponse.of("first"))
    await database.write(settle, "1", StoredResponse.of("second"))
    answers = [await database.read(find, key) for key in keys]
    assert [stored and stored.response for stored in answers] == [
        StoredResponse(201, b'"first"'),
        StoredResponse(200, b'"first"'),
        None,
    ]


async def test_final_answers_are_kept_for_two_days_and_unsettled_keys_for_good(
    bakery: Shop,
) -> None:
    database = bakery.app("bakery")[DATABASE]
    await ask(bakery)
    unsettled = IdempotencyKey("operator", "POST", "/loaves", "begun", "f")
    await database.write(begin, unsettled, "1", created=True)

    def age(conn: sqlite3.Connection) -> None:
        conn.execute("UPDATE idempotency_keys SET created_at = '2026-01-01T00:00:00.000Z'")

    await database.write(age)
    assert await database.write(forget_old_keys, "2026-01-02T23:59:59.999Z", 10) == 0
    assert await database.write(forget_old_keys, "2026-01-03T00:00:00.001Z", 10) == 1
    assert await database.read(find, unsettled) is not None
    assert_problem(await ask(bakery), 409, "loaf_known")


def test_a_response_is_kept_byte_by_byte() -> None:
    response = StoredResponse.of_problem(Invalid("no", code="no_way"), "loaf-1")
    assert response.to_web().content_type == "application/problem+json"
    assert wire.parse_json(response.body)["request_id"] == "loaf-1"
    assert StoredResponse.of([1]).to_web().content_type == "application/json"
