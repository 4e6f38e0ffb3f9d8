"""The shop's page: served to anyone at every place in it, under a strict policy, with no secret."""

import asyncio
import re
import uuid
from pathlib import Path

import pytest
from aiohttp import web

from services.common.pages.files import POLICY, SHARED, VENDOR
from services.storefront.app import PAGES, VIEWS
from tests.routes import assert_problem, every_route
from tests.shop import OPERATOR, Reply, Shop

ROOT = Path(__file__).parents[2]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OWN_FILES = [
    f"/{place}/{path.relative_to(folder).as_posix()}"
    for place, folder in {"assets": PAGES, "shared": SHARED}.items()
    for path in sorted(folder.rglob("*.*"))
]


async def test_every_address_in_the_shop_is_the_page(storefront_alone: Shop) -> None:
    for view in VIEWS:
        path = view.format(product_id=7, order_id=uuid.uuid4(), token="any")
        page = await storefront_alone.call("storefront", "GET", f"{path}?q=pear&q=drops", key=None)
        assert page.status == 200, path
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.body == (PAGES / "index.html").read_bytes()


async def test_a_broken_link_is_answered_with_the_page_and_404(storefront_alone: Shop) -> None:
    page = await storefront_alone.call(
        "storefront", "GET", "/sweets/old-link", key=None, headers=BROWSER
    )
    assert page.status == 404
    assert page.body == (PAGES / "index.html").read_bytes()
    known = {**BROWSER, "If-None-Match": page.headers["ETag"]}
    again = await storefront_alone.call(
        "storefront", "GET", "/sweets/old-link", key=None, headers=known
    )
    assert (again.status, again.body) == (404, page.body)


async def page_of(shop: Shop, path: str, method: str = "GET") -> Reply:
    return await shop.call("storefront", method, path, key=None, headers=BROWSER)


async def test_the_page_of_a_product_is_404_once_it_is_gone(whole_shop: Shop) -> None:
    product_id = await whole_shop.product()
    assert (await page_of(whole_shop, f"/products/{product_id}")).status == 200
    await whole_shop.call("catalog", "DELETE", f"/products/{product_id}")
    for method in ("GET", "HEAD"):
        assert (await page_of(whole_shop, f"/products/{product_id}", method)).status == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/products/9999", "/products/0", "/products/abc", f"/products/{2**63}"),
        *("/orders/7", "/orders/7/thanks", "/orders/not-an-order"),
    ],
)
async def test_what_is_not_there_is_the_page_and_404(whole_shop: Shop, path: str) -> None:
    reply = await page_of(whole_shop, path)
    assert reply.status == 404
    assert reply.body == (PAGES / "index.html").read_bytes()
    assert_problem(await whole_shop.call("storefront", "GET", path, key=None), 404, "not_found")


async def test_a_page_tells_nobody_which_orders_there_are(whole_shop: Shop) -> None:
    order = await whole_shop.order(await whole_shop.product())
    for order_id in (order["order_id"], uuid.uuid4()):
        assert (await page_of(whole_shop, f"/orders/{order_id}")).status == 200


async def test_a_catalog_that_hangs_holds_up_no_page(shop: Shop) -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    await shop.stand_in("catalog", hang)
    await shop.start("storefront", peer_deadline=60.0)
    async with asyncio.timeout(20.0):
        assert (await page_of(shop, "/products/7")).status == 200


async def test_only_a_caller_that_accepts_html_gets_a_page(storefront_alone: Shop) -> None:
    for method, headers in (("GET", {}), ("POST", BROWSER)):
        reply = await storefront_alone.call(
            "storefront", method, "/old-link", key=None, headers=headers
        )
        assert_problem(reply, 404, "not_found")


async def test_each_file_is_public_under_the_policy_and_holds_no_secret(
    storefront_alone: Shop,
) -> None:
    for path in ("/", *OWN_FILES):
        reply = await storefront_alone.call("storefront", "GET", path, key=None)
        assert reply.status == 200, path
        assert reply.headers["Content-Security-Policy"] == POLICY
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert OPERATOR.encode() not in reply.body, path
        assert "Set-Cookie" not in reply.headers


def test_the_policy_allows_nothing_unsafe_and_no_other_origin() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "default-src 'none'" in POLICY


async def test_the_built_script_and_style_sheet_hold_every_source(storefront_alone: Shop) -> None:
    script = await storefront_alone.call("storefront", "GET", "/assets/dist/main.js", key=None)
    sheet = await storefront_alone.call("storefront", "GET", "/assets/dist/main.css", key=None)
    assert (script.status, sheet.status) == (200, 200)
    built = (script.body + sheet.body).decode()
    sources = [
        path.relative_to(ROOT).as_posix()
        for folder in (PAGES, SHARED)
        for path in folder.rglob("*.*")
        if path.suffix in (".css", ".js") and path.parent.name != "dist"
    ]
    for source in sources:
        marks = (f"// {source}\n", f"/* {source} */\n")
        only_imports = source.endswith("pages/main.css")
        assert only_imports or any(mark in built for mark in marks), source
    assert not re.search(r"^(import|export)\b|^@import", built, re.MULTILINE)


NOT_GIVEN_OUT = [
    "/assets/../app.py",
    "/assets/%2e%2e/app.py",
    "/assets/..%2fapp.py",
    "/assets/..%5capp.py",
    "/assets//etc/passwd",
    "/assets/%2fetc%2fpasswd",
    "/assets/index.html%00.js",
    "/assets/.hidden.js",
    "/assets/state",
    "/assets/",
    "/vendor/../app.py",
    "/vendor/preact/README.md",
    "/shared/../../pages.py",
    "/assets/dist/../../app.py",
    "/assets/dist/index.html",
    "/assets/dist/nothing.js",
]


async def test_only_the_page_s_own_files_are_served(storefront_alone: Shop) -> None:
    host, port = storefront_alone.urls["storefront"].removeprefix("http://").split(":")
    for path in NOT_GIVEN_OUT:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        assert (await reader.readline()).split()[1] in (b"404", b"400"), path
        writer.close()
        await writer.wait_closed()


async def test_vendored_files_come_with_their_licence(storefront_alone: Shop) -> None:
    for folder in VENDOR.iterdir():
        licences = [path for path in folder.iterdir() if path.name.startswith("LICENSE")]
        assert licences, folder
        assert re.search(r"\d+\.\d+", (folder / "README.md").read_text()), folder


def test_every_refusal_of_an_order_has_words_on_the_page() -> None:
    words = set(re.findall(r"^  (\w+): \[", (PAGES / "texts.js").read_text(), re.MULTILINE))
    (placing,) = [each for each in every_route() if str(each) == "order POST /orders"]
    repeated = {"order_pending", "cart_unavailable"}  # the page tries again by itself
    with_prices = {"price_changed"}
    assert set(placing.route.rejections) - repeated - with_prices <= words
