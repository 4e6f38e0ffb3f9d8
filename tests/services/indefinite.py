"""What services ask of each other, and answers that settle none of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .orders import some_uuid
from .peers import Peer, problem


@dataclass(frozen=True)
class Question:
    """What was asked: the ids it is about, a rejection that would settle it, and its success."""

    ids: dict[str, Any]
    status: int
    code: str
    success: dict[str, Any]

    def naming_others(self) -> dict[str, Any]:
        """Ids that are not ours."""
        return {name: some_uuid() for name in self.ids}


QuestionOf = Callable[[Peer, web.Request], Question]
LINE = {"product_id": 1, "sku": None, "name": "Pear Drops", "price": 2.5, "quantity": 2}


def notification(peer: Peer, request: web.Request) -> Question:
    """What a payment asks of its order."""
    ids = {"order_id": request.path.split("/")[2], "payment_id": peer.calls[-1][1]["payment_id"]}
    done = "PAID" if request.path.endswith("/payment") else "REFUNDED"
    return Question(ids, 409, "order_closed", {**ids, "status": done, "user_id": "ada"})


def reservation(peer: Peer, request: web.Request) -> Question:
    """What an order asks of the catalog."""
    ids = {"order_id": request.path.split("/")[2]}
    verb = request.path.split("/")[-1]
    done = {"commit": "COMMITTED", "release": "RELEASED", "return": "RETURNED"}.get(verb, "HELD")
    held = {"state": done, "lines": [LINE], "total_amount": 5.0, "currency": "USD"}
    return Question(ids, 409, "insufficient_stock", {**ids, **held})


def closing(peer: Peer, request: web.Request) -> Question:
    """What an order asks of its cart."""
    ids = {"user_id": "ada"}
    return Question(
        ids,
        404,
        "product_not_found",
        {**ids, "version": peer.calls[-1][1]["version"] + 1, "items": []},
    )


def settle_nothing(peer: Peer, answer: str, question: QuestionOf) -> None:
    """From now on, the peer answers so."""
    peer.answers = lambda request: INDEFINITE[answer](question(peer, request))


def succeed(peer: Peer, question: QuestionOf) -> None:
    """From now on, the peer does what it is asked."""
    peer.answers = lambda request: web.json_response(question(peer, request).success)


def _elsewhere(_: Question) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/elsewhere"})


INDEFINITE: dict[str, Callable[[Question], web.StreamResponse]] = {
    "500": lambda asked: problem(500, "internal_error", **asked.ids),
    "502": lambda asked: problem(502, asked.code, **asked.ids),
    "503": lambda asked: problem(503, asked.code, **asked.ids),
    "504": lambda asked: problem(504, "outcome_unknown", **asked.ids),
    "507": lambda asked: problem(507, "insufficient_storage", **asked.ids),
    "401": lambda asked: problem(401, "invalid_api_key", **asked.ids),
    "403": lambda asked: problem(403, "forbidden", **asked.ids),
    "421": lambda asked: problem(421, "wrong_shop", **asked.ids),
    "429": lambda asked: problem(429, "too_many_requests", **asked.ids),
    "a redirect": _elsewhere,
    "404 without a code": lambda asked: problem(404, None, **asked.ids),
    "404 of the route": lambda asked: problem(404, "not_found", **asked.ids),
    "409 of another kind": lambda asked: problem(409, "conflict", **asked.ids),
    "422 of the request": lambda asked: problem(422, "invalid_request", **asked.ids),
    "a listed code with another status": lambda asked: problem(400, asked.code, **asked.ids),
    "a listed code that names nothing": lambda asked: problem(asked.status, asked.code),
    "a listed code for another": lambda asked: problem(
        asked.status, asked.code, **asked.naming_others()
    ),
    "a listed code with no problem": lambda asked: web.Response(status=asked.status),
    "a success for another": lambda asked: web.json_response(asked.success | asked.naming_others()),
    "a success of another shape": lambda asked: web.json_response([asked.success]),
    "a success that says nothing": lambda _: web.json_response({}),
    "no JSON": lambda _: web.Response(text="<html>Welcome to the hotel</html>"),
    "no content": lambda _: web.Response(status=204),
}
