"""What goes over the wire: exact JSON and query strings out, answers in."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
from multidict import CIMultiDictProxy

from .errors import OutcomeUnknown

T = TypeVar("T")

Parameter = str | int | Decimal | None
"""A value in a query string; None leaves the parameter out."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = functools.cache(msgspec.json.Decoder)


@dataclass(frozen=True)
class Answer:
    """What a service answered. Names of headers are matched in any case; `body` is as it came.

    `rest` is the open response from which to read what follows `body`, if a call asked for only
    the beginning. It holds the connection until the reader closes it.
    """

    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)
    rest: aiohttp.ClientResponse | None = field(default=None, repr=False)

    def decode(self, type_: type[T]) -> T:
        """Return the JSON body as a `type_`. Raises OutcomeUnknown if it is not one."""
        try:
            value: T = _decoder(type_).decode(self.body)  # type: ignore[arg-type]  # types do hash
        except (ValueError, RecursionError) as error:
            raise OutcomeUnknown(
                f"The answer cannot be understood: {error}",
                status=self.status,
                code="unreadable_answer",
                request_id=self.headers.get("X-Request-ID"),
                headers=self.headers,
                body=self.body,
                may_have_been_done=True,
            ) from error
        return value


async def read_answer(response: aiohttp.ClientResponse, limit: float) -> Answer:
    """Read an answer up to its end, or until more than `limit` bytes of its body are there."""
    body = bytearray()
    try:
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > limit:
                break
    except BaseException:
        response.close()
        raise
    rest = None if response.content.at_eof() else response
    return Answer(response.status, response.headers, bytes(body), rest)


def json_body(value: Any) -> bytes:
    """Return a value that msgspec can encode as JSON, with Decimals as exact numbers."""
    return _encoder.encode(value)


def with_query(path: str, params: Mapping[str, Parameter] | None) -> str:
    """Return `path`, which may already have a query, with these parameters added."""
    given = {name: _text(value) for name, value in (params or {}).items() if value is not None}
    if not given:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}"


def path_segment(value: str | int) -> str:
    """Return any value percent-encoded as exactly one segment of a path."""
    encoded = quote(str(value), safe="")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def _text(value: str | int | Decimal) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
