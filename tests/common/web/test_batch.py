"""Calls that come in a batch are served as each alone would be: none is held up by another, fails
with it, or gets its answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from services.common.core.errors import Conflict
from services.common.core.tracing import current_request
from services.common.storage.group_commit import GroupCommit
from services.common.web import lifecycle, unsent
from services.common.web.exposition import exposition
from services.common.web.idempotency import KeyedRequest
from services.common.web.keys import PRINCIPAL
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.metrics import METRICS
from services.common.web.parts import MOST_BYTES, MOST_PARTS
from services.common.web.request import BODY_LIMIT
from services.common.web.responses import StoredResponse
from services.common.web.routing import Access, Route
from services.common.web.unsent import UNSENT
from tests.common.bakery import open_bakery
from tests.routes import assert_problem
from tests.shop import OPERATOR, Reply, Shop, token, until


class Loaf(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be baked."""

    name: str = "rye"


class Bakery:
    """Bakes, as long as the test lets it, and tells what it was asked for."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.go_on = asyncio.Event()
        self.put_in = threading.Event()
        """Whether a unit of work has run."""

    async def bake(self, request: web.Request, loaf: Loaf, keyed: KeyedRequest) -> web.Response:
        """Bake a loaf."""

        def put_in(conn: Any) -> dict[str, Any]:
            cursor = conn.execute("INSERT INTO loaves (name) VALUES (?)", (loaf.name,))
            self.put_in.set()
            return {"id": cursor.lastrowid, "name": loaf.name}

        self.begun.append(loaf.name)
        return await keyed.run_once(StoredResponse.of, put_in)

    async def look(self, request: web.Request) -> web.Response:
        """A loaf's name, whose request and by whom."""
        context = current_request()
        assert context is not None
        return web.json_response(
            {
                "name": request.match_info["name"],
                "request_id": context.request_id,
                "trace_id": context.trace_id,
                "operator": request[PRINCIPAL].is_operator,
            }
        )

    async def wait(self, request: web.Request) -> web.Response:
        """A loaf that takes its time."""
        name = request.match_info["name"]
        self.begun.append(name)
        await self.go_on.wait()
        self.done.append(name)
        return web.json_response({"name": name})

    async def throw_away(self, _request: web.Request) -> web.Response:
        """There is nothing to tell."""
        return web.Response(status=204)

    async def burn(self, _request: web.Request) -> web.Response:
        raise RuntimeError("the oven exploded")

    async def reject(self, _request: web.Request) -> web.Response:
        raise Conflict("There is no flour", code="no_flour")

    async def write_by_hand(self, _request: web.Request) -> web.Response:
        return web.Response(text='{\n  "name":\t"rye"\n}', content_type="application/json")

    async def smell(self, _request: web.Request, *_: object) -> web.Response:
        return web.json_response("fresh")


@pytest.fixture
async def bakery(shop: Shop) -> Bakery:
    bakery = Bakery()
    routes = [
        Route("POST", "/loaves", bakery.bake, takes=Loaf, gives=dict, idempotent=True),
        Route("GET", "/loaves/{name}", bakery.look, gives=dict),
        Route("GET", "/slow/{name}", bakery.wait, gives=dict),
        Route("POST", "/slow/{name}", bakery.wait, gives=dict),
        Route("DELETE", "/loaves/{name}", bakery.throw_away, status=204),
        Route("GET", "/burnt", bakery.burn, gives=dict),
        Route("POST", "/rejected", bakery.reject, gives=dict),
        Route("GET", "/by-hand", bakery.write_by_hand, gives=dict),
        Route("GET", "/raw", bakery.smell, raw=True, gives=dict),
        Route("GET", "/stream", bakery.smell, streams=True, gives=dict),
        Route("GET", "/page", bakery.smell, Access.PUBLIC, gives=str),
    ]
    await open_bakery(shop, routes)
    return bakery


def part(method: str = "GET", path: str = "/loaves/rye", **more: Any) -> dict[str, Any]:
    """A part, which has a minute."""
    return {"method": method, "path": path, "deadline": 60.0, **more}


async def send(shop: Shop, *parts: Mapping[str, Any], **how: Any) -> Reply:
    """Send a batch, and read the answer to it whole."""
    return await shop.call("bakery", "POST", "/batch", json={"parts": parts}, **how)


def answers(reply: Reply) -> dict[int, Any]:
    """The answers to the parts, by their places."""
    assert reply.status == 200, reply.body
    lines = [json.loads(line) for line in reply.body.splitlines()]
    told = {line["part"]: line for line in lines}
    assert len(told) == len(lines)
    return told


