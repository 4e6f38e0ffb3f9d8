"""Sends several calls to one instance as a batch, and gives each of them its own answer.

An answer is told by the place that its call has in the batch. One that names no such place, or one
that was answered before, breaks the batch off: what has no answer by then may have been done.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from client.sending import BrokenOff, NotSent, Requests, Sending
from client.wire import Answer, read_answer

from .parts import BATCH, MOST_BYTES, Part, PartAnswer, as_body, decode_answer, encode_part, joined

FROM_BATCH = ("X-API-Key", "Tuckshop-Service", "Tuckshop-Shop")
"""Headers that all calls of a batch have in common: who asks, and whom."""
OF_EACH = ("X-Request-ID", "traceparent", "Idempotency-Key", "Content-Type")
"""Headers that each has of its own."""
_OF_THE_WHOLE = frozenset({401, 403, 421, 429, 503})
"""Statuses of a batch of which nothing was done: each of its calls is answered so."""


@dataclass(eq=False, slots=True)
class Waiting:
    """A call whose answer is waited for until `ends_at`, on the loop's clock."""

    sending: Sending
    ends_at: float
    heard: asyncio.Future[Answer | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """Its answer; None says that it is to go by itself."""
    give_back: Callable[[], object] = lambda: None
    """Gives back the turn that it has by itself."""
    sent: bool = False

    def tell(self, result: Answer | Exception | None) -> None:
        """Tell the caller, if there is one still, the answer or what came instead."""
        if self.heard.done():
            return
        if isinstance(result, Exception):
            self.heard.set_exception(result)
        else:
            self.heard.set_result(result)

    def expire(self) -> None:
        """Tell the caller that the time is over."""
        self.tell(TimeoutError() if self.sent else NotSent("too much goes there already"))

    def encoded(self, now: float) -> bytes:
        """It as a part of a batch that is sent now."""
        headers = self.sending.headers
        part = Part(
            method=self.sending.method,
            path=self.sending.target,
            deadline=max(self.ends_at - now, 0.001),
            body=as_body(self.sending.body),
            key=headers.get("Idempotency-Key"),
            request_id=headers["X-Request-ID"],
            traceparent=headers.get("traceparent", ""),
        )
        return encode_part(part)


def fitting(waiting: Sequence[Waiting], now: float) -> list[bytes]:
    """The first of these, encoded, as many as fit in a batch that is sent now."""
    fit, size = list[bytes](), len(joined([]))
    for each in waiting:
        part = each.encoded(now)
        size += len(part) + 1
        if size > MOST_BYTES:
            break
        fit.append(part)
    return fit


class Together:
    """Calls that go to one instance as a batch."""

    def __init__(self, requests: Requests, waiting: Sequence[Waiting]) -> None:
        self._requests = requests
        self._unanswered = dict(enumerate(waiting))
        self._ends_at = max(each.ends_at for each in waiting)

    def start(self, parts: list[bytes]) -> asyncio.Task[None]:
        """Begin to send the calls, which are these `parts`, and to give each its answer, or what
        came instead. The task is cancelled once nobody waits for an answer any more.
        """
        task = asyncio.create_task(self._send(parts))
        for each in self._unanswered.values():
            each.sent = True
            each.heard.add_done_callback(partial(self._left, task))
        return task

    async def _send(self, parts: list[bytes]) -> None:
        instead: Exception = BrokenOff("the batch ended before all was answered")
        try:
            async with asyncio.timeout_at(self._ends_at):
                await self._ask(joined(parts))
        except (NotSent, TimeoutError) as error:
            instead = error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            instead = BrokenOff(str(error))
        finally:
            for each in self._unanswered.values():
                each.tell(type(instead)(*instead.args))

    def _left(self, task: asyncio.Task[None], _heard: object) -> None:
        """End the batch if all have left who wait for an answer still."""
        unanswered = self._unanswered.values()
        if unanswered and all(each.heard.done() for each in unanswered):
            task.cancel()

    async def _ask(self, body: bytes) -> None:
        """Send the batch, and hear its answers. Raises NotSent, aiohttp's errors, ValueError."""
        first = self._unanswered[0].sending
        headers = CIMultiDict({"Content-Type": "application/json"})
        headers.update((name, first.headers[name]) for name in FROM_BATCH if name in first.headers)
        seconds = self._ends_at - asyncio.get_running_loop().time()
        response = await self._requests.begin(
            Sending(first.url, "POST", BATCH, headers, body, seconds)
        )
        try:
            if response.status == HTTPStatus.OK:
                await self._hear(response)
            else:
                self._tell_all(await read_answer(response, math.inf))
        finally:
            if not response.content.at_eof():
                response.close()

    async def _hear(self, response: aiohttp.ClientResponse) -> None:
        rest = b""
        async for piece in response.content.iter_any():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self._tell(decode_answer(line))
        if rest:
            raise ValueError("the last line was cut off")

    def _tell(self, answer: PartAnswer) -> None:
        """Give a call its answer. Raises ValueError if there is none that it can be for."""
        waiting = self._unanswered.pop(answer.part, None)
        if waiting is None:
            raise ValueError("an answer to no call of the batch, or a second one")
        headers = CIMultiDictProxy(CIMultiDict(answer.headers))
        waiting.tell(Answer(answer.status, headers, bytes(answer.body)))

    def _tell_all(self, answer: Answer) -> None:
        """Give all calls the answer to the batch itself. Raises ValueError if it may be none."""
        if answer.status not in _OF_THE_WHOLE:
            raise ValueError(f"the batch was answered {answer.status}")
        for waiting in self._unanswered.values():
            waiting.tell(answer)
