"""The route by which the operator has tokens signed with another key."""

from __future__ import annotations

import msgspec
from aiohttp import web

from services.common.core import wire
from services.common.core.clock import seconds_after
from services.common.core.errors import Invalid
from services.common.core.token_keys import SIGNS_AFTER_SECONDS, TokenKeys

from .hub import HUB
from .messages import TokenKeyChange, TokenKeyView


async def put_token_key(request: web.Request, change: TokenKeyChange) -> web.Response:
    """Have a key that tokens are signed with from now on, and end the older ones if asked to."""
    hub = request.app[HUB]
    try:
        kid = msgspec.convert(request.match_info["kid"], wire.Id)
    except msgspec.ValidationError:
        raise Invalid(f"A key is named with {wire.ID}") from None
    is_new = hub.token_keys().find(kid) is None
    await hub.add_token_key(kid, end_older=change.end_older)
    views = _views(hub.token_keys())
    return web.json_response(body=wire.encode(views), status=201 if is_new else 200)


def _views(keys: TokenKeys) -> list[TokenKeyView]:
    ends = keys.ends()
    return [
        TokenKeyView(
            kid=key.kid,
            created_at=key.created_at,
            signs_from=seconds_after(key.created_at, SIGNS_AFTER_SECONDS),
            ends_at=ends[key.kid],
        )
        for key in keys.keys
    ]
