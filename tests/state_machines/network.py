"""The network between services: what is sent lies in a bag until it is delivered, once, twice, late
or never, and so does the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from client.discovery import Instance

MAX_LATE = 6
"""Messages that nobody waits for any more; older ones are lost."""


@dataclass(frozen=True)
class Reply:
    """An answer. One that `is_cut` ends where its connection did."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    is_cut: bool = False


class Host(Protocol):
    """Whoever can be sent something, and send."""

    name: str
    dead: bool

    def serve(self, message: Message) -> None: ...


@dataclass(eq=False)
class Message:
    """One request, on its way there or, once it has an `answer`, on its way back."""

    to: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    sender: Host | None = None
    heard: asyncio.Future[Reply] | None = None
    """Who waits for the answer; None if nobody does any more."""
    answer: Reply | None = None

    def copy(self) -> Message:
        """The same request once more; nobody waits for this one."""
        return Message(self.to, self.method, self.target, self.headers, self.body)

    def come_back(self, result: Reply | Exception) -> None:
        """Give the caller, if there is one still, the answer or what came instead."""
        if self.heard is None or self.heard.done():
            return
        if isinstance(result, Reply):
            self.heard.set_result(result)
        else:
            self.heard.set_exception(result)


@dataclass
class Network:
    """The bag. `direct` are pairs of sender and addressee whose messages are not put in it."""

    hosts: Mapping[str, Host]
    direct: frozenset[tuple[str, str]] = frozenset()
    slow: set[str] = field(default_factory=set)
    """Addressees whose messages stay in the bag."""
    bag: list[Message] = field(default_factory=list)
    served: list[Message] = field(default_factory=list)
    """What was answered, in that order; and, without an answer, what a kill cut off."""
    hops: float = 0
    """How many messages and answers are delivered at once; those after them stay in the bag."""

    def post(self, message: Message) -> None:
        """Take a message from a service; one that is dead sends nothing."""
        assert message.sender is not None
        if message.sender.dead:
            return
        self._put(message)

    def deliver(self, message: Message) -> None:
        """Bring a message there, or its answer back."""
        self.bag.remove(message)
        host = self.hosts.get(message.to)
        if message.answer is not None:
            message.come_back(message.answer)
        elif host is None:
            message.come_back(aiohttp.ConnectionTimeoutError())
        else:
            host.serve(message)

    def answered(self, message: Message, reply: Reply) -> None:
        """Take the answer to a message."""
        message.answer = reply
        self.served.append(message)
        if message.sender is None:
            message.come_back(reply)
        elif message.heard is not None:
            self._put(message)

    def lose(self, message: Message) -> None:
        """Let a message, or the answer to it, get lost; its caller sees the connection end."""
        self.bag.remove(message)
        message.come_back(aiohttp.ServerDisconnectedError())

    def forget(self, host: Host) -> None:
        """Whoever sent this is gone; what it sent is on its way all the same."""
        for message in self.bag:
            if message.sender is host:
                message.heard = None
        self.bag[:] = [message for message in self.bag if message.heard or not message.answer]
        for message in [message for message in self.bag if message.heard is None][:-MAX_LATE]:
            self.bag.remove(message)

    def _put(self, message: Message) -> None:
        self.bag.append(message)
        if message.sender and (message.sender.name, message.to) in self.direct:
            self.deliver(message)
        elif self.hops > 0 and (message.answer or message.to not in self.slow):
            self.hops -= 1
            self.deliver(message)

    def session(self, sender: Host) -> Session:
        """What a service makes its calls through."""
        return Session(self, sender)


class Session:
    """Stands where a service has its aiohttp.ClientSession."""

    def __init__(self, network: Network, sender: Host) -> None:
        self._network = network
        self._sender = sender

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        pass

    async def request(
        self, method: str, url: URL, *, data: bytes | None, headers: Mapping[str, str], **_how: Any
    ) -> Response:
        """Send, and wait for the answer."""
        heard = asyncio.get_running_loop().create_future()
        message = Message(
            str(url.host), method, url.raw_path_qs, headers, data or b"", self._sender, heard
        )
        self._network.post(message)
        try:
            return Response(await heard)
        finally:
            message.heard = None  # whoever gives up leaves the message on its way


class Response:
    """Stands where the client has an aiohttp.ClientResponse."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.headers = reply.headers
        self.content = self
        self._reply = reply

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._reply.body
        if self._reply.is_cut:
            raise aiohttp.ClientPayloadError

    def at_eof(self) -> bool:
        return True

    def close(self) -> None:
        pass


class Directory:
    """Stands where a service has its Discovery: everybody is known, whether there or not."""

    shop: str | None = "the shop"

    def __init__(self, *_how: object, **_more: object) -> None:
        self._on_change: list[Callable[[], None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    async def candidates(self, service: str, _deadline: float) -> list[Instance]:
        return [Instance(service=service, instance_id="1", url=f"http://{service}", state="up")]

    def failed(self, _instance: Instance, _report: str | None = None) -> None:
        pass

    def worked(self, _instance: Instance) -> None:
        pass

    def on_change(self, callback: Callable[[], None]) -> None:
        self._on_change.append(callback)

    def change(self) -> None:
        """Somebody has come up."""
        for callback in self._on_change:
            callback()
