"""Calls to one instance go together, and each of them comes out as it would alone."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from client.backoff import Backoff
from client.discovery import Discovery
from client.errors import (
    AuthenticationError,
    Conflict,
    OutcomeUnknown,
    PermissionDenied,
    ShopError,
    Unavailable,
)
from client.transport import Answer, Transport, open_session
from services.common.web import lanes
from services.common.web.lanes import open_lanes
from services.common.web.parts import MOST_BYTES, MOST_PARTS
from tests.client.fakes import FakeRegistry, FakeServer
from tests.shop import until

KEY = "key-1"
Answering = Callable[["Got"], Awaitable[web.StreamResponse]]


class Got:
    """A request that has come: `parts` are those of a batch, or the call that it is."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.request = request
        self.size = len(body)
        self.is_batch = request.path == "/batch"
        self.parts: list[dict[str, Any]] = (
            json.loads(body)["parts"]
            if self.is_batch
            else [{"method": request.method, "path": request.path_qs}]
        )

    @property
    def paths(self) -> list[str]:
        return [part["path"] for part in self.parts]


class Lines:
    """The answer to a batch, line by line as the test writes it."""

    def __init__(self, got: Got) -> None:
        self._got = got
        self._response = web.StreamResponse()

    async def begin(self) -> Lines:
        await self._response.prepare(self._got.request)
        return self

    async def tell(self, place: int, status: int = 200, body: Any = None, **headers: str) -> None:
        """Answer a part; it is told its own path unless the test has another body."""
        told = {"you": self._got.paths[place]} if body is None else body
        line = {"part": place, "status": status, "headers": headers, "body": told}
        await self._response.write(json.dumps(line).encode() + b"\n")

    async def end(self) -> web.StreamResponse:
        await self._response.write_eof()
        return self._response

    async def break_off(self) -> web.StreamResponse:
        assert self._got.request.transport is not None
        self._got.request.transport.abort()
        return self._response


async def answer_all(got: Got) -> web.StreamResponse:
    """Give each its own answer, the last part's first."""
    if not got.is_batch:
        return web.json_response({"you": got.paths[0]})
    lines = await Lines(got).begin()
    for place in reversed(range(len(got.parts))):
        await lines.tell(place)
    return await lines.end()


class Peer(FakeServer):
    """Answers as the test has it; what comes first waits until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Got] = []
        self.answer: Answering = answer_all
        self.first_may_end = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._serve)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        request = request.clone(client_max_size=2 * MOST_BYTES)
        got = Got(request, await request.read())
        self.got.append(got)
        if len(self.got) == 1:
            await self.first_may_end.wait()
            return web.json_response({"you": got.paths[0]})
        return await self.answer(got)

    @property
    def paths(self) -> list[list[str]]:
        """What came together, in order, but for the first."""
        return [got.paths for got in self.got[1:]]


class Caller:
    """Calls the peer through lanes, the first of its calls being on its way for long."""

    def __init__(self, transport: Transport, peer: Peer, session: aiohttp.ClientSession) -> None:
        self.transport = transport
        self.session = session
        self.peer = peer
        self.context = dict[str, str]()

    async def call(self, path: str, method: str = "POST", **how: Any) -> Answer:
        options = {"repeatable": True, "deadline": 30.0, "attempt_timeout": 30.0, **how}
        if method == "POST":
            options.setdefault("json", {"path": path})
        return await self.transport.request("cart", method, path, **options)

    def begin(self, *paths: str, **how: Any) -> list[asyncio.Task[Answer]]:
        return [asyncio.create_task(self.call(path, **how)) for path in paths]

    async def occupy(self, **how: Any) -> asyncio.Task[Answer]:
        """Have a call on its way that holds the lane until `first_may_end`."""
        (first,) = self.begin("/first", **how)
        await until(lambda: self.peer.got)
        return first

    async def together(self, *paths: str, **how: Any) -> list[asyncio.Task[Answer]]:
        """Have calls go together, behind one that goes before them."""
        await self.occupy()
        calls = self.begin(*paths, **how)
        await asyncio.sleep(0)  # each is in the lane now
        self.peer.first_may_end.set()
        return calls


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer() as peer:
        yield peer


@pytest.fixture
async def caller(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    """Its lanes think nothing slow, unless the test says so."""
    monkeypatch.setattr(lanes, "SLOW_SECONDS", 60.0)
    async with AsyncExitStack() as stack:
        registry = await stack.enter_async_context(FakeRegistry())
        await registry.put("cart", {"instance_id": "cart-1", "url": peer.url, "state": "up"})
        session = await stack.enter_async_context(open_session())
        backoff = Backoff(0.001, 0.01)
        discovery = Discovery(session, registry.url, KEY, backoff=backoff)
        await stack.enter_async_context(discovery)
        send = await stack.enter_async_context(open_lanes(session, KEY))
        await discovery.candidates("cart", 5)
        caller: Caller
        transport = Transport(
            session,
            discovery,
            KEY,
            context_headers=lambda: caller.context,
            backoff=backoff,
            send=send,
        )
        caller = Caller(transport, peer, session)
        yield caller
        peer.first_may_end.set()


async def heard(calls: Sequence[asyncio.Task[Answer]]) -> list[Any]:
    """What each was answered, or the error that came instead."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    return [
        result.decode(dict)["you"] if isinstance(result, Answer) else result for result in results
    ]


