"""Lists in pages: `limit`, `after` and the `Link` header."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from unittest import mock

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from services.common.core import wire
from services.common.core.errors import Invalid
from services.common.web import paging
from services.common.web.paging import (
    CursorNumber,
    Page,
    decode_cursor,
    encode_cursor,
    page_response,
)
from services.common.web.routing import Route
from tests.common.bakery import open_bakery
from tests.routes import assert_problem
from tests.shop import Reply, Shop, open_shop


class Loaves(Page, kw_only=True):
    """Which loaves."""

    q: str | None = None


async def list_numbers(request: web.Request, page: Loaves) -> web.Response:
    """The numbers from 1 to 10."""
    after = 0 if page.after is None else decode_cursor(page.after, CursorNumber)
    numbers = list(range(after + 1, min(after + page.limit, 10) + 1))
    more = encode_cursor(numbers[-1]) if numbers and numbers[-1] < 10 else None
    return page_response(request, numbers, more)


shared_loop = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bakery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A bakery that the tests share: it does nothing but list."""
    async with open_shop(tmp_path_factory.mktemp("bakery")) as shop:
        await shop.start("registry")
        await open_bakery(shop, [Route("GET", "/numbers", list_numbers, takes=Loaves)])
        yield shop


def next_of(reply: Reply) -> URL | None:
    link = reply.headers.get("Link")
    if link is None:
        return None
    match = re.fullmatch(r'<(/numbers\?[^>]*)>; rel="next"', link)
    assert match, link
    return URL(match[1], encoded=True)


async def follow(bakery: Shop, query: str) -> list[list[int]]:
    pages = []
    path: str | None = f"/numbers{query}"
    while path is not None:
        reply = await bakery.call("bakery", "GET", path)
        assert reply.status == 200, reply.body
        pages.append(reply.json)
        link = next_of(reply)
        path = None if link is None else str(link)
    return pages


@pytest.mark.parametrize("limit", [1, 3, 9, 10, 11])
@shared_loop
async def test_the_pages_together_are_the_whole_list(bakery: Shop, limit: int) -> None:
    pages = await follow(bakery, f"?limit={limit}")
    assert [number for page in pages for number in page] == list(range(1, 11))
    assert all(len(page) == limit for page in pages[:-1])


@shared_loop
async def test_a_list_that_fits_has_no_next_page(bakery: Shop) -> None:
    reply = await bakery.call("bakery", "GET", "/numbers")
    assert len(reply.json) == 10
    assert "Link" not in reply.headers


@shared_loop
async def test_the_link_is_an_absolute_path_for_clients_that_do_not_resolve_it(
    bakery: Shop,
) -> None:
    reply = await bakery.call("bakery", "GET", "/numbers?limit=4")
    assert reply.headers["Link"].startswith("</numbers?limit=4&after=")


@shared_loop
async def test_the_link_keeps_the_query(bakery: Shop) -> None:
    reply = await bakery.call("bakery", "GET", "/numbers?q=a%26b%3Dc%20%E2%82%AC&limit=4")
    link = next_of(reply)
    assert link is not None
    assert (link.query["q"], link.query["limit"]) == ("a&b=c \N{EURO SIGN}", "4")


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "1.5", "ten", "", "null", '"10"', "true"])
@shared_loop
async def test_a_limit_is_1_to_1000(bakery: Shop, limit: str) -> None:
    reply = await bakery.call("bakery", "GET", "/numbers", params={"limit": limit})
    assert "limit" in assert_problem(reply, 422, "invalid_request")["detail"]


PLACES = st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63))


@given(PLACES)
def test_a_cursor_is_opaque_and_decodes_to_its_value(place: tuple[str, int]) -> None:
    cursor = encode_cursor(place)
    assert re.fullmatch(r"[A-Za-z0-9_-]*", cursor)
    assert decode_cursor(cursor, tuple[str, int]) == place


@given(st.text(max_size=40))
def test_any_text_is_a_cursor_or_invalid(text: str) -> None:
    with suppress(Invalid):
        msgspec.convert(decode_cursor(text, CursorNumber), CursorNumber)


@pytest.mark.parametrize("place", [-1, 2**63, 1.5, "1", [1], None])
@shared_loop
async def test_a_cursor_that_this_list_never_gave_is_invalid(bakery: Shop, place: Any) -> None:
    query = {"after": encode_cursor(place)}
    reply = await bakery.call("bakery", "GET", "/numbers", params=query)
    assert "after" in assert_problem(reply, 422, "invalid_cursor")["detail"]


def as_text(row: tuple[int, int]) -> str:
    """A text whose JSON is as long as its row says."""
    return "x" * (row[1] - 2)


def filled(sizes: list[int], limit: int = 1000) -> tuple[list[str], int | None]:
    """What one page has of texts that are so many bytes long as JSON, and its last size."""
    return paging.fill_page(iter(sizes), limit, lambda size: "x" * (size - 2))


def test_a_page_ends_at_its_limit_or_its_bytes_whichever_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 100)
    assert len(filled([10] * 5, limit=4)[0]) == 4
    assert len(filled([10] * 20, limit=15)[0]) == 8
    assert len(filled([10] * 20, limit=5)[0]) == 5


@given(st.lists(st.integers(2, 60), max_size=20), st.integers(1, 10))
def test_no_page_is_larger_than_its_bytes_and_none_is_empty(sizes: list[int], limit: int) -> None:
    with mock.patch.object(paging, "PAGE_BYTES", 62):
        rest = list(enumerate(sizes))
        while rest:
            page, last = paging.fill_page(rest, limit, as_text)
            assert 1 <= len(page) <= limit
            assert len(wire.encode(page)) <= 62
            ended = last is None
            assert ended or last == rest[len(page) - 1]
            rest = rest[len(page) :]
            assert ended == (not rest)


def test_what_is_larger_than_a_page_comes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 10)
    assert filled([50, 2])[1] == 50
    assert filled([2, 50])[1] == 2


def test_rows_are_read_no_further_than_a_page_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 100)
    rows = iter([10] * 1000)
    paging.fill_page(rows, 1000, lambda size: "x" * (size - 2))
    assert len(list(rows)) == 1000 - 9
