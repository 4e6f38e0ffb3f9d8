"""Bugs of the calls that go together. Two break a promise, and a campaign is after them. The others
break none, since what a batch leaves open is asked for again: tests of batches find those.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from aiohttp import web

from services.common.storage.thread import Call
from services.common.web import batch
from services.common.web.keys import PART
from services.common.web.parts import PartAnswer
from services.common.web.request import Request
from services.common.web.together import Together

from .bug import Bug, Focus
from .in_common import tell_early
from .seams import Seams

FAILURE = 400


def answer_to_the_wrong_caller(seams: Seams) -> None:
    plain_tell = vars(Together)["_tell"]

    @seams.replace(Together)
    def _tell(self: Together, answer: PartAnswer) -> None:
        unanswered: dict[int, Any] = vars(self)["_unanswered"]
        place = sorted(unanswered)[min(answer.part, len(unanswered) - 1)]
        plain_tell(self, PartAnswer(place, answer.status, answer.headers, answer.body))


def part_heard_before_commit(seams: Seams) -> None:
    in_batch = ContextVar("in_batch", default=False)
    early = WeakSet[asyncio.Future[None]]()
    plain_answer = vars(batch)["answer"]
    plain_init = Call.__init__

    @seams.replace(batch)
    async def answer(request: Request) -> web.StreamResponse:
        in_batch.set(True)
        response: web.StreamResponse = await plain_answer(request)
        return response

    @seams.replace(Call, "__init__")
    def init(self: Call, function: Any, args: Any, kwargs: Any, heard: Any) -> None:
        plain_init(self, function, args, kwargs, heard)
        if in_batch.get():
            early.add(heard)

    tell_early(seams, lambda call: call.heard in early)


def failed_part_fails_its_batch(seams: Seams) -> None:
    plain_answer = vars(batch)["answer"]

    @seams.replace(batch)
    async def answer(request: Request) -> web.StreamResponse:
        response: web.StreamResponse = await plain_answer(request)
        if PART in request and response.status >= FAILURE and request.transport is not None:
            request.transport.abort()
        return response


def lost_batch_repeated_whole(seams: Seams) -> None:
    plain_ask = vars(Together)["_ask"]

    @seams.replace(Together)
    async def _ask(self: Together, body: bytes) -> None:
        try:
            await plain_ask(self, body)
        except Exception:
            await plain_ask(self, body)


IN_BATCHES = (
    Bug(
        name="answer_to_the_wrong_caller",
        breaks="A place in a batch is counted among the calls that have no answer yet.",
        plant=answer_to_the_wrong_caller,
        caught_as="3, 6: rejected for what is not so: the product is there",
        focus=Focus(actions={"add": 10}),
    ),
    Bug(
        name="part_heard_before_commit",
        breaks="A part of a batch is answered once its unit of work has run.",
        plant=part_heard_before_commit,
        caught_as="3, 5: not settled|5: .*'HELD', None",
        focus=Focus(
            actions={"buy_at_once": 10}, points=(("catalog", "reserve_stock.before_commit"),)
        ),
    ),
)
