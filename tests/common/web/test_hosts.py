"""A page of another site cannot reach the shop through a name of its own (DNS rebinding), nor begin
sessions in its visitors' name.
"""

from __future__ import annotations

import pytest

from tests.common.bakery import open_bakery
from tests.routes import assert_problem, every_route
from tests.shop import OPERATOR, Shop

OF_ANOTHER_SITE = [
    *("evil.example", "evil.example:8080", "192.0.2.1", "0.0.0.0", "[::]", "[2001:db8::1]:80"),
    *("127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example", "", ":80"),
    *("evil.example:80:127.0.0.1", "127.1", "localhost, evil.example"),
]
OF_THIS_MACHINE = [
    *("127.0.0.1", "127.0.0.1:1", "127.8.9.10:8080", "localhost", "LocalHost:8080", "[::1]"),
    "[::1]:8080",
]


@pytest.mark.parametrize("host", OF_ANOTHER_SITE)
async def test_with_the_development_key_a_name_of_another_site_is_no_host(
    shop: Shop, host: str
) -> None:
    await open_bakery(shop, [])
    for path in ("/livez", "/nothing"):
        reply = await shop.call("bakery", "GET", path, headers={"Host": host})
        assert_problem(reply, 403, "host_not_allowed")


@pytest.mark.parametrize("host", OF_THIS_MACHINE)
async def test_the_names_of_this_machine_are(shop: Shop, host: str) -> None:
    await open_bakery(shop, [])
    assert (await shop.call("bakery", "GET", "/livez", headers={"Host": host})).status == 200


async def test_with_a_key_of_ones_own_any_name_is(shop: Shop) -> None:
    await open_bakery(shop, [], api_key="a key of our own, long enough")
    headers = {"Host": "shop.example"}
    assert (await shop.call("bakery", "GET", "/livez", headers=headers)).status == 200


async def test_every_route_and_page_of_every_service_looks_at_the_host(
    four_services: Shop, subtests: pytest.Subtests
) -> None:
    await four_services.start("storefront")
    for case in every_route():
        with subtests.test(str(case)):
            reply = await four_services.call(
                case.service, case.method, case.path(), headers={"Host": "evil.example"}
            )
            assert_problem(reply, 403, "host_not_allowed")


async def test_a_page_of_another_site_begins_no_session(shop: Shop) -> None:
    await shop.start("storefront")
    for key in (None, OPERATOR):
        reply = await shop.call(
            "storefront", "POST", "/api/session", key=key, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert_problem(reply, 403, "cross_site_request")


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
async def test_the_shops_own_page_does(shop: Shop, site: str) -> None:
    await shop.start("storefront")
    reply = await shop.call(
        "storefront", "POST", "/api/session", key=None, headers={"Sec-Fetch-Site": site}
    )
    assert reply.status == 200