class OpenBatch:
    """A batch whose answers are read one by one."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> Any:
        """The answer that comes next."""
        return json.loads(await self._response.content.readline())

    def hang_up(self) -> None:
        self._response.close()


async def begin(shop: Shop, *parts: Mapping[str, Any]) -> OpenBatch:
    """Send a batch, and read nothing yet but that it has begun to be answered."""
    response = await shop.session.post(
        f"{shop.urls['bakery']}/batch",
        json={"parts": parts},
        headers={"X-API-Key": OPERATOR},
    )
    assert response.status == 200
    return OpenBatch(response)


async def test_each_part_gets_its_own_answer(shop: Shop, bakery: Bakery) -> None:
    names = ["rye", "spelt", "emmer"]
    told = answers(await send(shop, *(part(path=f"/loaves/{name}") for name in names)))
    assert [told[place]["body"]["name"] for place in range(3)] == names
    assert {line["status"] for line in told.values()} == {200}


async def test_a_part_that_fails_fails_alone(shop: Shop, bakery: Bakery) -> None:
    told = answers(
        await send(
            shop,
            part(),
            part("GET", "/burnt"),
            part("POST", "/rejected"),
            part("GET", "/nowhere"),
            part("PUT", "/loaves/rye"),
            part("POST", "/loaves", body={"surprise": 1}),
            part("POST", "/loaves", body={"name": "spelt"}),
        )
    )
    assert [(told[n]["status"], told[n]["body"].get("code")) for n in range(7)] == [
        (200, None),
        (500, "internal_error"),
        (409, "no_flour"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (422, "invalid_request"),
        (200, None),
    ]
    assert told[2]["headers"]["Content-Type"] == "application/problem+json"
    assert told[4]["headers"]["Allow"] == "DELETE, GET, HEAD, OPTIONS"


async def test_an_answer_may_have_no_body(shop: Shop, bakery: Bakery) -> None:
    told = answers(await send(shop, part("DELETE"), part()))
    assert told[0]["status"] == 204
    assert "body" not in told[0]


async def test_answers_are_told_as_each_part_ends(shop: Shop, bakery: Bakery) -> None:
    batch = await begin(shop, part(path="/slow/rye"), part(), part())
    assert {(await batch.next())["part"] for _ in range(2)} == {1, 2}
    assert bakery.done == []
    bakery.go_on.set()
    assert (await batch.next())["body"] == {"name": "rye"}


async def test_a_part_has_its_own_ids(shop: Shop, bakery: Bakery) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    own = part(request_id="r-1", traceparent=f"00-{trace}-b7ad6b7169203331-01")
    reply = await send(shop, own, part(), headers={"X-Request-ID": "of-the-batch"})
    told = answers(reply)
    assert told[0]["body"]["request_id"] == told[0]["headers"]["X-Request-ID"] == "r-1"
    assert told[0]["body"]["trace_id"] == trace
    assert told[1]["body"]["request_id"] not in ("", "r-1", "of-the-batch")
    assert reply.headers["X-Request-ID"] == "of-the-batch"


async def test_a_part_comes_from_who_sent_the_batch(shop: Shop, bakery: Bakery) -> None:
    assert answers(await send(shop, part()))[0]["body"]["operator"] is True


async def test_a_part_has_its_own_idempotency_key(shop: Shop, bakery: Bakery) -> None:
    baked = [
        part("POST", "/loaves", body={"name": name}, key=f"k-{name}") for name in ("rye", "spelt")
    ]
    first = answers(await send(shop, *baked))
    again = answers(await send(shop, *reversed(baked)))
    assert again[0]["headers"]["Idempotent-Replayed"] == "true"
    assert [again[0]["body"], again[1]["body"]] == [first[1]["body"], first[0]["body"]]
    assert sorted(bakery.begun) == ["rye", "spelt"]


async def test_a_part_is_not_answered_before_the_commit_that_holds_it(
    shop: Shop, bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_commit = threading.Event()
    commit = vars(GroupCommit)["_commit"]

    def commit_later(self: GroupCommit) -> None:
        if bakery.put_in.is_set():  # others have nothing to do with it
            may_commit.wait(10)
        commit(self)

    monkeypatch.setattr(GroupCommit, "_commit", commit_later)
    try:
        batch = await begin(shop, part(), part("POST", "/loaves"))
        assert (await batch.next())["part"] == 0
        told = asyncio.create_task(batch.next())
        await until(bakery.put_in.is_set)
        for _ in range(3):  # whatever is on its way already has come by then
            await shop.call("bakery", "GET", "/loaves/rye")
        assert not told.done()
    finally:
        may_commit.set()
    assert (await told)["body"]["name"] == "rye"


async def test_a_body_is_taken_digit_for_digit(shop: Shop, bakery: Bakery) -> None:
    text = '{"parts": [{"method": "POST", "path": "/loaves", "deadline": 9, "body": {"name": 1.}}]}'
    reply = await shop.call("bakery", "POST", "/batch", data=text.replace("1.", '"1.50"'))
    assert answers(reply)[0]["body"]["name"] == "1.50"


async def test_an_answer_with_line_breaks_is_one_line(shop: Shop, bakery: Bakery) -> None:
    assert answers(await send(shop, part(path="/by-hand")))[0]["body"] == {"name": "rye"}


async def test_a_part_that_has_run_out_of_time_is_ended_alone(shop: Shop, bakery: Bakery) -> None:
    batch = await begin(
        shop,
        part("POST", "/slow/rye", deadline=0.01),
        part("GET", "/slow/spelt", deadline=0.01),
        part("GET", "/slow/emmer"),
    )
    ended = [await batch.next(), await batch.next()]
    assert {line["part"]: line["body"]["code"] for line in ended} == {
        0: "outcome_unknown",
        1: "too_slow",
    }
    bakery.go_on.set()
    assert (await batch.next())["body"] == {"name": "emmer"}


async def test_a_part_has_no_more_time_than_any_request(shop: Shop) -> None:
    bakery = Bakery()
    routes = [Route("GET", "/slow/{name}", bakery.wait, gives=dict)]
    await open_bakery(shop, routes, request_deadline=0.01)
    told = answers(await send(shop, part(path="/slow/rye")))
    assert told[0]["body"]["code"] == "too_slow"


@pytest.mark.parametrize("path", ["/batch", "/raw", "/stream", "/page", "/metrics"])
async def test_what_is_not_json_or_comes_bit_by_bit_is_in_no_batch(
    shop: Shop, bakery: Bakery, path: str
) -> None:
    told = answers(await send(shop, part("POST" if path == "/batch" else "GET", path), part()))
    assert told[0]["body"]["code"] == "not_found"
    assert told[1]["status"] == 200


BAD_PARTS: Mapping[str, Any] = {
    "no part": [],
    "too many": [part()] * (MOST_PARTS + 1),
    "an unknown field": [part(surprise=1)],
    "an unknown method": [part("TRACE")],
    "a method that only begins like one": [part("GETAWAY")],
    "no path": [part(path="")],
    "an address": [part(path="http://elsewhere/loaves")],
    "a path with a blank": [part(path="/loaves/a b")],
    "a path with a line break": [part(path="/loaves/rye\r\nX-API-Key: 1")],
    "no time": [part(deadline=0)],
    "a time that is no number": [part(deadline="9")],
}


@pytest.mark.parametrize("parts", BAD_PARTS.values(), ids=BAD_PARTS)
async def test_a_batch_that_is_none_is_rejected_whole(
    shop: Shop, bakery: Bakery, parts: list[Any]
) -> None:
    good = [] if not parts else [part("POST", "/loaves")]
    assert_problem(await send(shop, *good, *parts), 422, "invalid_request")
    assert bakery.begun == []


async def test_a_batch_that_is_no_json_is_400(shop: Shop, bakery: Bakery) -> None:
    reply = await shop.call("bakery", "POST", "/batch", data=b'{"parts": [')
    assert_problem(reply, 400, "malformed_json")


async def test_a_batch_has_32_parts_and_1_mib(shop: Shop, bakery: Bakery) -> None:
    bodies = [{"name": f"{n} {'x' * 32_000}"} for n in range(MOST_PARTS)]
    batch = [part("POST", "/loaves", body=body) for body in bodies]
    assert len(json.dumps({"parts": batch})) > 15 * BODY_LIMIT
    told = answers(await send(shop, *batch))
    assert [told[n]["body"]["name"] for n in range(MOST_PARTS)] == [b["name"] for b in bodies]
    too_long = json.dumps({"parts": batch}).encode().ljust(MOST_BYTES + 1)
    reply = await shop.call("bakery", "POST", "/batch", data=BytesIO(too_long))
    assert_problem(reply, 413, "payload_too_large")


async def test_a_body_of_a_part_has_the_bound_that_any_has(shop: Shop, bakery: Bakery) -> None:
    told = answers(
        await send(shop, part("POST", "/loaves", body={"name": "x" * BODY_LIMIT}), part())
    )
    assert told[0]["body"]["code"] == "payload_too_large"
    assert told[1]["status"] == 200


OF_THE_WHOLE: Mapping[str, tuple[dict[str, Any], int, str]] = {
    "no key": ({"key": None}, 401, "invalid_api_key"),
    "a wrong key": ({"key": "wrong"}, 401, "invalid_api_key"),
    "a customer": ({"key": token("ada")}, 403, "forbidden"),
    "another service": ({"headers": {"Tuckshop-Service": "cart"}}, 421, "wrong_service"),
    "another shop": ({"headers": {"Tuckshop-Shop": "other"}}, 421, "wrong_shop"),
}


@pytest.mark.parametrize(("how", "status", "code"), OF_THE_WHOLE.values(), ids=OF_THE_WHOLE)
async def test_who_asks_and_whom_is_checked_before_any_part_begins(
    shop: Shop, bakery: Bakery, how: dict[str, Any], status: int, code: str
) -> None:
    await until(lambda: shop.app("bakery")[LIFECYCLE].shop)
    assert_problem(await send(shop, part("POST", "/loaves"), **how), status, code)
    assert bakery.begun == []


async def test_a_service_that_stops_begins_no_batch(shop: Shop, bakery: Bakery) -> None:
    shop.app("bakery")[LIFECYCLE].drain()
    assert_problem(await send(shop, part("POST", "/loaves")), 503, "draining")
    assert bakery.begun == []


async def test_what_a_batch_has_begun_is_finished_when_the_service_stops(
    shop: Shop, bakery: Bakery
) -> None:
    sending = asyncio.create_task(send(shop, part(path="/slow/rye"), part(path="/slow/spelt")))
    await until(lambda: len(bakery.begun) == 2)
    shop.app("bakery")[LIFECYCLE].drain()
    stopping = asyncio.create_task(shop.stop("bakery"))
    bakery.go_on.set()
    told = answers(await sending)
    assert [told[n]["status"] for n in range(2)] == [200, 200]
    await stopping


async def test_each_part_takes_a_slot(
    shop: Shop, bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_IN_FLIGHT", 2)
    batch = await begin(shop, *(part(path=f"/slow/{name}") for name in ("rye", "spelt", "emmer")))
    refused = await batch.next()
    assert (refused["part"], refused["body"]["code"]) == (2, "overloaded")
    assert refused["headers"]["Retry-After"] == "1"
    assert shop.app("bakery")[LIFECYCLE].in_flight == 2
    bakery.go_on.set()
    assert {(await batch.next())["status"] for _ in range(2)} == {200}
    await until(lambda: shop.app("bakery")[LIFECYCLE].in_flight == 0)


async def test_each_part_has_a_line_in_the_log_and_the_batch_has_none(
    shop: Shop, bakery: Bakery, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await send(shop, part(path="/loaves/a"), part("POST", "/rejected"))
    lines = [record.getMessage() for record in caplog.records]
    served = [line for line in lines if line.startswith(("GET /", "POST /"))]
    assert sorted(served) == ["GET /loaves/a 200", "POST /rejected 409"]


async def test_parts_and_batches_are_counted(shop: Shop, bakery: Bakery) -> None:
    await send(shop, part(), part(), part("POST", "/rejected"))
    text = exposition(shop.app("bakery")[METRICS]).decode()
    for method, route, status, count in (
        ("GET", "/loaves/{name}", 200, 2),
        ("POST", "/rejected", 409, 1),
        ("POST", "/batch", 200, 1),
    ):
        labels = f'method="{method}",route="{route}",service="bakery",status="{status}"'
        assert f"http_requests_total{{{labels}}} {count}.0" in text


async def test_answers_that_wait_to_be_written_count_as_unsent(
    shop: Shop, bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = (await send(shop, part())).body
    monkeypatch.setattr(unsent, "MAX_UNSENT", len(line))
    told = answers(await send(shop, part(), part()))
    assert told[0]["status"] == 200
    assert told[1]["body"]["code"] == "overloaded"
    assert shop.app("bakery")[UNSENT].bytes == 0


async def test_what_was_begun_goes_on_when_the_caller_has_left(shop: Shop, bakery: Bakery) -> None:
    batch = await begin(shop, part(), part("POST", "/slow/rye"))
    assert (await batch.next())["part"] == 0
    batch.hang_up()
    bakery.go_on.set()
    await until(lambda: bakery.done == ["rye"])
    await until(lambda: shop.app("bakery")[UNSENT].bytes == 0)
