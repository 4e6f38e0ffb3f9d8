"""Conditional requests: `If-None-Match` spares a read, `If-Match` guards an edit."""

import pytest

from tests.services.stock import line, reserve
from tests.shop import Reply, Shop


async def read(
    shop: Shop, path: str, if_none_match: str | None = None, *, method: str = "GET"
) -> Reply:
    headers = {} if if_none_match is None else {"If-None-Match": if_none_match}
    return await shop.call("catalog", method, path, headers=headers)


async def edit(shop: Shop, product_id: int, if_match: str, name: str = "Other") -> Reply:
    path = f"/products/{product_id}"
    return await shop.call(
        "catalog", "PATCH", path, json={"name": name}, headers={"If-Match": if_match}
    )


@pytest.mark.parametrize("path", ["/products/1", "/products", "/products?q=pear", "/categories"])
async def test_a_matching_etag_is_304(catalog: Shop, path: str) -> None:
    await catalog.product()
    first = await read(catalog, path)
    again = await read(catalog, path, first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


async def test_the_head_of_a_list_has_its_etag_its_link_and_its_length(catalog: Shop) -> None:
    for _ in range(2):
        await catalog.product()
    get = await read(catalog, "/products?limit=1")
    head = await read(catalog, "/products?limit=1", method="HEAD")
    assert head.body == b""
    for name in ("ETag", "Link"):
        assert head.headers[name] == get.headers[name]
    assert int(head.headers["Content-Length"]) == len(get.body)
    again = await read(catalog, "/products?limit=1", get.headers["ETag"], method="HEAD")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("form", ["W/{}", '"other", {}', '{},"other"', "*"])
async def test_every_form_of_if_none_match_is_understood(catalog: Shop, form: str) -> None:
    path = f"/products/{await catalog.product()}"
    etag = (await read(catalog, path)).headers["ETag"]
    assert (await read(catalog, path, form.format(etag))).status == 304


@pytest.mark.parametrize("form", ['"other"', "", '"1"'])
async def test_another_etag_is_answered_200(catalog: Shop, form: str) -> None:
    path = f"/products/{await catalog.product()}"
    assert (await read(catalog, path, form)).status == 200


@pytest.mark.parametrize("path", ["/products/1", "/products"])
async def test_the_etag_changes_with_an_edit(catalog: Shop, path: str) -> None:
    product_id = await catalog.product()
    before = (await read(catalog, path)).headers["ETag"]
    await edit(catalog, product_id, "*")
    assert (await read(catalog, path, before)).status == 200


@pytest.mark.parametrize("path", ["/products/1", "/products"])
async def test_the_etag_changes_with_the_stock_and_the_version_does_not(
    catalog: Shop, path: str
) -> None:
    product_id = await catalog.product()
    before = (await read(catalog, path)).headers["ETag"]
    await reserve(catalog, [line(product_id)])
    assert (await read(catalog, path, before)).status == 200
    assert (await read(catalog, f"/products/{product_id}")).json["version"] == 1


async def test_a_304_has_the_link_to_a_page_that_came_later(
    catalog: Shop,
) -> None:
    await catalog.product()
    first = await read(catalog, "/products?limit=1")
    await catalog.product()
    again = await read(catalog, "/products?limit=1", first.headers["ETag"])
    assert again.status == 304
    assert 'rel="next"' in again.headers["Link"]


@pytest.mark.parametrize("form", ["{etag}", '"1"', "1", "*", '"7", "1"', '"1-3"', ""])
async def test_an_edit_that_names_the_version_is_made(catalog: Shop, form: str) -> None:
    product_id = await catalog.product()
    etag = (await read(catalog, f"/products/{product_id}")).headers["ETag"]
    assert (await edit(catalog, product_id, form.format(etag=etag))).status == 200


@pytest.mark.parametrize("form", ['"2"', '"0"', 'W/"1"', '"abc"', '"1', '"-1"', '"7", "8"', "٣"])
async def test_an_edit_that_names_another_version_is_refused(catalog: Shop, form: str) -> None:
    product_id = await catalog.product()
    reply = await edit(catalog, product_id, form)
    assert (reply.status, reply.code) == (412, "version_mismatch")
    assert (await read(catalog, f"/products/{product_id}")).json["name"] == "Pear Drops"


async def test_a_sale_does_not_stand_in_the_way_of_an_edit(catalog: Shop) -> None:
    product_id = await catalog.product()
    etag = (await read(catalog, f"/products/{product_id}")).headers["ETag"]
    await reserve(catalog, [line(product_id)])
    assert (await edit(catalog, product_id, etag)).status == 200


async def test_of_two_edits_of_the_same_version_the_second_is_412(catalog: Shop) -> None:
    product_id = await catalog.product()
    etag = (await read(catalog, f"/products/{product_id}")).headers["ETag"]
    first, second = (
        await edit(catalog, product_id, etag, "First"),
        await edit(catalog, product_id, etag, "Second"),
    )
    assert (first.status, second.code) == (200, "version_mismatch")
    assert (await edit(catalog, product_id, first.headers["ETag"], "Second")).status == 200


async def test_a_deletion_honours_if_match(catalog: Shop) -> None:
    path = f"/products/{await catalog.product()}"
    reply = await catalog.call("catalog", "DELETE", path, headers={"If-Match": '"2"'})
    assert (reply.status, reply.code) == (412, "version_mismatch")
    reply = await catalog.call("catalog", "DELETE", path, headers={"If-Match": '"1"'})
    assert reply.status == 204
