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
"""A value of a query string; None leaves it out."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = functools.cache(msgspec.json.Decoder)


@dataclass(frozen=True)
class Answer:
    """What a service answered: headers are found in any case, the body is as it came.

    `rest` is the open answer to read what follows `body` from, where a call asked for that: it
    holds the connection until its reader closes it.
    """

    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)
    rest: aiohttp.ClientResponse | None = field(default=None, repr=False)

    def decode(self, type_: type[T]) -> T:
        """Return the JSON body as a `type_`; raises OutcomeUnknown if it is not one."""
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
                maybe_done=True,
            ) from error
        return value


async def read_answer(response: aiohttp.ClientResponse, at_once: float) -> Answer:
    """Read an answer until its body ends, or more than `at_once` bytes of it are there."""
    body = bytearray()
    try:
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > at_once:
                break
    except BaseException:
        response.close()
        raise
    rest = None if response.content.at_eof() else response
    return Answer(response.status, response.headers, bytes(body), rest)


def json_body(value: Any) -> bytes:
    """Return anything that msgspec encodes as JSON, Decimals as exact numbers."""
    return _encoder.encode(value)


def with_query(path: str, params: Mapping[str, Parameter] | None) -> str:
    """Return `path`, which may have a query already, with these parameters added to it."""
    given = {name: _text(value) for name, value in (params or {}).items() if value is not None}
    if not given:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}"


def segment(value: str | int) -> str:
    """Return a value percent-encoded to be one whole segment of a path, whatever is in it."""
    encoded = quote(str(value), safe="")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def _text(value: str | int | Decimal) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
