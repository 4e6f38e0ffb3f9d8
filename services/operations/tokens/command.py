"""`python run.py rotate-token-key`: has a running shop sign customers' tokens with another key."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress

import aiohttp
import msgspec

from client.errors import error_from_answer
from client.transport import open_session
from services.common.core.settings import DEVELOPMENT_KEY, Settings
from services.common.core.token_keys import new_kid

from .. import DATA_DIR, OperationError
from ..flags import CommandParser
from ..sentences import no_shop_at, why_refused

CALL_SECONDS = 10.0
_DESCRIPTION = """\
Has a running shop sign customers' tokens with a new key, which the registry makes and tells every
service. The older keys verify until no token that they have signed can be renewed; then they go.

With --now every token that was signed before is refused at once and renewed no more, and customers
are new guests, without their orders: for when a database or a backup, which have the keys in them,
has come into other hands.
"""
_EPILOG = """\
The operator key is another thing: set another API_KEY for that. It ends no token.

environment:
  API_KEY       the operator key of the shop (the well-known one for development)
  REGISTRY_URL  the shop's registry
"""


class Key(msgspec.Struct, frozen=True):
    """What the registry tells of a key."""

    kid: str
    signs_from: str
    ends_at: str | None


def main(arguments: Sequence[str]) -> int:
    """Rotate the key, say what holds now, and return 0. Raises OperationError where it cannot, and
    SettingsError for a key or an address that cannot be one.
    """
    options = _options(arguments)
    shop = Settings(
        service="run",
        data_dir=DATA_DIR,
        registry_url=options.registry,
        api_key=os.environ.get("API_KEY", DEVELOPMENT_KEY),
    )
    *older, newest = asyncio.run(_rotate(shop, end_older=options.now))
    if options.now:
        print(f"Key {newest.kid} signs customers' tokens now.")
        print("Every token that was signed before is refused; services hear of it within seconds.")
    else:
        ends = max((key.ends_at or "" for key in older), default="")
        print(f"Key {newest.kid} signs customers' tokens from {newest.signs_from} on.")
        print(f"The older ones are good until {ends} at the latest; --now ends them at once.")
    return 0


async def _rotate(shop: Settings, *, end_older: bool) -> list[Key]:
    """The keys that the shop has then, oldest first."""
    registry = shop.registry_url
    try:
        async with (
            open_session() as session,
            session.put(
                f"{registry}/token-keys/{new_kid()}",
                json={"end_older": end_older},
                headers={"X-API-Key": shop.api_key, "Tuckshop-Service": "registry"},
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
                allow_redirects=False,
            ) as response,
        ):
            return _keys(registry, response.status, await response.read())
    except aiohttp.ClientConnectorError:
        raise OperationError(no_shop_at(registry)) from None
    except (aiohttp.ClientError, TimeoutError):
        raise _not_known(registry) from None


def _keys(registry: str, status: int, body: bytes) -> list[Key]:
    """The keys in an answer. Raises OperationError for what it is instead."""
    if status in (200, 201):
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(body, type=list[Key])
    error = error_from_answer(status, {}, body)
    if (sentence := why_refused(error)) is not None:
        raise OperationError(sentence)
    if status == 504:
        raise _not_known(registry)
    if status in (409, 503, 507) and error.code:
        raise OperationError(f"No key was made: {error.detail.rstrip('.')}.")
    raise OperationError(f"What answers at {registry} is not the registry of a shop like this one.")


def _not_known(registry: str) -> OperationError:
    return OperationError(
        f"{registry} did not answer in time, and may have made a key: run this again."
    )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser(
        "python run.py rotate-token-key", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_registry(os.environ)
    parser.add_argument("--now", action="store_true", help="end every token of before at once")
    return parser.parse_args(arguments)
