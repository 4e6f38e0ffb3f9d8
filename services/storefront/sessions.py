"""Customer sessions: a signed token for a guest, renewed also after it has expired."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from services.common.core import wire
from services.common.core.clock import rfc3339
from services.common.core.errors import Forbidden
from services.common.web.addresses import address_of
from services.common.web.keys import KEYRING, PRINCIPAL, TOKEN_LIFETIME
from services.common.web.token_buckets import TokenBuckets

SESSIONS: web.AppKey[TokenBuckets] = web.AppKey("sessions", TokenBuckets)
"""How often an address may begin a session."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who the guest is, and the token that says so until `expires_at`."""

    user_id: str
    token: str
    expires_at: str


async def begin_session(request: web.Request) -> web.Response:
    """Begin a session for a new guest; with a token, which may have expired, for the same again.

    An address that asks too often gets 429. The operator gets a new guest each time, without limit.
    The token says where the session came from, so that the order service can bound what customers
    of one network hold together; those of the operator say nothing.
    A page of another site is rejected: it would use up its visitor's sessions.
    """
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden("A page of another site cannot begin a session", code="cross_site_request")
    keyring = request.app[KEYRING]
    principal = request.get(PRINCIPAL)
    network = None
    if principal is None or not principal.is_operator:
        network = address_of(request)
        request.app[SESSIONS].take(network)
    user_id = (principal and principal.user_id) or f"guest-{uuid.uuid4()}"
    now = datetime.now(UTC).replace(microsecond=0)  # a token has times in whole seconds
    lifetime = request.app[TOKEN_LIFETIME]
    session = Session(
        user_id=user_id,
        token=keyring.sign_token(user_id, now=now, lifetime=lifetime, network=network),
        expires_at=rfc3339(now + lifetime),
    )
    return web.json_response(body=wire.encode(session))
