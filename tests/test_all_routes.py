"""What holds on every route of every service, also on those that are yet to be written."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import pytest_asyncio

from services.common.auth import Keyring
from services.common.routing import BODY_LIMIT, Access
from tests.routes import Place, assert_problem, every_route
from tests.shop import OPERATOR, Shop, open_shop, token

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY = every_route()
SHAPED = [place for place in EVERY if not place.route.raw]
"""Those that look at what they are given; the others pass it on, or have no use for it."""
PROTECTED = [place for place in EVERY if not place.is_public]
SHAPED = [place for place in EVERY if not place.route.raw]
OPERATORS = [place for place in EVERY if place.route.access is Access.OPERATOR]
WITH_BODY = [place for place in PROTECTED if place.route.has_body]
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
JSON = {"Content-Type": "application/json"}

each = pytest.mark.parametrize("place", EVERY, ids=str)
each_shaped = pytest.mark.parametrize("place", SHAPED, ids=str)
each_shaped = pytest.mark.parametrize("place", SHAPED, ids=str)
each_protected = pytest.mark.parametrize("place", PROTECTED, ids=str)
each_with_body = pytest.mark.parametrize("place", WITH_BODY, ids=str)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everything(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A whole shop that these tests share: hardly one of their requests gets to do anything."""
    async with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        await shop.start_all()
        yield shop


def signed(claims: dict[str, Any], key: bytes = b"another key, long enough for HS256") -> str:
    return jwt.encode(claims, key, algorithm="HS256")


IN_AN_HOUR = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
CLAIMS = {"sub": "ada", "aud": "tuckshop", "iat": 0, "exp": IN_AN_HOUR}
GOOD_TOKEN = token("ada")
OTHER_SHOP = Keyring("another operator key").sign_token(
    "ada", now=datetime.now(UTC), lifetime=timedelta(hours=1)
)
UNSIGNED = jwt.encode(CLAIMS, "", algorithm="none")
BAD_CREDENTIALS = {
    "no key": {},
    "an empty key": {"X-API-Key": ""},
    "a wrong key": {"X-API-Key": "secret-key-124"},
    "a key that is not ASCII": {"X-API-Key": "clé"},
    "a wrong bearer": {"Authorization": "Bearer secret-key-124"},
    "another scheme": {"Authorization": f"Basic {OPERATOR}"},
    "an expired token": {"X-API-Key": token("ada", lifetime=timedelta(seconds=-1))},
    "a token of another key": {"X-API-Key": signed(CLAIMS)},
    "a token of another shop": {"X-API-Key": OTHER_SHOP},
    "a token that is not signed": {"X-API-Key": UNSIGNED},
    "a token that was changed": {"X-API-Key": GOOD_TOKEN[:-4] + "AAAA"},
    "a wrong key beside a good bearer": {"X-API-Key": "x", "Authorization": f"Bearer {OPERATOR}"},
}


@pytest.mark.parametrize("credentials", BAD_CREDENTIALS.values(), ids=BAD_CREDENTIALS)
@each_protected
async def test_who_is_not_known_is_told_so_before_anything_else(
    everything: Shop, place: Place, credentials: dict[str, str]
) -> None:
    reply = await everything.call(
        place.service,
        place.method,
        place.path() + "?surprise=1&surprise=2",
        key=None,
        headers=credentials,
        data=b"x" * (BODY_LIMIT + 1) if place.method != "GET" else None,
    )
    problem = assert_problem(reply, 401, "invalid_api_key")
    assert problem["detail"] == "Invalid API Key"
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("place", OPERATORS, ids=str)
async def test_a_customer_may_not_do_what_is_the_operator_s(everything: Shop, place: Place) -> None:
    for credentials in ({"X-API-Key": GOOD_TOKEN}, {"Authorization": f"bearer {GOOD_TOKEN}"}):
        reply = await everything.call(
            place.service,
            place.method,
            place.path() + "?surprise=1",
            key=None,
            headers=credentials,
            data=b"x" * (BODY_LIMIT + 1) if place.method != "GET" else None,
        )
        assert_problem(reply, 403, "forbidden")


@each
async def test_a_wrong_verb_is_told_the_right_ones_before_it_is_asked_who_it_is(
    everything: Shop, place: Place
) -> None:
    right = {
        other.method
        for other in EVERY
        if (other.service, other.path()) == (place.service, place.path())
    }
    for verb in set(VERBS) - right:
        reply = await everything.call(place.service, verb, place.path(), key=None)
        assert reply.status == 405
        assert set(reply.headers["Allow"].split(", ")) == right
        if verb != "HEAD":
            assert_problem(reply, 405, "method_not_allowed")


@pytest.mark.parametrize("path", ["/nothing", "/nothing/at/all", "//livez", "/docs/nothing.js"])
@pytest.mark.parametrize("service", sorted({place.service for place in EVERY}))
async def test_what_is_no_route_is_not_found_whoever_asks(
    everything: Shop, service: str, path: str
) -> None:
    for key in (None, OPERATOR):
        reply = await everything.call(service, "GET", path, key=key)
        assert_problem(reply, 404, "not_found")


