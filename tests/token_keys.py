"""The key that the tests' shops have from the start, so that a test can sign a token beforehand;
and tokens as release 0.1.0 signed them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt

from services.common.core.settings import DEVELOPMENT_KEY
from services.common.core.token_keys import TokenKey, TokenKeys
from services.common.web.auth import hkdf_sha256

KNOWN = TokenKey(kid="known", secret="k" * 43, created_at="2026-01-01T00:00:00.000Z")
KEYS = TokenKeys(keys=(KNOWN,))


def token_of_old(
    user_id: str,
    *,
    operator_key: str = DEVELOPMENT_KEY,
    lifetime: timedelta = timedelta(hours=1),
) -> str:
    """A customer's token as release 0.1.0 signed it, with a key derived from the operator's."""
    derived = hkdf_sha256(operator_key.encode(), info=b"tuckshop customer token")
    now = datetime.now(UTC)
    claims = {"sub": user_id, "aud": "tuckshop", "iat": now, "exp": now + lifetime}
    return jwt.encode(claims, derived, algorithm="HS256")
