"""Keys as the kit keeps them: one effect and one final answer, over restarts and races."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import Any

import pytest
from aiohttp import web

from services.common import idempotency, wire
from services.common.errors import Conflict, Invalid, OutOfRoom
from services.common.idempotency import BEGUN, KEY, Answer, attempt, begin, find, once, settle
from services.common.keys import DATABASE
from services.common.routing import Access, Nothing, Route
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
        raise Conflict(f"{name} is known", code="loaf_known", about={"loaf_id": row["id"]})
    return int(conn.execute("INSERT INTO loaves (name) VALUES (?)", (name,)).lastrowid or 0)


def names(conn: sqlite3.Connection) -> list[str]:
    return [row["name"] for row in conn.execute("SELECT name FROM loaves ORDER BY id")]


def created(loaf_id: int) -> Answer:
    return Answer.of({"id": loaf_id}, 201, {"Location": f"/loaves/{loaf_id}"})


async def bake(request: web.Request, loaf: Loaf) -> web.Response:
    """Bake a loaf."""
    return await once(request, created, add_loaf, loaf.name)


class Oven:
    """Bakes in more than one step: what is begun is finished when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str | None] = []

    async def bake(self, request: web.Request, loaf: Loaf) -> web.Response:
        """Begin a loaf."""
        self.begun.append(request.get(BEGUN))
        if request.get(BEGUN) is None:

            def unit(conn: sqlite3.Connection) -> str:
                loaf_id = str(add_loaf(conn, loaf.name))
                begin(conn, request.get(KEY), loaf_id, success=201)
                return loaf_id

            begun = await attempt(request, unit)
            if isinstance(begun, Answer):
                return begun.response()
        return Answer.of({"state": "in the oven"}, 202).response()


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


async def test_a_refusal_of_the_thing_itself_is_kept_without_what_it_had_changed(
    bakery: Shop,
) -> None:
    await ask(bakery, None)
    first, again = await ask(bakery), await ask(bakery)
    problem = assert_problem(first, 409, "loaf_known")
    assert problem["loaf_id"] == 1
    assert_same(first, again)
    assert again.headers["X-Request-ID"] != again.json["request_id"]
    assert await baked(bakery) == ["rye"]


async def test_without_a_key_every_request_is_one_of_its_own(bakery: Shop) -> None:
    assert (await ask(bakery, None)).status == 201
    assert_problem(await ask(bakery, None), 409, "loaf_known")


async def test_the_same_values_in_another_order_are_the_same_request(bakery: Shop) -> None:
    first = await ask(bakery, name="rye", seeds=0)
    assert_same(first, await ask(bakery, seeds=0, name="rye"))
    assert_same(first, await ask(bakery, name="rye"))


async def test_another_request_under_the_same_key_is_told_so(bakery: Shop) -> None:
    first = await ask(bakery)
    assert_problem(await ask(bakery, name="spelt"), 422, "idempotency_key_reused")
    assert_same(first, await ask(bakery))


async def test_a_key_belongs_to_one_principal(shop: Shop) -> None:
    route = Route("POST", "/loaves", bake, Access.CUSTOMER, takes=Loaf, idempotent=True)
    await open_bakery(shop, [route])
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


async def test_a_repeat_of_what_is_being_worked_on_is_told_to_come_again(shop: Shop) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(request: web.Request, loaf: Loaf) -> web.Response:
        entered.set()
        await go_on.wait()
        return await bake(request, loaf)

    await open_bakery(shop, [Route("POST", "/loaves", slowly, takes=Loaf, idempotent=True)])
    first = asyncio.create_task(ask(shop))
    await entered.wait()
    for repeat in (await ask(shop), await ask(shop, name="spelt")):
        assert_problem(repeat, 409, "request_in_progress")
        assert repeat.headers["Retry-After"]
    go_on.set()
    assert_same(await first, await ask(shop))
    assert await baked(shop) == ["rye"]