@each_with_body
async def test_a_body_is_refused_for_its_size_then_its_type_then_its_syntax_then_its_values(
    everything: Shop, place: Place
) -> None:
    async def refused(data: bytes, media: str) -> Any:
        return await everything.call(
            place.service,
            place.method,
            place.path() + "?surprise=1&surprise=2",
            data=data,
            headers={"Content-Type": media},
        )

    malformed, unknown = b'{"surprise": 1', b'{"surprise": 1}'
    too_large = malformed + b" " * BODY_LIMIT
    assert_problem(await refused(too_large, "text/plain"), 413, "payload_too_large")
    assert_problem(await refused(malformed, "text/plain"), 415, "unsupported_media_type")
    assert_problem(await refused(malformed, "application/json"), 400, "malformed_json")
    assert_problem(await refused(unknown, "application/json"), 422, "invalid_request")


@each_with_body
async def test_a_field_that_nobody_knows_is_named(everything: Shop, place: Place) -> None:
    body = json.dumps({**(place.body() or {}), "surprise": 1})
    reply = await everything.call(
        place.service, place.method, place.path(), data=body, headers=JSON
    )
    assert "surprise" in assert_problem(reply, 422, "invalid_request")["detail"]


@each_with_body
@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true"])
async def test_a_body_is_an_object(everything: Shop, place: Place, body: bytes) -> None:
    reply = await everything.call(
        place.service, place.method, place.path(), data=body, headers=JSON
    )
    assert_problem(reply, 422, "invalid_request")


@each_shaped
async def test_a_query_parameter_that_nobody_knows_is_named(everything: Shop, place: Place) -> None:
    query = {**place.query(), "surprise": "1"}
    reply = await everything.call(place.service, place.method, place.path(), params=query)
    assert "surprise" in assert_problem(reply, 422, "invalid_request")["detail"]


@each_shaped
async def test_a_query_parameter_may_be_there_once(everything: Shop, place: Place) -> None:
    name = next(iter(place.query()), "limit")
    path = f"{place.path()}?{name}=1&{name}=1"
    reply = await everything.call(place.service, place.method, path)
    assert_problem(reply, 422, "invalid_request")


ODD_SEGMENTS = [
    *("%00", "%0a", "%0d%0aX-Evil:%201", "%20", "%25", "%2e%2e", "%2f", "%5c", "%7f", "%ff"),
    *("%ED%A0%80", "%F0%9F%8D%AC", "%u0041", "'%20OR%201=1--", "*", "{}", "~", "-1", "0", "00"),
    *("1.0", "1e3", "+1", "null", "NaN", "true", "9" * 19, "9" * 30, "9" * 5000, "x" * 5000),
    *("0" * 19 + "1" + "9" * 5000, "%D9%A1", "%C2%B2", "00000000-0000-0000-0000-00000000000g"),
]


@pytest.mark.parametrize("place", [place for place in EVERY if place.names], ids=str)
async def test_an_odd_path_is_answered_and_is_no_failure_of_ours(
    everything: Shop, place: Place
) -> None:
    body = None if place.body() is None else json.dumps(place.body())
    for name in place.names:
        for segment in ODD_SEGMENTS:
            reply = await everything.call(
                place.service,
                place.method,
                place.path(**{name: segment}),
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


@pytest.mark.parametrize(
    "place",
    [place for place in EVERY if "after" in place.route.takes.__struct_fields__],
    ids=str,
)
async def test_a_forged_cursor_is_refused_or_leads_nowhere(everything: Shop, place: Place) -> None:
    for after in FORGED:
        reply = await everything.call(
            place.service, place.method, place.path(), params={"after": after}
        )
        if reply.status != 200:
            assert "after" in assert_problem(reply, 422, "invalid_request")["detail"]


IDEMPOTENT = [place for place in EVERY if place.route.idempotent]


@pytest.mark.parametrize("place", IDEMPOTENT, ids=str)
@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "tab\there"])
async def test_an_idempotency_key_is_1_to_255_printable_characters(
    everything: Shop, place: Place, key: str
) -> None:
    reply = await everything.call(
        place.service,
        place.method,
        place.path(),
        json=place.body(),
        idempotency_key=key,
    )
    assert "Idempotency-Key" in assert_problem(reply, 422, "invalid_request")["detail"]


async def test_every_post_that_has_an_effect_takes_an_idempotency_key() -> None:
    repeatable_anyway = {
        "registry POST /services/{service}/{instance_id}/heartbeat",
        "registry POST /reports",
        "storefront POST /api/session",
    }
    posts = {str(place) for place in SHAPED if place.method == "POST"}
    assert posts - {str(place) for place in IDEMPOTENT} == repeatable_anyway


@pytest.mark.parametrize("headers", [{"Tuckshop-Service": "bakery"}, {"Tuckshop-Shop": "other"}])
@each_protected
async def test_what_is_meant_for_another_is_refused_before_a_key_is_looked_at(
    everything: Shop, place: Place, headers: dict[str, str]
) -> None:
    for key in (None, OPERATOR):
        reply = await everything.call(
            place.service, place.method, place.path(), key=key, headers=headers
        )
        assert_problem(reply, 421)


@each_protected
async def test_a_request_id_is_echoed_in_a_refusal(everything: Shop, place: Place) -> None:
    reply = await everything.call(
        place.service, place.method, place.path(), key=None, headers={"X-Request-ID": "mine-1"}
    )
    assert assert_problem(reply, 401)["request_id"] == "mine-1"


@pytest.mark.parametrize("place", [place for place in SHAPED if place.is_public], ids=str)
async def test_what_is_public_asks_for_no_key(everything: Shop, place: Place) -> None:
    reply = await everything.call(place.service, place.method, place.path(), key=None)
    assert reply.status == 200
