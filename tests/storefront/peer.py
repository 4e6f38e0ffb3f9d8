"""A service behind the gateway that only keeps what it was sent and answers as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from tests.client.fakes import Reply, Seen, reply

FINE = reply({"fine": True})


@dataclass
class Peer:
    """Gives its answers one a request, the last one for all that follow."""

    answers: list[Reply] = field(default_factory=lambda: [FINE])
    seen: list[Seen] = field(default_factory=list)

    def says(self, *answers: Reply) -> None:
        self.answers = list(answers)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in ("/livez", "/readyz"):  # the registry looks after who hung up
            return web.Response()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.raw_path, headers, await request.read()))
        reply = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await reply(request)

    @property
    def last(self) -> Seen:
        return self.seen[-1]