async def test_of_many_at_once_one_has_the_effect(bakery: Shop) -> None:
    replies = await asyncio.gather(*(ask(bakery) for _ in range(20)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert len({reply.body for reply in replies if reply.status == 201}) == 1
    assert await baked(bakery) == ["rye"]


async def test_one_that_ran_into_its_deadline_and_went_through_later_has_one_effect(
    shop: Shop,
) -> None:
    """The first is given up while its unit runs; the second looks before that is committed."""
    begun, go_on = threading.Event(), threading.Event()
    looked: list[Loaf] = []

    def add_slowly(conn: sqlite3.Connection, name: str) -> int:
        begun.set()
        go_on.wait()
        return add_loaf(conn, name)

    async def bake_slowly(request: web.Request, loaf: Loaf) -> web.Response:
        looked.append(loaf)  # and found no answer under its key
        return await once(request, created, add_slowly, loaf.name)

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
    "refusal", [Conflict("not now", code="busy", passing=True), OutOfRoom("full")]
)
async def test_what_is_of_this_moment_alone_is_not_kept(shop: Shop, refusal: Exception) -> None:
    refusals = [refusal]

    def unit(conn: sqlite3.Connection, name: str) -> int:
        if refusals:
            raise refusals.pop()
        return add_loaf(conn, name)

    async def moody(request: web.Request, loaf: Loaf) -> web.Response:
        return await once(request, created, unit, loaf.name)

    await open_bakery(shop, [Route("POST", "/loaves", moody, takes=Loaf, idempotent=True)])
    assert (await ask(shop)).status in (409, 507)
    again = await ask(shop)
    assert again.status == 201
    assert "Idempotent-Replayed" not in again.headers


async def test_malformed_requests_are_not_kept(bakery: Shop) -> None:
    assert_problem(await ask(bakery, seeds="many"), 422, "invalid_request")
    assert (await ask(bakery)).status == 201


async def test_what_was_begun_is_gone_on_with_by_a_repeat_until_it_is_settled(shop: Shop) -> None:
    oven = Oven()
    app = await open_bakery(
        shop, [Route("POST", "/loaves", oven.bake, takes=Loaf, idempotent=True)]
    )
    assert (await ask(shop)).status == 202
    assert (await ask(shop)).status == 202
    assert oven.begun == [None, "1"]

    await app[DATABASE].write(settle, "1", lambda success: Answer.of({"done": True}, success))
    final = await ask(shop)
    assert (final.status, final.json) == (201, {"done": True})
    assert final.headers["Idempotent-Replayed"] == "true"
    assert oven.begun == [None, "1"]
    assert await baked(shop) == ["rye"]


async def test_what_was_begun_before_a_crash_is_gone_on_with_afterwards(shop: Shop) -> None:
    oven = Oven()
    routes = [Route("POST", "/loaves", oven.bake, takes=Loaf, idempotent=True)]
    await open_bakery(shop, routes)
    await ask(shop)
    await shop.stop("bakery")
    await open_bakery(shop, routes)
    await ask(shop)
    assert oven.begun == [None, "1"]


async def test_every_key_that_waits_for_an_entity_is_answered_with_its_own_status(
    bakery: Shop,
) -> None:
    database = bakery.app("bakery")[DATABASE]
    keys = [idempotency.Key("operator", "POST", "/loaves", name, "f") for name in "abc"]

    def begin_all(conn: sqlite3.Connection) -> None:
        for key, entity, success in zip(keys, "112", (201, 200, 201), strict=True):
            begin(conn, key, entity, success=success)

    await database.write(begin_all)
    await database.write(settle, "1", lambda success: Answer.of("first", success))
    await database.write(settle, "1", lambda success: Answer.of("second", success))
    answers = [await database.read(find, key) for key in keys]
    assert [stored and stored.answer for stored in answers] == [
        Answer(201, b'"first"'),
        Answer(200, b'"first"'),
        None,
    ]


async def test_final_answers_are_kept_for_two_days_and_what_is_not_settled_for_good(
    bakery: Shop,
) -> None:
    database = bakery.app("bakery")[DATABASE]
    await ask(bakery)
    unsettled = idempotency.Key("operator", "POST", "/loaves", "begun", "f")
    await database.write(begin, unsettled, "1", success=201)

    def age(conn: sqlite3.Connection) -> None:
        conn.execute("UPDATE idempotency_keys SET created_at = '2026-01-01T00:00:00.000Z'")

    await database.write(age)
    forget = idempotency.forget_old_keys
    assert await database.write(forget, "2026-01-02T23:59:59.999Z") == 0
    assert await database.write(forget, "2026-01-03T00:00:00.001Z") == 1
    assert await database.read(find, unsettled) is not None
    assert_problem(await ask(bakery), 409, "loaf_known")


def test_an_answer_is_kept_as_the_bytes_that_went_out() -> None:
    answer = Answer.refusal(Invalid("no", code="no_way"), "loaf-1")
    assert answer.response().content_type == "application/problem+json"
    assert wire.parse_json(answer.body)["request_id"] == "loaf-1"
    assert Answer.of([1]).response().content_type == "application/json"