async def test_calls_that_wait_for_one_on_its_way_go_together(caller: Caller) -> None:
    calls = await caller.together("/a", "/b", "/c")
    assert await heard(calls) == ["/a", "/b", "/c"]
    assert caller.peer.paths == [["/a", "/b", "/c"]]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_each_gets_its_own_answer_in_whatever_order_they_come(
    caller: Caller, order: Sequence[int]
) -> None:
    async def answer(got: Got) -> web.StreamResponse:
        lines = await Lines(got).begin()
        for place in order:
            await lines.tell(place)
        return await lines.end()

    caller.peer.answer = answer
    assert await heard(await caller.together("/a", "/b", "/c")) == ["/a", "/b", "/c"]


async def test_calls_made_in_one_turn_of_the_loop_go_together(caller: Caller) -> None:
    caller.peer.first_may_end.set()
    await caller.call("/first")
    assert await heard(caller.begin("/a", "/b")) == ["/a", "/b"]
    assert caller.peer.paths == [["/a", "/b"]]


async def test_a_call_that_waits_alone_goes_as_a_request_of_its_own(caller: Caller) -> None:
    calls = await caller.together("/a")
    assert await heard(calls) == ["/a"]
    got = caller.peer.got[1]
    assert not got.is_batch
    assert got.request.headers["Tuckshop-Service"] == "cart"


async def test_a_part_carries_what_its_request_would(caller: Caller) -> None:
    await caller.occupy()
    caller.context = {"X-Request-ID": "r-1", "traceparent": "t-1"}
    calls = caller.begin("/a?x=1", idempotency_key="k-1", json={"price": 1})
    await asyncio.sleep(0)
    caller.context = {"X-Request-ID": "r-2"}
    calls += caller.begin("/b", deadline=9.0, json=None)
    await asyncio.sleep(0)
    caller.peer.first_may_end.set()
    await heard(calls)
    batch = caller.peer.got[1]
    first, second = batch.parts
    assert 20 < first.pop("deadline") <= 30
    assert 0 < second.pop("deadline") <= 9
    assert first == {
        "method": "POST",
        "path": "/a?x=1",
        "body": {"price": 1},
        "key": "k-1",
        "request_id": "r-1",
        "traceparent": "t-1",
    }
    assert second == {"method": "POST", "path": "/b", "request_id": "r-2"}
    headers = batch.request.headers
    assert (headers["X-API-Key"], headers["Tuckshop-Service"]) == (KEY, "cart")
    assert headers["Tuckshop-Shop"] == "shop-1"


async def test_reads_do_not_wait_for_writes(caller: Caller) -> None:
    await caller.occupy()
    assert (await caller.call("/a", "GET")).decode(dict) == {"you": "/a"}


async def test_a_slow_request_holds_up_nobody(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "SLOW_SECONDS", 0.001)
    first = await caller.occupy()
    assert await heard(caller.begin("/a", "/b")) == ["/a", "/b"]
    assert not first.done()


async def test_a_part_is_answered_while_others_are_not(caller: Caller) -> None:
    go_on = asyncio.Event()

    async def answer(got: Got) -> web.StreamResponse:
        lines = await Lines(got).begin()
        await lines.tell(1)
        await go_on.wait()
        await lines.tell(0)
        return await lines.end()

    caller.peer.answer = answer
    slow, quick = await caller.together("/slow", "/quick")
    assert (await quick).decode(dict) == {"you": "/quick"}
    assert not slow.done()
    go_on.set()
    assert (await slow).decode(dict) == {"you": "/slow"}


