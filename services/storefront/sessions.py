"""Customer sessions: a signed token for a guest, and a new one before it ends."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
from aiohttp import web

from services.common import wire
from services.common.clock import rfc3339
from services.common.keys import KEYRING
from services.common.routing import Nothing

from .limits import ADDRESSES

LIFETIME: web.AppKey[timedelta] = web.AppKey("session_lifetime", timedelta)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who the guest is, and the token that says so until `expires_at`."""

    user_id: str
    token: str
    expires_at: str


async def begin_session(request: web.Request, _parameters: Nothing) -> web.Response:
    """A session for a new guest; with a token that is still valid, a new one for the same customer.

    An address that asks too often is answered 429; the operator, who is given new guests, is not.
    """
    keyring = request.app[KEYRING]
    knocks = {"X-API-Key", "Authorization"}.isdisjoint(request.headers)
    principal = None if knocks else keyring.authenticate(request)
    if principal is None or not principal.is_operator:
        request.app[ADDRESSES].take(network_of(request.remote or ""))
    user_id = (principal and principal.user_id) or f"guest-{uuid.uuid4()}"
    now = datetime.now(UTC).replace(microsecond=0)  # a token counts in whole seconds
    lifetime = request.app[LIFETIME]
    session = Session(
        user_id=user_id,
        token=keyring.sign_token(user_id, now=now, lifetime=lifetime),
        expires_at=rfc3339(now + lifetime),
    )
    return web.json_response(body=wire.encode(session))


def network_of(address: str) -> str:
    """Whose address it is, as far as one can tell: with IPv6 everybody has 2^64 of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address
