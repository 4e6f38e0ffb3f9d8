"""Who is calling: the operator, with a shared key, or one customer, with a signed token.

PyJWT is imported where it is used: whoever meets no token need not wait for it at the start.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from ..core.clock import rfc3339, utc_now
from ..core.errors import NotFound, Unauthorized, Unavailable
from ..core.token_keys import TokenKey, TokenKeys


class WrongKey(Unauthorized):
    """A key or a token that was never ours. No guess is a token that has expired, or whose key has
    ended.
    """


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
NOT_AT_ALL = timedelta()
NETWORK_CLAIM = "net"
"""Where a token says which network its session came from."""


def shows_key(request: web.Request) -> bool:
    """Whether a request comes with a key or a token, be it a right one or not."""
    return "X-API-Key" in request.headers or "Authorization" in request.headers


class Keyring:
    """Tells who sent a request, and signs customer tokens.

    Tokens are signed with random keys, which a token names (`kid`): the shop's `token_keys`, which
    come from the registry. So a token does not help to guess the operator key.
    """

    def __init__(self, operator_key: str, token_keys: TokenKeys | None = None) -> None:
        self._operator_digest = hashlib.sha256(operator_key.encode()).digest()
        # Release 0.1.0 signed with this one. Tokens of then, which name no key, are good until they
        # expire. RFC 5869 says how it is derived.
        self._derived_key = hkdf_sha256(operator_key.encode(), info=b"tuckshop customer token")
        self.token_keys = token_keys or TokenKeys()

    def authenticate(self, request: web.Request, *, expired: timedelta = NOT_AT_ALL) -> Principal:
        """The caller, whose token may have `expired` so long ago. Raises Unauthorized without a key
        or with an ended one, and WrongKey.
        """
        credential = request.headers.get("X-API-Key")
        if credential is None:
            scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not credential:
                raise Unauthorized
        # Digests, because compare_digest takes only ASCII text and leaks the length.
        digest = hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
        if hmac.compare_digest(digest, self._operator_digest):
            return OPERATOR
        return self._customer(credential, expired)

    def sign_token(
        self, user_id: str, *, now: datetime, lifetime: timedelta, network: str | None = None
    ) -> str:
        """A token for one customer, valid for `lifetime` from `now`; its session came from
        `network`, if that is known. Raises Unavailable while there is no key to sign it with.
        """
        import jwt

        key = self.token_keys.signing_key(rfc3339(now))
        if key is None:
            raise _keys_to_come()
        claims = {"sub": user_id, "iat": now, "exp": now + lifetime, "aud": "tuckshop"}
        if network is not None:
            claims[NETWORK_CLAIM] = network
        return jwt.encode(claims, _secret(key), algorithm="HS256", headers={"kid": key.kid})

    def _customer(self, token: str, expired: timedelta) -> Principal:
        import jwt

        try:
            claims = jwt.decode(
                token,
                self._verifying_key(_header_of(token.partition(".")[0])),
                algorithms=["HS256"],
                audience="tuckshop",
                leeway=expired,
                # A token from a machine whose clock is ahead is valid, too.
                options={"require": ["sub", "exp", "iat"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthorized from None
        except (jwt.InvalidTokenError, ValueError):
            raise WrongKey from None
        return Principal(claims["sub"], claims.get(NETWORK_CLAIM))

    def _verifying_key(self, header: Mapping[str, Any]) -> bytes:
        """The key that a token says it is signed with. Raises Unauthorized if there is none such,
        and Unavailable if it may be one that this service is still to be told.
        """
        if not self.token_keys.keys:
            raise _keys_to_come()
        if "kid" not in header:
            if self.token_keys.older_ended_at is not None:
                raise Unauthorized
            return self._derived_key
        key = self.token_keys.find(header["kid"])
        if key is not None:
            return _secret(key)
        if not self.token_keys.is_complete(utc_now()):
            raise _keys_to_come()
        # No WrongKey: it may have ended, and who guesses gains nothing where no key is tried.
        raise Unauthorized


@functools.lru_cache(maxsize=64)  # tokens of one key all begin alike
def _header_of(segment: str) -> Mapping[str, Any]:
    """What the first part of a token says of its signature. Raises jwt.InvalidTokenError."""
    import jwt

    return jwt.get_unverified_header(f"{segment}.e30.")


def _secret(key: TokenKey) -> bytes:
    return base64.urlsafe_b64decode(key.secret + "=")


def _keys_to_come() -> Unavailable:
    """Not a 401: at that a page would give the guest's token up for good."""
    return Unavailable("The registry is still to tell the keys of tokens; send this again")


def hkdf_sha256(secret: bytes, *, info: bytes, salt: bytes = bytes(32)) -> bytes:
    """One 32-byte block of HKDF-SHA256 (RFC 5869, sections 2.2 and 2.3)."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")