async def test_no_more_than_so_many_requests_of_a_lane_are_on_their_way(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(lanes, "MOST_BESIDE", 1)
    await caller.occupy()
    (call,) = caller.begin("/a", deadline=0.05, attempt_timeout=0.04)
    with pytest.raises(Unavailable) as caught:  # it was never sent, and that is told
        await call
    assert not caught.value.may_have_been_done
    assert len(caller.peer.got) == 1


async def test_32_calls_go_together_and_no_more(caller: Caller) -> None:
    paths = [f"/{number}" for number in range(MOST_PARTS + 1)]
    assert await heard(await caller.together(*paths)) == paths
    assert [len(each) for each in caller.peer.paths] == [MOST_PARTS, 1]


async def test_1_mib_goes_together_and_no_more(caller: Caller) -> None:
    paths = [f"/{number}" for number in range(20)]
    calls = await caller.together(*paths, json={"x": "x" * 60_000})
    assert await heard(calls) == paths
    first, second = caller.peer.got[1:]
    assert MOST_BYTES - 61_000 < first.size <= MOST_BYTES
    assert first.paths + second.paths == paths


BY_THEMSELVES: dict[str, dict[str, Any]] = {
    "with another key": {"headers": {"X-API-Key": "token"}},
    "with a header that no part has": {"headers": {"If-Match": '"1"'}},
    "with a body that is just passed on": {
        "json": None,
        "content": b"{}",
        "headers": {"Content-Type": "application/json"},
    },
    "with a body that is too large for a part": {"json": "x" * 2**16},
    "read in pieces": {"read_limit": 10},
}


@pytest.mark.parametrize("how", BY_THEMSELVES.values(), ids=BY_THEMSELVES)
async def test_a_call_that_is_no_part_goes_by_itself_and_at_once(
    caller: Caller, how: dict[str, Any]
) -> None:
    await caller.occupy()
    calls = caller.begin("/a", "/b", **how)
    assert await heard(calls) == ["/a", "/b"]
    assert sorted(caller.peer.paths) == [["/a"], ["/b"]]


async def test_each_has_its_own_failure(caller: Caller) -> None:
    async def answer(got: Got) -> web.StreamResponse:
        lines = await Lines(got).begin()
        await lines.tell(0, 409, {"code": "no_flour", "detail": "None."})
        await lines.tell(1)
        return await lines.end()

    caller.peer.answer = answer
    rejected, done = await heard(await caller.together("/a", "/b"))
    assert isinstance(rejected, Conflict)
    assert rejected.code == "no_flour"
    assert done == "/b"


async def test_what_the_whole_is_refused_for_each_is_told_and_nothing_was_done(
    caller: Caller, subtests: pytest.Subtests
) -> None:
    kinds: dict[int, type[ShopError]] = {
        401: AuthenticationError,
        403: PermissionDenied,
        421: Unavailable,
        503: Unavailable,
    }
    first = True
    for status, kind in kinds.items():
        with subtests.test(str(status)):

            async def refuse(_got: Got, status: int = status) -> web.StreamResponse:
                return web.json_response({}, status=status, headers={"Retry-After": "60"})

            caller.peer.answer = refuse
            if first:
                calls = await caller.together("/a", "/b", retries=False)
            else:
                calls = caller.begin("/a", "/b", retries=False)
            first = False
            for error in await heard(calls):
                assert isinstance(error, kind)
                assert error.status == status
                assert not error.may_have_been_done


async def test_a_batch_that_is_refused_for_a_moment_is_repeated_call_by_call(
    caller: Caller,
) -> None:
    async def drain(_got: Got) -> web.StreamResponse:
        caller.peer.answer = answer_all
        return web.json_response({}, status=503, headers={"Retry-After": "0"})

    caller.peer.answer = drain
    calls = await caller.together("/a", "/b", repeatable=False)
    assert await heard(calls) == ["/a", "/b"]
    assert caller.peer.paths[0] == ["/a", "/b"]
    assert sorted(caller.peer.paths[1:]) == [["/a"], ["/b"]]


async def lose(got: Got) -> web.StreamResponse:
    """Do it all, and hang up."""
    return await Lines(got).break_off()


async def end_early(got: Got) -> web.StreamResponse:
    """Answer the first, and say that this was all."""
    lines = await Lines(got).begin()
    await lines.tell(0)
    return await lines.end()


async def answer_twice(got: Got) -> web.StreamResponse:
    """Answer the first once more."""
    lines = await Lines(got).begin()
    await lines.tell(0)
    await lines.tell(0, body={"you": "/forged"})
    await lines.tell(1)
    return await lines.end()


async def answer_nobody(got: Got) -> web.StreamResponse:
    """Answer a part that there is not."""
    lines = await Lines(got).begin()
    await lines.tell(0)
    await lines.tell(len(got.parts), body={"you": "/forged"})
    await lines.tell(1)
    return await lines.end()


async def say_nonsense(_got: Got) -> web.StreamResponse:
    """Answer in another language."""
    return web.Response(text="<html>Nothing here</html>")


async def know_no_batches(_got: Got) -> web.StreamResponse:
    """Answer as a release does that has no such route."""
    return web.json_response({"code": "not_found"}, status=404)


def once(answer: Answering, caller: Caller) -> Answering:
    """So, and then as usual."""

    async def answering(got: Got) -> web.StreamResponse:
        caller.peer.answer = answer_all
        return await answer(got)

    return answering


BROKEN = {
    lose: ["/a", "/told"],
    end_early: ["/a"],
    answer_twice: ["/a"],
    answer_nobody: ["/a"],
    say_nonsense: ["/a", "/told"],
    know_no_batches: ["/a", "/told"],
}
"""Ways to break a batch off, and which calls of it have had no answer by then."""


@pytest.mark.parametrize(("broken", "open_calls"), BROKEN.items())
async def test_of_a_batch_that_breaks_off_only_the_repeatable_are_sent_again(
    caller: Caller, broken: Answering, open_calls: list[str]
) -> None:
    caller.peer.answer = once(broken, caller)
    await caller.occupy()
    calls = caller.begin("/told", "/a") + caller.begin("/once", repeatable=False)
    await asyncio.sleep(0)
    caller.peer.first_may_end.set()
    *told, unknown = await heard(calls)
    assert told == ["/told", "/a"]
    assert isinstance(unknown, OutcomeUnknown)
    assert unknown.may_have_been_done
    assert caller.peer.paths[0] == ["/told", "/a", "/once"]
    assert sorted(caller.peer.paths[1:]) == [[path] for path in open_calls]


async def test_a_read_of_a_batch_that_breaks_off_was_not_done(caller: Caller) -> None:
    caller.peer.answer = lose
    caller.peer.first_may_end.set()
    await caller.call("/first", "GET")
    for error in await heard(caller.begin("/a", "/b", method="GET", retries=False)):
        assert isinstance(error, Unavailable)
        assert not error.may_have_been_done


async def test_a_batch_that_cannot_be_sent_was_not_done(caller: Caller) -> None:
    await caller.peer.stop()
    for error in await heard(caller.begin("/a", "/b", retries=False)):
        assert isinstance(error, Unavailable)
        assert error.code == "unreachable"
        assert not error.may_have_been_done


async def test_each_call_waits_as_long_as_its_own_deadline(caller: Caller) -> None:
    async def answer(got: Got) -> web.StreamResponse:
        lines = await Lines(got).begin()
        await patient_may_end.wait()
        await lines.tell(1)
        return await lines.end()

    patient_may_end = asyncio.Event()
    caller.peer.answer = answer
    await caller.occupy()
    (hasty,) = caller.begin("/hasty", attempt_timeout=0.05, deadline=0.06)
    (patient,) = caller.begin("/patient")
    await asyncio.sleep(0)
    caller.peer.first_may_end.set()
    with pytest.raises(OutcomeUnknown):
        await hasty
    assert not patient.done()
    patient_may_end.set()
    assert await heard([patient]) == ["/patient"]


async def test_a_caller_who_leaves_disturbs_no_other(caller: Caller) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def answer(got: Got) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return await answer_all(got)

    caller.peer.answer = answer
    left, stayed, other = await caller.together("/left", "/stayed", "/other")
    await arrived.wait()
    left.cancel()
    go_on.set()
    assert await heard([stayed, other]) == ["/stayed", "/other"]
    assert left.cancelled()


async def test_a_call_that_is_left_while_it_waits_is_not_sent(caller: Caller) -> None:
    await caller.occupy()
    left, stayed = caller.begin("/left", "/stayed")
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.sleep(0)
    caller.peer.first_may_end.set()
    assert await heard([stayed]) == ["/stayed"]
    assert caller.peer.paths == [["/stayed"]]


async def test_a_batch_that_all_have_left_closes_its_connection(caller: Caller) -> None:
    arrived, closed = asyncio.Event(), asyncio.Event()

    async def hold(_got: Got) -> web.StreamResponse:
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()
        raise AssertionError

    caller.peer.answer = hold
    calls = await caller.together("/a", "/b")
    await arrived.wait()
    for call in calls:
        call.cancel()
    await closed.wait()
    caller.peer.answer = answer_all
    assert (await caller.call("/c")).decode(dict) == {"you": "/c"}
