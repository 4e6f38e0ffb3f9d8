"""What holds on every route of every service, also on those still to be written."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import pytest_asyncio

from services.common.core.token_keys import TokenKeys, new_key
from services.common.web.auth import Keyring
from services.common.web.request import BODY_LIMIT
from services.common.web.routing import Access
from tests.routes import RouteCase, assert_problem, every_route
from tests.shop import OPERATOR, Reply, Shop, open_shop, token
from tests.token_keys import KNOWN, token_of_old

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY = every_route()
SHAPED = [case for case in EVERY if not case.route.raw]
"""Those that look at what they are given; the others pass it on, or have no use for it."""
PROTECTED = [case for case in EVERY if not case.is_public]
OPERATORS = [case for case in EVERY if case.route.access is Access.OPERATOR]
WITH_BODY = [case for case in PROTECTED if case.route.has_body]
IDEMPOTENT = [case for case in EVERY if case.route.idempotent]
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
JSON = {"Content-Type": "application/json"}
OVERSIZED = b"x" * (BODY_LIMIT + 1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A whole shop that these tests share: hardly one of their requests gets to do anything."""
    async with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        await shop.start_all(wrong_key_burst=1e6)
        yield shop


def signed(
    kid: str | None = KNOWN.kid,
    key: bytes | None = b"another key, long enough for HS256",
    algorithm: str = "HS256",
) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(CLAIMS, key, algorithm=algorithm, headers=headers)


IN_AN_HOUR = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
CLAIMS = {"sub": "ada", "aud": "tuckshop", "iat": 0, "exp": IN_AN_HOUR}
GOOD_TOKEN = token("ada")
KNOWN_KEY = base64.urlsafe_b64decode(KNOWN.secret + "=")
PADDED = KNOWN_KEY + bytes(32)
"""The same key to an HMAC, and long enough for HS512."""
OTHER_KEYS = TokenKeys(keys=(new_key("another", now=KNOWN.created_at),))
SAME_NAME = TokenKeys(keys=(new_key(KNOWN.kid, now=KNOWN.created_at),))


def of_another_shop(keys: TokenKeys) -> str:
    keyring = Keyring(OPERATOR, keys)
    return keyring.sign_token("ada", now=datetime.now(UTC), lifetime=timedelta(hours=1))


BAD_CREDENTIALS = {
    "no key": {},
    "an empty key": {"X-API-Key": ""},
    "a wrong key": {"X-API-Key": "secret-key-124"},
    "a key that is not ASCII": {"X-API-Key": "clé"},
    "a wrong bearer": {"Authorization": "Bearer secret-key-124"},
    "another scheme": {"Authorization": f"Basic {OPERATOR}"},
    "an expired token": {"X-API-Key": token("ada", lifetime=timedelta(seconds=-1))},
    "a token of another key": {"X-API-Key": signed()},
    "a token of another shop": {"X-API-Key": of_another_shop(OTHER_KEYS)},
    "a token of another shop's key of this name": {"X-API-Key": of_another_shop(SAME_NAME)},
    "an old token of another shop": {"X-API-Key": token_of_old("ada", operator_key="another")},
    "a token of no key that there is": {"X-API-Key": signed("unknown", KNOWN_KEY)},
    "a token that names a path": {"X-API-Key": signed("../../etc/passwd", KNOWN_KEY)},
    "a token that names no key": {"X-API-Key": signed("", KNOWN_KEY)},
    "a token that lacks its key's name": {"X-API-Key": signed(None, KNOWN_KEY)},
    "a token signed with the operator key": {"X-API-Key": signed(key=OPERATOR.encode() * 3)},
    "a token of another algorithm": {"X-API-Key": signed(key=PADDED, algorithm="HS512")},
    "a token that is not signed": {"X-API-Key": signed(key=None, algorithm="none")},
    "an old token that is not signed": {"X-API-Key": signed(None, None, "none")},
    "a token that was changed": {"X-API-Key": GOOD_TOKEN[:-4] + "AAAA"},
    "a wrong key beside a good bearer": {"X-API-Key": "x", "Authorization": f"Bearer {OPERATOR}"},
}


