"""Who is calling: the operator, with a shared key, or one customer, with a signed token."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from aiohttp import web

from ..core.errors import NotFound, Unauthorized


@dataclass(frozen=True, slots=True)
class Principal:
    """The operator (`user_id` is None) or one customer. `network` is where the customer's session
    came from, as its token says; None where it does not.
    """

    user_id: str | None = None
    network: str | None = None

    @property
    def is_operator(self) -> bool:
        return self.user_id is None

    def require_access(self, owner: str | None, otherwise: NotFound) -> None:
        """Raise `otherwise` unless this principal may see and change what belongs to `owner`. It is
        a NotFound: for others the thing does not exist.
        """
        if not self.is_operator and self.user_id != owner:
            raise otherwise

    @property
    def name(self) -> str:
        """A name that no other principal has; idempotency keys belong to it."""
        return "operator" if self.is_operator else f"customer {self.user_id}"


OPERATOR = Principal()
NETWORK_CLAIM = "net"
"""Where a token says which network its session came from."""


class Keyring:
    """Tells who sent a request, and signs customer tokens.

    The signing key is derived from the operator key (HKDF, RFC 5869), so that a change of the
    operator key ends every token.
    """

    def __init__(self, operator_key: str) -> None:
        self._operator_digest = hashlib.sha256(operator_key.encode()).digest()
        self._signing_key = hkdf_sha256(operator_key.encode(), info=b"tuckshop customer token")

    def authenticate(self, request: web.Request) -> Principal:
        """The caller. Raises Unauthorized without a key, or with a wrong or expired one."""
        credential = request.headers.get("X-API-Key")
        if credential is None:
            scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not credential:
                raise Unauthorized
        # Digests, because compare_digest takes only ASCII text and leaks the length.
        digest = hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
        if hmac.compare_digest(digest, self._operator_digest):
            return OPERATOR
        return self._customer(credential)

    def sign_token(
        self, user_id: str, *, now: datetime, lifetime: timedelta, network: str | None = None
    ) -> str:
        """A token for one customer, valid for `lifetime` from `now`; its session came from
        `network`, if that is known.
        """
        claims = {"sub": user_id, "iat": now, "exp": now + lifetime, "aud": "tuckshop"}
        if network is not None:
            claims[NETWORK_CLAIM] = network
        return jwt.encode(claims, self._signing_key, algorithm="HS256")

    def _customer(self, token: str) -> Principal:
        try:
            claims = jwt.decode(
                token,
                self._signing_key,
                algorithms=["HS256"],
                audience="tuckshop",
                # A token from a machine whose clock is ahead is valid, too.
                options={"require": ["sub", "exp", "iat"], "verify_iat": False},
            )
        except (jwt.InvalidTokenError, ValueError):
            raise Unauthorized from None
        return Principal(claims["sub"], claims.get(NETWORK_CLAIM))


def hkdf_sha256(secret: bytes, *, info: bytes, salt: bytes = bytes(32)) -> bytes:
    """One 32-byte block of HKDF-SHA256 (RFC 5869, sections 2.2 and 2.3)."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")
