"""Customer sessions: a guest's token, its renewal, and how often one may ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from services.common.web.keys import KEYRING
from services.common.web.lifecycle import LIFECYCLE
from tests.routes import assert_problem
from tests.shop import OPERATOR, Reply, Shop, token, until
from tests.token_keys import token_of_old


async def begin(shop: Shop, key: str | None = None, **request: Any) -> Reply:
    return await shop.call("storefront", "POST", "/api/session", key=key, **request)


async def test_a_new_guest_is_given_a_name_and_a_token(whole_shop: Shop) -> None:
    reply = await begin(whole_shop)
    assert reply.status == 200
    session = reply.json
    assert session.keys() == {"user_id", "token", "expires_at"}
    path = f"/api/cart/{session['user_id']}"
    cart = await whole_shop.call("storefront", "GET", path, key=session["token"])
    assert cart.json["user_id"] == session["user_id"]
    assert reply.headers["Cache-Control"] == "no-store"


async def test_a_token_says_which_network_its_session_came_from(storefront_alone: Shop) -> None:
    def network(reply: Reply) -> str | None:
        claims = jwt.decode(reply.json["token"], options={"verify_signature": False})
        return claims.get("net")

    assert network(await begin(storefront_alone)) == "127.0.0.1"
    renewed = await begin(storefront_alone, token("guest-1", network="192.0.2.1"))
    assert network(renewed) == "127.0.0.1"
    assert network(await begin(storefront_alone, OPERATOR)) is None


async def test_no_two_guests_are_the_same(storefront_alone: Shop) -> None:
    first, second = await begin(storefront_alone), await begin(storefront_alone)
    assert first.json["user_id"] != second.json["user_id"]


async def test_a_token_lasts_as_long_as_it_says(shop: Shop) -> None:
    await shop.start("storefront", session_seconds=60.0)
    began = datetime.now(UTC)
    session = (await begin(shop)).json
    expires_at = datetime.fromisoformat(session["expires_at"])
    claims = jwt.decode(session["token"], options={"verify_signature": False})
    assert claims["exp"] == expires_at.timestamp()
    assert abs(expires_at - began - timedelta(seconds=60)) < timedelta(seconds=5)


async def test_a_guest_stays_the_same_with_a_new_token(storefront_alone: Shop) -> None:
    ending = token("guest-1", lifetime=timedelta(seconds=30))
    for headers in ({"X-API-Key": ending}, {"Authorization": f"Bearer {ending}"}):
        renewed = (await begin(storefront_alone, headers=headers)).json
        assert renewed["user_id"] == "guest-1"
        assert renewed["token"] != ending
        expires_at = datetime.fromisoformat(renewed["expires_at"])
        assert expires_at > datetime.now(UTC) + timedelta(days=6)


@pytest.mark.parametrize(
    "key",
    ["", "nonsense", token("guest-1", lifetime=timedelta(seconds=-1)), token("a") + "x"],
    ids=["empty", "nonsense", "expired", "changed"],
)
async def test_an_expired_token_is_not_renewed(storefront_alone: Shop, key: str) -> None:
    assert_problem(await begin(storefront_alone, key), 401, "invalid_api_key")


async def test_a_token_signed_the_old_way_is_renewed_to_one_signed_with_a_key_of_the_shop(
    storefront_alone: Shop,
) -> None:
    ending = token_of_old("guest-1")
    assert "kid" not in jwt.get_unverified_header(ending)
    renewed = (await begin(storefront_alone, ending)).json
    assert renewed["user_id"] == "guest-1"
    keys = storefront_alone.app("registry")[KEYRING].token_keys
    kid = jwt.get_unverified_header(renewed["token"])["kid"]
    assert kid in {key.kid for key in keys.keys}


async def test_another_operator_key_ends_no_session(shop: Shop) -> None:
    await shop.start("storefront")
    session = (await begin(shop)).json
    await shop.stop("storefront", "registry")
    await shop.start("registry", "storefront", api_key="another key of this shop")
    again = await begin(shop, session["token"])
    assert (again.status, again.json["user_id"]) == (200, session["user_id"])


async def test_until_it_has_registered_it_ends_no_session_and_begins_none(shop: Shop) -> None:
    await shop.start("storefront")
    session = (await begin(shop)).json
    port = int(shop.urls["registry"].rpartition(":")[2])
    await shop.stop("storefront", "registry")
    await shop.open("storefront")
    assert (await shop.call("storefront", "GET", "/readyz", key=None)).status == 503
    for key in (session["token"], token_of_old("guest-1"), None):
        waiting = await begin(shop, key)
        assert_problem(waiting, 503, "unavailable")
        assert waiting.headers["Retry-After"] == "1"
    path = f"/api/cart/{session['user_id']}"
    assert (await shop.call("storefront", "GET", path, key=session["token"])).status == 503
    await shop.start("registry", port=port)
    await until(lambda: shop.app("storefront")[LIFECYCLE].registered)
    again = (await begin(shop, session["token"])).json
    assert again["user_id"] == session["user_id"]


async def test_an_address_gets_a_limited_number_of_sessions(shop: Shop) -> None:
    await shop.start("storefront", session_burst=2.0, session_rate=1.0)
    assert [(await begin(shop)).status for _ in range(2)] == [200, 200]
    for key in (None, token("guest-1")):
        refused = await begin(shop, key)
        assert_problem(refused, 429, "too_many_requests")
        assert 55 <= int(refused.headers["Retry-After"]) <= 60


async def test_the_operator_gets_any_number_of_sessions(shop: Shop) -> None:
    await shop.start("storefront", session_burst=1.0, session_rate=1.0)
    guests = {(await begin(shop, OPERATOR)).json["user_id"] for _ in range(5)}
    assert len(guests) == 5
