"""`run.py rotate-token-key` against a running registry, and where there is none."""

from __future__ import annotations

import asyncio
import re

import jwt
import pytest
from aiohttp import web

from services.common.core.arguments import SettingsError
from services.common.core.settings import DEVELOPMENT_KEY
from services.common.web.keys import KEYRING
from services.operations import OperationError
from services.operations.sentences import HOST_NOT_ALLOWED, TOO_MANY_WRONG_KEYS
from services.operations.tokens.command import main
from tests.routes import assert_problem
from tests.shop import Shop, token, until
from tests.token_keys import token_of_old


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", DEVELOPMENT_KEY)


async def rotate(shop: Shop, *flags: str) -> int:
    """Run the command as a process of its own would."""
    return await asyncio.to_thread(main, ["--registry", shop.urls["registry"], *flags])


def names(shop: Shop, service: str) -> list[str]:
    return [key.kid for key in shop.app(service)[KEYRING].token_keys.keys]


async def test_a_new_key_signs_and_the_older_ones_verify(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.start("catalog", "storefront")
    before = names(shop, "registry")
    assert await rotate(shop) == 0
    said = capsys.readouterr().out
    assert re.search(r"^Key [0-9a-f]{16} signs customers' tokens from \d{4}-.*Z on", said)
    assert re.search(r"The older ones are good until \d{4}-.*Z at the latest", said)
    *older, newest = names(shop, "registry")
    assert older == before
    for service in ("catalog", "storefront"):
        await until(lambda each=service: names(shop, each)[-1] == newest)  # type: ignore[misc]
    for good in (token("ada"), token_of_old("ada")):
        assert (await shop.call("catalog", "GET", "/products", key=good)).status == 200


async def test_older_tokens_are_ended_at_once_and_new_ones_are_good(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.start("catalog", "storefront")
    assert await rotate(shop, "--now") == 0
    assert "Every token that was signed before is refused" in capsys.readouterr().out
    (newest,) = names(shop, "registry")
    for service in ("catalog", "storefront"):
        await until(lambda each=service: names(shop, each) == [newest])  # type: ignore[misc]
    for ended in (token("ada"), token_of_old("ada")):
        refused = await shop.call("catalog", "GET", "/products", key=ended)
        assert_problem(refused, 401, "invalid_api_key")
        assert (await shop.call("storefront", "POST", "/api/session", key=ended)).status == 401
    session = (await shop.call("storefront", "POST", "/api/session", key=None)).json
    assert jwt.get_unverified_header(session["token"])["kid"] == newest
    assert (await shop.call("catalog", "GET", "/products", key=session["token"])).status == 200


async def test_who_was_away_while_older_tokens_were_ended_hears_of_it_at_its_start(
    shop: Shop,
) -> None:
    await shop.start("catalog")
    await shop.stop("catalog")
    assert await rotate(shop, "--now") == 0
    await shop.start("catalog")
    assert (await shop.call("catalog", "GET", "/products", key=token("ada"))).status == 401
    assert names(shop, "catalog") == names(shop, "registry")


async def sentence(shop: Shop, *flags: str) -> str:
    with pytest.raises((OperationError, SettingsError)) as refused:
        await rotate(shop, *flags)
    told = str(refused.value)
    assert told.endswith(".")
    assert "\n" not in told
    return told


async def test_where_no_shop_runs_it_says_so(shop: Shop) -> None:
    await shop.stop("registry")
    assert (await sentence(shop)).startswith(f"No shop answers at {shop.urls['registry']};")


async def test_a_key_that_is_not_the_operator_s_makes_none(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(shop, "registry")
    monkeypatch.setenv("API_KEY", "another")
    assert (await sentence(shop)).startswith("The shop does not know this key;")
    monkeypatch.setenv("API_KEY", token("ada"))
    assert (await sentence(shop)).startswith("This key is a customer's;")
    monkeypatch.setenv("API_KEY", "two\nlines")
    assert (await sentence(shop)).startswith("API_KEY cannot be sent")
    assert names(shop, "registry") == before


async def test_a_further_wrong_key_is_told_with_what_to_do(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.stop("registry")
    await shop.start("registry", wrong_key_burst=1.0, wrong_key_rate=0.001)
    monkeypatch.setenv("API_KEY", "another")
    assert (await sentence(shop)).startswith("The shop does not know this key;")
    assert await sentence(shop) == TOO_MANY_WRONG_KEYS


async def test_a_name_that_the_development_key_does_not_allow_is_no_wrong_key(shop: Shop) -> None:
    by_another_name = shop.urls["registry"].replace("127.0.0.1", "0.0.0.0")
    assert await sentence(shop, "--registry", by_another_name) == HOST_NOT_ALLOWED


async def test_what_is_no_registry_is_told_from_one(shop: Shop) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="Hello")

    await shop.start("catalog")
    elsewhere = ["--registry", shop.urls["catalog"]]
    assert "is not the registry of a shop" in await sentence(shop, *elsewhere)
    await shop.stand_in("cart", answer)
    assert "is not the registry of a shop" in await sentence(shop, "--registry", shop.urls["cart"])


async def test_an_answer_that_does_not_come_is_not_taken_for_a_refusal(shop: Shop) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    await shop.stand_in("cart", hang_up)
    told = await sentence(shop, "--registry", shop.urls["cart"])
    assert told.endswith("may have made a key: run this again.")


async def test_what_the_registry_cannot_do_is_told_in_its_words(shop: Shop) -> None:
    async def full(_request: web.Request) -> web.Response:
        problem = {"code": "insufficient_storage", "detail": "No room on the disk"}
        return web.json_response(problem, status=507, content_type="application/problem+json")

    await shop.stand_in("cart", full)
    told = await sentence(shop, "--registry", shop.urls["cart"])
    assert told == "No key was made: No room on the disk."


@pytest.mark.parametrize("flags", [["--registry", "nowhere"], ["--registry", "ftp://x"]])
async def test_an_address_that_is_none_is_named(shop: Shop, flags: list[str]) -> None:
    assert flags[1] in await sentence(shop, *flags)


def test_a_wrong_flag_is_named() -> None:
    for flags, named in ((["--soon"], "--soon"), (["--base-port", "x"], "--base-port")):
        with pytest.raises(SettingsError, match=named):
            main(flags)
