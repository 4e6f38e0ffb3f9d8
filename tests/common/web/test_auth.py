"""Keys and tokens."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp.test_utils import make_mocked_request

from services.common.core.clock import utc_now
from services.common.core.errors import NotFound, Unauthorized, Unavailable
from services.common.core.token_keys import TokenKeys, new_key
from services.common.web.auth import OPERATOR, Keyring, Principal, hkdf_sha256
from tests.token_keys import KEYS, KNOWN, token_of_old

KEY = "correct horse"
KEYRING = Keyring(KEY, KEYS)
SIGNING_KEY = base64.urlsafe_b64decode(KNOWN.secret + "=")
DERIVED_KEY = hkdf_sha256(KEY.encode(), info=b"tuckshop customer token")
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def caller(keyring: Keyring = KEYRING, /, **headers: str) -> Principal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return keyring.authenticate(make_mocked_request("GET", "/", headers=named))


def token(
    *,
    key: bytes | None = SIGNING_KEY,
    algorithm: str = "HS256",
    kid: str | None = KNOWN.kid,
    **changes: Any,
) -> str:
    claims = {"sub": "ada", "aud": "tuckshop", "iat": NOW, "exp": NOW + HOUR, **changes}
    present = {name: value for name, value in claims.items() if value is not None}
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(present, key, algorithm=algorithm, headers=headers)


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
        {"key": DERIVED_KEY},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": ""},
        {"kid": f"../{KNOWN.kid}"},
        {"kid": f"{KNOWN.kid}\0"},
        {"kid": "unknown", "key": DERIVED_KEY},
        {"kid": None, "key": hkdf_sha256(b"another", info=b"tuckshop customer token")},
        {"algorithm": "HS512", "key": SIGNING_KEY * 2},
        {"algorithm": "HS384", "key": SIGNING_KEY},
        {"algorithm": "none", "key": None},
        {"algorithm": "none", "key": None, "kid": None},
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_with_anything_wrong_is_rejected(bad: dict[str, Any]) -> None:
    assert caller(X_API_Key=token()).user_id == "ada"
    with pytest.raises(Unauthorized):
        caller(X_API_Key=token(**bad))


def test_a_token_of_a_machine_whose_clock_is_ahead_is_good() -> None:
    assert caller(X_API_Key=token(iat=NOW + timedelta(seconds=20))).user_id == "ada"


def test_another_operator_key_ends_no_token() -> None:
    old = Keyring("the old key", KEYS).sign_token("ada", now=NOW, lifetime=HOUR)
    assert caller(X_API_Key=old).user_id == "ada"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_token_does_not_help_to_guess_the_operator_key() -> None:
    """No key that follows from the operator's verifies it, so that none that is tried does."""
    told = KEYRING.sign_token("ada", now=NOW, lifetime=HOUR)
    derived = [KEY.encode(), DERIVED_KEY, hashlib.sha256(KEY.encode()).digest()]
    derived += [hkdf_sha256(KEY.encode(), info=KNOWN.kid.encode())]
    for key in derived:
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(told, key, algorithms=["HS256"], audience="tuckshop")
    assert jwt.decode(told, SIGNING_KEY, algorithms=["HS256"], audience="tuckshop")


def test_a_token_signed_the_old_way_is_good_until_it_expires() -> None:
    assert caller(X_API_Key=token_of_old("ada", operator_key=KEY)).user_id == "ada"
    with pytest.raises(Unauthorized):
        caller(X_API_Key=token_of_old("ada", operator_key="another operator key"))
    with pytest.raises(Unauthorized):
        caller(X_API_Key=token(key=DERIVED_KEY, kid=None, exp=NOW - timedelta(seconds=1)))


def test_every_key_of_the_shop_verifies_until_the_older_ones_are_ended() -> None:
    old, older = token(), token_of_old("ada", operator_key=KEY)
    rotated = KEYS.with_key("next", now=utc_now())
    keyring = Keyring(KEY, rotated)
    new = keyring.sign_token("ada", now=NOW + HOUR, lifetime=HOUR)
    assert jwt.get_unverified_header(new)["kid"] == "next"
    for good in (old, older, new):
        assert caller(keyring, X_API_Key=good).user_id == "ada"
    keyring.token_keys = rotated.with_key("next", now=utc_now(), end_older=True)
    assert caller(keyring, X_API_Key=new).user_id == "ada"
    for ended in (old, older):
        with pytest.raises(Unauthorized):
            caller(keyring, X_API_Key=ended)


def test_who_has_been_told_no_keys_yet_refuses_no_token_for_good() -> None:
    """A 401 would have the shop's page give the guest's token up."""
    nothing_told = Keyring(KEY)
    assert caller(nothing_told, X_API_Key=KEY) == OPERATOR
    for kept in (token(), token_of_old("ada", operator_key=KEY)):
        with pytest.raises(Unavailable) as waiting:
            caller(nothing_told, X_API_Key=kept)
        assert waiting.value.headers["Retry-After"] == "1"
    with pytest.raises(Unavailable):
        nothing_told.sign_token("ada", now=NOW, lifetime=HOUR)
    with pytest.raises(Unauthorized):
        caller(nothing_told, X_API_Key="nonsense")


def test_a_set_that_has_just_been_begun_may_still_lack_the_key_of_a_token() -> None:
    begun = Keyring(KEY, TokenKeys(keys=(new_key("first", now=utc_now()),)))
    with pytest.raises(Unavailable):
        caller(begun, X_API_Key=token())
    with pytest.raises(Unauthorized):
        caller(begun, X_API_Key=token(kid="first"))


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
