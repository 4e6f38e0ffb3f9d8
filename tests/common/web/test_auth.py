"""Keys and tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp.test_utils import make_mocked_request

from services.common.core.errors import NotFound, Unauthorized
from services.common.web.auth import OPERATOR, Keyring, Principal, hkdf_sha256

KEY = "correct horse"
KEYRING = Keyring(KEY)
SIGNING_KEY = hkdf_sha256(KEY.encode(), info=b"tuckshop customer token")
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def caller(**headers: str) -> Principal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return KEYRING.authenticate(make_mocked_request("GET", "/", headers=named))


def token(*, key: bytes = SIGNING_KEY, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {"sub": "ada", "aud": "tuckshop", "iat": NOW, "exp": NOW + HOUR, **changes}
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, key, algorithm=algorithm)


@pytest.mark.parametrize(
    ("salt", "info", "first_block"),
    [
        (
            bytes(range(0x0D)),
            bytes(range(0xF0, 0xFA)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        (b"", b"", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"),
    ],
    ids=["A.1", "A.3"],
)
def test_the_signing_key_is_derived_as_in_rfc_5869(
    salt: bytes, info: bytes, first_block: str
) -> None:
    assert hkdf_sha256(b"\x0b" * 22, info=info, salt=salt).hex() == first_block


def test_no_salt_is_the_same_as_zeros() -> None:
    assert hkdf_sha256(b"key", info=b"x") == hkdf_sha256(b"key", info=b"x", salt=b"")


def test_the_operator_key_identifies_the_operator() -> None:
    assert caller(X_API_Key=KEY) == OPERATOR
    assert caller(Authorization=f"Bearer {KEY}") == OPERATOR


def test_a_token_is_for_one_customer() -> None:
    customer = caller(X_API_Key=KEYRING.sign_token("ada", now=NOW, lifetime=HOUR))
    assert not customer.is_operator
    assert customer.user_id == "ada"
    customer.require_access("ada", NotFound("not hers"))
    for other in ("bob", None):
        with pytest.raises(NotFound, match="not hers"):
            customer.require_access(other, NotFound("not hers"))


def test_a_token_says_which_network_its_session_came_from() -> None:
    for network in (None, "192.0.2.1"):
        signed = KEYRING.sign_token("ada", now=NOW, lifetime=HOUR, network=network)
        assert caller(X_API_Key=signed).network == network
    assert OPERATOR.network is None


def test_every_principal_has_another_name() -> None:
    names = {OPERATOR.name, Principal("ada").name, Principal("operator").name, Principal("").name}
    assert len(names) == 4


@pytest.mark.parametrize(
    "bad",
    [
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"aud": None},
        {"aud": "another"},
        {"sub": 7},
        {"exp": NOW - timedelta(seconds=1)},
        {"key": KEY.encode() * 3},
        {"key": hkdf_sha256(b"another", info=b"tuckshop customer token")},
        {"algorithm": "HS512", "key": SIGNING_KEY * 2},
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_with_anything_wrong_is_rejected(bad: dict[str, Any]) -> None:
    assert caller(X_API_Key=token()).user_id == "ada"
    with pytest.raises(Unauthorized):
        caller(X_API_Key=token(**bad))


def test_a_token_of_a_machine_whose_clock_is_ahead_is_good() -> None:
    assert caller(X_API_Key=token(iat=NOW + timedelta(seconds=20))).user_id == "ada"


def test_another_operator_key_ends_every_token() -> None:
    old = Keyring("the old key").sign_token("ada", now=NOW, lifetime=HOUR)
    with pytest.raises(Unauthorized):
        caller(X_API_Key=old)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_API_Key": ""},
        {"X_API_Key": KEY + " "},
        {"X_API_Key": "ä"},
        {"Authorization": KEY},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Digest {KEY}"},
        {"X_API_Key": "wrong", "Authorization": f"Bearer {KEY}"},
    ],
)
def test_a_wrong_key_is_rejected(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthorized):
        caller(**headers)
