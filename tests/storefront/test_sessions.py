"""Customer sessions: a guest's token, its renewal, and how often one may ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from services.common.core.token_keys import TokenKeys, new_key
from services.common.web.keys import KEYRING
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.routing import Access
from tests.routes import assert_problem, every_route
from tests.shop import OPERATOR, Reply, Shop, token, until
from tests.token_keys import KNOWN, token_of_old

YEAR = timedelta(days=365)
A_YEAR_OLD = token("guest-1", lifetime=-YEAR)
OTHER_KEYS = TokenKeys(keys=(new_key("known", now=KNOWN.created_at),))


async def rotate(shop: Shop, **how: Any) -> Reply:
    return await shop.call("registry", "PUT", "/token-keys/next", json=how)


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
    [
        "",
        "nonsense",
        token("a") + "x",
        A_YEAR_OLD + "x",
        token("guest-1", lifetime=-timedelta(days=401)),
        token_of_old("guest-1", lifetime=-timedelta(days=401)),
        token("guest-1", lifetime=-YEAR, keys=OTHER_KEYS),
        token_of_old("guest-1", lifetime=-YEAR, operator_key="another"),
    ],
    ids=[
        "empty",
        "nonsense",
        "changed",
        "expired and changed",
        "expired too long ago",
        "of old, expired too long ago",
        "expired, of another shop",
        "expired, of old, of another shop",
    ],
)
async def test_what_is_no_token_of_the_shop_or_too_old_is_not_renewed(
    storefront_alone: Shop, key: str
) -> None:
    assert_problem(await begin(storefront_alone, key), 401, "invalid_api_key")


@pytest.mark.parametrize(
    "expired",
    [
        token("guest-1", lifetime=-timedelta(seconds=1)),
        A_YEAR_OLD,
        token("guest-1", lifetime=-timedelta(days=399, hours=23)),
        token_of_old("guest-1", lifetime=-YEAR),
    ],
    ids=["just now", "a year ago", "almost 400 days ago", "of old, a year ago"],
)
async def test_an_expired_token_is_renewed_for_the_same_guest(
    storefront_alone: Shop, expired: str
) -> None:
    renewed = (await begin(storefront_alone, expired)).json
    assert renewed["user_id"] == "guest-1"
    assert datetime.fromisoformat(renewed["expires_at"]) > datetime.now(UTC) + timedelta(days=6)


async def test_who_comes_back_after_a_year_has_their_cart_and_their_orders(
    whole_shop: Shop,
) -> None:
    shop = whole_shop
    product = await shop.product()
    await shop.call("cart", "POST", "/cart/guest-1/add", json={"product_id": product})
    bought = await shop.order(product, user_id="guest-1")
    key = (await begin(shop, A_YEAR_OLD)).json["token"]
    orders = (await shop.call("storefront", "GET", "/api/orders", key=key)).json
    assert [order["order_id"] for order in orders] == [bought["order_id"]]
    cart = (await shop.call("storefront", "GET", "/api/cart/guest-1", key=key)).json
    assert [item["product_id"] for item in cart["items"]] == [product]


async def test_an_expired_token_opens_nothing_else(
    whole_shop: Shop, subtests: pytest.Subtests
) -> None:
    for case in every_route():
        if case.route.access is Access.PUBLIC:
            continue
        with subtests.test(str(case)):
            path = case.path(user_id="guest-1")
            reply = await whole_shop.call(case.service, case.method, path, key=A_YEAR_OLD)
            assert_problem(reply, 401, "invalid_api_key")


async def test_for_how_long_a_token_is_renewed_can_be_set(shop: Shop) -> None:
    await shop.start("storefront", renewal_seconds=60.0)
    assert (await begin(shop, token("a", lifetime=-timedelta(seconds=30)))).status == 200
    assert (await begin(shop, token("a", lifetime=-timedelta(seconds=61)))).status == 401


async def test_a_token_that_was_signed_with_a_retired_key_is_renewed(shop: Shop) -> None:
    await shop.start("storefront")
    *_, newest = (await rotate(shop)).json
    heard = shop.app("storefront")[KEYRING]
    await until(lambda: newest["kid"] in {key.kid for key in heard.token_keys.keys})
    renewed = await begin(shop, A_YEAR_OLD)
    assert (renewed.status, renewed.json["user_id"]) == (200, "guest-1")


async def test_a_token_whose_key_was_ended_is_not_renewed(shop: Shop) -> None:
    await shop.start("storefront")
    assert (await rotate(shop, end_older=True)).status == 201
    heard = shop.app("storefront")[KEYRING]
    await until(lambda: heard.token_keys.older_ended_at is not None)
    for key in (A_YEAR_OLD, token_of_old("guest-1", lifetime=-YEAR), token("guest-1")):
        assert_problem(await begin(shop, key), 401, "invalid_api_key")


async def test_a_retired_key_is_kept_for_as_long_as_its_tokens_are_renewed(shop: Shop) -> None:
    await shop.start("storefront")
    *_, first, second = (await rotate(shop)).json
    kept = datetime.fromisoformat(first["ends_at"]) - datetime.fromisoformat(second["signs_from"])
    assert kept == timedelta(days=7 + 400 + 1)


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