async def test_bad_credentials_are_401_before_anything_else_is_looked_at(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case, (name, credentials) in itertools.product(PROTECTED, BAD_CREDENTIALS.items()):
        with subtests.test(f"{case}: {name}"):
            reply = await whole_shop.call(
                case.service,
                case.method,
                case.path() + "?surprise=1&surprise=2",
                key=None,
                headers=credentials,
                data=OVERSIZED if case.method != "GET" else None,
            )
            problem = assert_problem(reply, 401, "invalid_api_key")
            assert problem["detail"] == "Invalid API Key"
            assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_a_customer_is_403_where_only_the_operator_may_call(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in OPERATORS:
        for credentials in ({"X-API-Key": GOOD_TOKEN}, {"Authorization": f"bearer {GOOD_TOKEN}"}):
            with subtests.test(f"{case}: {next(iter(credentials))}"):
                reply = await whole_shop.call(
                    case.service,
                    case.method,
                    case.path() + "?surprise=1",
                    key=None,
                    headers=credentials,
                    data=OVERSIZED if case.method != "GET" else None,
                )
                assert_problem(reply, 403, "forbidden")


def allowed(case: RouteCase) -> set[str]:
    """The methods that the path of a route takes."""
    place = (case.service, case.path())
    methods = {other.method for other in EVERY if (other.service, other.path()) == place}
    return methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())


async def test_options_tells_the_methods_to_anyone_and_nothing_to_other_sites(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in EVERY:
        with subtests.test(str(case)):
            asked = {"Origin": "http://else.example", "Access-Control-Request-Method": "POST"}
            reply = await whole_shop.call(
                case.service, "OPTIONS", case.path(), key=None, headers=asked
            )
            assert (reply.status, reply.body) == (204, b"")
            assert set(reply.headers["Allow"].split(", ")) == allowed(case)
            assert not [name for name in reply.headers if name.startswith("Access-Control")]


VARYING = {"Date", "X-Request-ID"}
LIVE = {"/metrics", "/readyz", "/services", "/services/{service}", "/events"}
"""What may have another length, or no end, when it is asked again."""


async def test_head_is_answered_as_get_without_the_body(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    readable = [case for case in EVERY if case.method == "GET" and case.route.path != "/events"]
    for case, key in itertools.product(readable, (OPERATOR, None)):
        with subtests.test(str(case), key=key):
            get, head = [
                await whole_shop.call(
                    case.service, method, case.path(), key=key, params=case.query()
                )
                for method in ("GET", "HEAD")
            ]
            varying = VARYING | ({"Content-Length"} if case.route.path in LIVE else set())
            told = [
                {name: value for name, value in reply.headers.items() if name not in varying}
                for reply in (get, head)
            ]
            assert (head.status, head.body) == (get.status, b"")
            assert told[1] == told[0]
            assert "Content-Length" in head.headers


async def test_a_wrong_method_is_405_with_the_right_ones_before_the_key_is_looked_at(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in EVERY:
        right = allowed(case)
        for verb in sorted(set(VERBS) - right):
            with subtests.test(f"{case}: {verb}"):
                reply = await whole_shop.call(case.service, verb, case.path(), key=None)
                assert reply.status == 405
                assert set(reply.headers["Allow"].split(", ")) == right
                if verb != "HEAD":
                    assert_problem(reply, 405, "method_not_allowed")


async def test_a_path_of_no_route_is_404_with_or_without_a_key(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    services = sorted({case.service for case in EVERY})
    paths = ["/nothing", "/nothing/at/all", "//livez", "/docs/nothing.js"]
    for service, path, key in itertools.product(services, paths, (None, OPERATOR)):
        with subtests.test(f"{service} {path}", key=key):
            reply = await whole_shop.call(service, "GET", path, key=key)
            assert_problem(reply, 404, "not_found")


async def test_a_body_is_rejected_for_its_size_then_its_type_then_its_syntax_then_its_values(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    async def sent(case: RouteCase, data: bytes, media: str) -> Reply:
        return await whole_shop.call(
            case.service,
            case.method,
            case.path() + "?surprise=1&surprise=2",
            data=data,
            headers={"Content-Type": media},
        )

    malformed, unknown = b'{"surprise": 1', b'{"surprise": 1}'
    too_large = malformed + b" " * BODY_LIMIT
    for case in WITH_BODY:
        with subtests.test(str(case)):
            reply = await sent(case, too_large, "text/plain")
            assert_problem(reply, 413, "payload_too_large")
            reply = await sent(case, malformed, "text/plain")
            assert_problem(reply, 415, "unsupported_media_type")
            reply = await sent(case, malformed, "application/json")
            assert_problem(reply, 400, "malformed_json")
            reply = await sent(case, unknown, "application/json")
            assert_problem(reply, 422, "invalid_request")


async def test_an_unknown_field_is_named(whole_shop: Shop, subtests: pytest.Subtests) -> None:
    for case in WITH_BODY:
        with subtests.test(str(case)):
            body = json.dumps({**(case.body() or {}), "surprise": 1})
            reply = await whole_shop.call(
                case.service, case.method, case.path(), data=body, headers=JSON
            )
            assert "surprise" in assert_problem(reply, 422, "invalid_request")["detail"]


async def test_a_body_is_an_object(whole_shop: Shop, subtests: pytest.Subtests) -> None:
    bodies = [b"[]", b"null", b"1", b'"text"', b"true"]
    for case, body in itertools.product(WITH_BODY, bodies):
        with subtests.test(f"{case}: {body.decode()}"):
            reply = await whole_shop.call(
                case.service, case.method, case.path(), data=body, headers=JSON
            )
            assert_problem(reply, 422, "invalid_request")


async def test_an_unknown_query_parameter_is_named(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in SHAPED:
        with subtests.test(str(case)):
            query = {**case.query(), "surprise": "1"}
            reply = await whole_shop.call(case.service, case.method, case.path(), params=query)
            assert "surprise" in assert_problem(reply, 422, "invalid_request")["detail"]


async def test_a_repeated_query_parameter_is_invalid(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in SHAPED:
        with subtests.test(str(case)):
            name = next(iter(case.query()), "limit")
            path = f"{case.path()}?{name}=1&{name}=1"
            reply = await whole_shop.call(case.service, case.method, path)
            assert_problem(reply, 422, "invalid_request")


ODD_SEGMENTS = [
    *("%00", "%0a", "%0d%0aX-Evil:%201", "%20", "%25", "%2e%2e", "%2f", "%5c", "%7f", "%ff"),
    *("%ED%A0%80", "%F0%9F%8D%AC", "%u0041", "'%20OR%201=1--", "*", "{}", "~", "-1", "0", "00"),
    *("1.0", "1e3", "+1", "null", "NaN", "true", "9" * 19, "9" * 30, "9" * 5000, "x" * 5000),
    *("0" * 19 + "1" + "9" * 5000, "%D9%A1", "%C2%B2", "00000000-0000-0000-0000-00000000000g"),
]


async def test_an_odd_path_is_no_failure_of_the_server(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in EVERY:
        body = None if case.body() is None else json.dumps(case.body())
        with subtests.test(str(case)):
            for name, segment in itertools.product(case.names, ODD_SEGMENTS):
                reply = await whole_shop.call(
                    case.service,
                    case.method,
                    case.path(**{name: segment}),
                    data=body,
                    headers=JSON if body else {},
                )
                assert reply.status < 500, (segment, reply.body)
                if reply.status >= 400:
                    assert_problem(reply, reply.status)


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


FORGED = ["", "x", "é", "====", "%00", cursor("1" * 30), cursor("-1"), cursor("1.5"), cursor("{}")]
FORGED += [cursor("[]"), cursor("null"), cursor('"x"'), cursor('["\\ud800", 1]'), cursor("[" * 500)]
FORGED += [cursor(f"[{'9' * 30}, {'9' * 30}]"), cursor(f'["x", {"9" * 30}]'), cursor("[1e999, 1]")]


async def test_a_forged_cursor_is_invalid_or_finds_a_page(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    paged = [case for case in EVERY if "after" in case.route.takes.__struct_fields__]
    assert paged
    for case in paged:
        with subtests.test(str(case)):
            for after in FORGED:
                reply = await whole_shop.call(
                    case.service, case.method, case.path(), params={"after": after}
                )
                if reply.status != 200:
                    assert "after" in assert_problem(reply, 422)["detail"]


async def test_an_idempotency_key_is_1_to_255_printable_characters(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case, key in itertools.product(IDEMPOTENT, ["", "x" * 256, "clé", "tab\there"]):
        with subtests.test(f"{case}: {key[:10]!r}"):
            reply = await whole_shop.call(
                case.service, case.method, case.path(), json=case.body(), idempotency_key=key
            )
            assert "Idempotency-Key" in assert_problem(reply, 422, "invalid_request")["detail"]


async def test_every_post_that_has_an_effect_takes_an_idempotency_key() -> None:
    repeatable_anyway = {
        "order POST /orders/{order_id}/receipt",
        "registry POST /services/{service}/{instance_id}/heartbeat",
        "registry POST /reports",
        "storefront POST /api/session",
    }
    posts = {str(case) for case in SHAPED if case.method == "POST"}
    assert posts - {str(case) for case in IDEMPOTENT} == repeatable_anyway


MEANT_FOR_ANOTHER = {
    "wrong_service": {"Tuckshop-Service": "bakery"},
    "wrong_shop": {"Tuckshop-Shop": "other"},
}


async def test_a_request_for_another_service_or_shop_is_421_before_the_key_is_looked_at(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case, (code, headers) in itertools.product(EVERY, MEANT_FOR_ANOTHER.items()):
        with subtests.test(f"{case}: {code}"):
            reply = await whole_shop.call(
                case.service, case.method, case.path(), key=None, headers=headers
            )
            assert_problem(reply, 421, code)


async def test_a_request_for_another_service_or_shop_is_421_before_its_path_is_looked_at(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    places = [("GET", "/nothing"), ("TRACE", "/livez")]
    of_all = itertools.product(whole_shop.urls, places, MEANT_FOR_ANOTHER.items())
    for service, (method, path), (code, headers) in of_all:
        with subtests.test(f"{service} {method} {path}: {code}"):
            reply = await whole_shop.call(service, method, path, headers=headers)
            assert_problem(reply, 421, code)


async def test_a_rejection_has_the_request_id_of_its_request(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in PROTECTED:
        with subtests.test(str(case)):
            reply = await whole_shop.call(
                case.service, case.method, case.path(), key=None, headers={"X-Request-ID": "mine-1"}
            )
            assert assert_problem(reply, 401)["request_id"] == "mine-1"


async def test_a_public_route_asks_for_no_key(whole_shop: Shop, subtests: pytest.Subtests) -> None:
    for case in SHAPED:
        if case.is_public:
            with subtests.test(str(case)):
                reply = await whole_shop.call(case.service, case.method, case.path(), key=None)
                assert reply.status == 200 or reply.code == "receipt_not_found"
