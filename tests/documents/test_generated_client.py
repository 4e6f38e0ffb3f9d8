"""A client that a generator makes of the storefront's document, which nobody here wrote, buys."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.environment import Environment
from tests.shop import Shop, open_shop, token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

GENERATOR = "openapi-python-client==0.29.1"
BEGINNING = """
import sys
from concurrent.futures import ThreadPoolExecutor

from shop_api import AuthenticatedClient, Client
from shop_api.api.cart import add_post
from shop_api.api.catalog import list_products_get
from shop_api.api.order import create_order_post
from shop_api.api.payment import pay_post
from shop_api.api.storefront import begin_session_post
from shop_api.models import CartNewItem, OrderNewItem, NewOrder, NewPayment, OrderView

url, key, *given = sys.argv[1:]
shop = AuthenticatedClient(url, key, prefix="", auth_header_name="X-API-Key")


def order(**items):
    return create_order_post.sync_detailed(
        client=shop, body=NewOrder(user_id="ada", **items)
    )


def pay(order_id, amount):
    body = NewPayment(order_id=order_id, amount=float(amount))
    return pay_post.sync_detailed(client=shop, body=body)


def tell(answer):
    print(int(answer.status_code), type(answer.parsed).__name__, answer.parsed.status.value)


"""
BUYS = """
guest = begin_session_post.sync(client=Client(url))
print(guest.user_id.partition("-")[0])
product = list_products_get.sync(client=shop, limit=1)[0]
statuses = set()
while 200 not in statuses:  # of racing checkouts one gets 201, and another may come early enough
    add_post.sync(user_id="ada", client=shop, body=CartNewItem(product_id=product.id))
    with ThreadPoolExecutor() as at_once:
        answers = [each.result() for each in [at_once.submit(order) for _ in range(8)]]
    statuses = {int(each.status_code) for each in answers}
placed = [each for each in answers if isinstance(each.parsed, OrderView)]
print(*sorted(statuses & {200, 201}))
print(*{type(each.parsed).__name__ for each in answers} - {"Problem"})
print(len({each.parsed.order_id for each in placed}))
bought = next(each.parsed for each in placed if each.status_code == 201)
tell(pay(bought.order_id, bought.total_amount))
"""
PAYS = "tell(pay(*given))\n"
ORDERS = "tell(order(items=[OrderNewItem(product_id=int(given[0]), quantity=1)]))\n"


@pytest.fixture
async def whole_shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A whole shop in the test's own process."""
    async with open_shop(tmp_path / "data") as shop:
        await shop.start_all()
        yield shop


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that has the generator, and what a generated client needs."""
    environment = Environment(tmp_path_factory.mktemp("generated") / "environment")
    environment.install(GENERATOR)
    return environment


class Generated:
    """The client that was generated of a shop's document."""

    def __init__(self, environment: Environment, url: str) -> None:
        self._environment, self._url = environment, url

    async def run(self, program: str, *arguments: str) -> list[list[str]]:
        """Run a program with it as the customer Ada; returns the words of each line it printed."""
        file = self._environment.folder / "program.py"
        file.write_text(BEGINNING + program)
        said = await asyncio.to_thread(
            self._environment.run, file, self._url, token("ada"), *arguments
        )
        return [line.split() for line in said.splitlines()]


@pytest.fixture
async def generated(environment: Environment, whole_shop: Shop) -> Generated:
    """A client, freshly generated of the storefront's document."""
    folder, url = environment.folder, whole_shop.urls["storefront"]
    document, settings = folder / "openapi.json", folder / "settings.json"
    reply = await whole_shop.call("storefront", "GET", "/openapi.json", key=None)
    document.write_bytes(reply.body)
    settings.write_text('{"post_hooks": [], "package_name_override": "shop_api"}')
    said = await asyncio.to_thread(
        environment.run,
        *("-m", "openapi_python_client", "generate", "--path", document, "--config", settings),
        *("--meta", "none", "--output-path", folder / "shop_api", "--overwrite"),
        "--fail-on-warning",
    )
    assert "WARNING" not in said
    return Generated(environment, url)


async def test_a_generated_client_reads_racing_checkouts_and_buys(
    generated: Generated, whole_shop: Shop
) -> None:
    await whole_shop.product()
    assert await generated.run(BUYS) == [
        ["guest"],
        ["200", "201"],
        ["OrderView"],
        ["1"],
        ["200", "Receipt", "COMPLETED"],
    ]


async def test_a_generated_client_reads_a_payment_that_is_not_done_yet(
    generated: Generated, whole_shop: Shop
) -> None:
    order = await whole_shop.order(await whole_shop.product())
    await whole_shop.stop("order")
    told = await generated.run(PAYS, order["order_id"], str(order["total_amount"]))
    assert told == [["202", "Receipt", "PENDING"]]


async def test_a_generated_client_reads_an_order_that_is_not_done_yet(
    generated: Generated, whole_shop: Shop
) -> None:
    product = await whole_shop.product()
    await whole_shop.stop("catalog")
    told = await generated.run(ORDERS, str(product))
    assert told == [["202", "OrderView", "CREATED"]]
