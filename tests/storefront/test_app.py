"""The storefront as a service: without a database, ready once it is registered, told its limits."""

import subprocess
import sys

import pytest

from tests.shop import Shop


async def test_it_is_ready_without_a_database_and_shows_its_peers(shop: Shop) -> None:
    before = set(shop.folder.iterdir())
    await shop.start("catalog")
    await shop.start("storefront")
    reply = await shop.call("storefront", "GET", "/readyz", key=None)
    assert reply.status == 200
    peers = {"cart": [], "catalog": ["up"], "order": [], "payment": []}
    assert reply.json == {"status": "ready", "reasons": [], "peers": peers}
    assert not [path for path in set(shop.folder.iterdir()) - before if "store" in path.name]


async def test_it_belongs_to_the_shop_that_the_registry_names(shop: Shop) -> None:
    await shop.start("storefront")
    headers = {"Tuckshop-Shop": "another"}
    reply = await shop.call("storefront", "GET", "/api/products", headers=headers)
    assert (reply.status, reply.code) == (421, "wrong_shop")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--customer-burst", "0.5"], "--customer-burst"),
        (["--renewal-seconds", "-1"], "--renewal-seconds"),
        (["--renewal-seconds", "999999999"], "--renewal-seconds"),
        (["--session-rate", "often"], "--session-rate"),
    ],
)
def test_an_impossible_limit_is_rejected_in_one_sentence(arguments: list[str], said: str) -> None:
    command = [sys.executable, "-m", "services.storefront", "--port", "0", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert said in line
