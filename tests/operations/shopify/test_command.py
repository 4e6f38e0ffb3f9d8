"""Loading exports into a shop: the import command against a catalog."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from client import Product, ShopClient
from client.catalog import Catalog
from services.catalog.app import CatalogSettings, create_app
from services.common.core.arguments import SettingsError
from services.common.core.currency import CURRENCIES, USD, Currency
from services.common.core.settings import DEVELOPMENT_KEY
from services.common.process.serve import listen
from services.common.web.keys import BOUND
from services.operations import OperationError
from services.operations.sentences import HOST_NOT_ALLOWED, TOO_MANY_WRONG_KEYS
from services.operations.shopify import command as shopify
from services.operations.shopify import load as shopify_load
from services.operations.shopify.products import read_export
from tests.client.fakes import FakeRegistry, FakeService, problem, reply

DATA = Path(__file__).parent / "data"
HEADER = "Handle,Title,Published,Type,Variant SKU,Variant Inventory Qty,Variant Price"


@dataclass
class Shop:
    """A shop to import into, and what the command has said."""

    registry: FakeRegistry
    client: ShopClient
    folder: Path
    capture: pytest.CaptureFixture[str]
    said: list[str] = field(default_factory=list)

    async def run(self, file: Path) -> int:
        """Run the import command as a process of its own would; returns its exit code."""
        code = await asyncio.to_thread(shopify.main, [str(file), "--registry", self.registry.url])
        self.said = self.capture.readouterr().out.splitlines()
        return code

    def file(self, *rows: str) -> Path:
        path = self.folder / "products.csv"
        path.write_text("\n".join([HEADER, *rows]))
        return path

    async def products(self) -> dict[str | None, Product]:
        return {product.sku: product async for product in self.client.catalog.iter_products()}


@pytest.fixture(autouse=True)
def operator_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", DEVELOPMENT_KEY)


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def currency() -> Currency:
    """What the shop sells in, where a test does not say another."""
    return USD


@pytest.fixture
async def shop(
    registry: FakeRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str], currency: Currency
) -> AsyncIterator[Shop]:
    app = create_app(
        CatalogSettings(
            service="catalog", data_dir=tmp_path, registry_url=registry.url, currency=currency
        )
    )
    runner = await listen(app)
    await registry.put("catalog", instance("catalog-1", app[BOUND].result()))
    async with ShopClient(registry.url, api_key=DEVELOPMENT_KEY) as client:
        yield Shop(registry, client, tmp_path, capsys)
    await runner.cleanup()


def instance(instance_id: str, url: str) -> dict[str, Any]:
    return {"instance_id": instance_id, "url": url, "state": "up"}


async def test_an_export_becomes_products(shop: Shop) -> None:
    await shop.run(DATA / "older-header.csv")

    products = await shop.products()
    assert set(products) == {"MUG-BS", "MUG-BL", "enamel-mug-white-large", "tea-towel"}
    mug = products["MUG-BS"]
    assert mug.name == "Enamel Mug \N{EN DASH} Blue / Small"
    assert mug.description == "A mug of enamelled steel.\n- Holds 350 ml\n- Not for the microwave"
    assert mug.category == "Kitchen"
    assert mug.image == "https://pictures.example/mug-blue.jpg"
    assert (mug.price, mug.stock) == (Decimal("9.50"), 12)


async def test_what_was_not_imported_is_listed_line_by_line(shop: Shop) -> None:
    assert await shop.run(DATA / "older-header.csv") == 1
    assert shop.said == [
        "older-header.csv: 4 added, 0 updated, 0 unchanged, 1 left out, 1 refused",
        "Left out:",
        "  line 12: Old Apron: not published",
        "Refused:",
        "  line 13: Beeswax Candle: price: expected at most two decimals",
    ]


@pytest.mark.parametrize(
    ("currency", "taken", "not_taken", "decimals"),
    [
        (CURRENCIES["JPY"], ["1500", "1500.00"], "1500.50", "no decimals"),
        (CURRENCIES["KWD"], ["2.5", "2.505"], "2.5055", "at most three decimals"),
    ],
    ids=["JPY", "KWD"],
)
async def test_a_price_is_taken_that_the_currency_has(
    shop: Shop, taken: list[str], not_taken: str, decimals: str
) -> None:
    prices = [*taken, not_taken]
    rows = [f"{number},Tea,TRUE,,T{number},1,{price}" for number, price in enumerate(prices)]
    assert await shop.run(shop.file(*rows)) == 1
    assert shop.said[-1] == f"  line 4: Tea: price: expected {decimals}"
    products = await shop.products()
    assert [product.price for product in products.values()] == list(map(Decimal, taken))


async def test_a_second_import_changes_nothing(shop: Shop) -> None:
    await shop.run(DATA / "older-header.csv")
    before = await shop.products()
    await shop.run(DATA / "older-header.csv")

    assert shop.said[0].startswith("older-header.csv: 0 added, 0 updated, 4 unchanged")
    assert await shop.products() == before


async def test_differences_are_updated_and_the_stock_is_left(shop: Shop) -> None:
    await shop.run(shop.file("mug,Mug,true,Kitchen,MUG,10,5", "cup,Cup,true,Kitchen,CUP,10,3"))
    mug = (await shop.products())["MUG"]
    await shop.client.catalog.adjust_stock(mug.id, -4, reason="sold over the counter")

    assert (
        await shop.run(shop.file("mug,Big Mug,,Home,MUG,99,5.5", "cup,Cup,,Kitchen,CUP,1,3")) == 0
    )

    assert shop.said == ["products.csv: 0 added, 1 updated, 1 unchanged, 0 left out, 0 refused"]
    products = await shop.products()
    changed = products["MUG"]
    assert (changed.id, changed.name, changed.category) == (mug.id, "Big Mug", "Home")
    assert (changed.price, changed.stock) == (Decimal("5.5"), 6)
    assert products["CUP"].version == 1


async def test_a_product_that_was_there_before_is_known_by_its_sku(shop: Shop) -> None:
    await shop.client.catalog.create("Mug", "4", sku="MUG", stock=7)
    await shop.run(shop.file("mug,Mug,true,other,MUG,10,4"))
    assert shop.said == ["products.csv: 0 added, 0 updated, 1 unchanged, 0 left out, 0 refused"]


async def test_what_the_shop_rejects_is_listed_and_the_rest_is_imported(shop: Shop) -> None:
    code = await shop.run(
        shop.file(
            f"mug,{'M' * 201},true,Kitchen,MUG,10,5",
            "cup,Cup,true,Kitchen,CUP,10,100000000.01",
            "jug,Jug,true,Kitchen,JUG,10,100000000.00",
        )
    )
    assert code == 1
    assert shop.said[0] == "products.csv: 1 added, 0 updated, 0 unchanged, 0 left out, 2 refused"
    assert re.match(r"  line 2: M+: name: ", shop.said[2])
    assert re.match(r"  line 3: Cup: price: ", shop.said[3])


async def test_an_import_that_was_cut_off_goes_on_when_it_is_run_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    create: Callable[..., Any] = Catalog.create

    async def cut_off_at_the_third(catalog: Catalog, *product: Any, **details: Any) -> Any:
        if details["sku"] == "enamel-mug-white-large":
            raise KeyboardInterrupt
        return await create(catalog, *product, **details)

    with monkeypatch.context() as patch:
        patch.setattr(Catalog, "create", cut_off_at_the_third)
        patch.setattr(shopify_load, "AT_ONCE", 1)
        assert await shop.run(DATA / "older-header.csv") == 130
    assert shop.said[0].startswith("older-header.csv: 2 added")

    await shop.run(DATA / "older-header.csv")
    assert shop.said[0].startswith("older-header.csv: 2 added, 0 updated, 2 unchanged")
    assert len(await shop.products()) == 4


async def test_a_product_that_somebody_else_adds_meanwhile_is_brought_up_to_date(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    create: Callable[..., Any] = Catalog.create

    async def create_too_late(catalog: Catalog, *product: Any, **details: Any) -> Any:
        await create(catalog, "Cup", "4", sku="MUG")
        return await create(catalog, *product, **details)

    with monkeypatch.context() as patch:
        patch.setattr(Catalog, "create", create_too_late)
        assert await shop.run(shop.file("mug,Mug,true,Kitchen,MUG,10,5")) == 0
    assert shop.said[0].startswith("products.csv: 0 added, 1 updated, 0 unchanged")
    assert (await shop.products())["MUG"].name == "Mug"


async def test_progress_is_shown_while_many_products_are_loaded(shop: Shop) -> None:
    rows = [f"mug-{number},Mug {number},true,Kitchen,,5,4.20" for number in range(250)]
    assert await shop.run(shop.file(*rows)) == 0
    assert shop.said == [
        "100 of 250",
        "200 of 250",
        "products.csv: 250 added, 0 updated, 0 unchanged, 0 left out, 0 refused",
    ]


async def test_a_catalog_that_stops_answering_ends_the_import_and_says_how_to_go_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify, "CALL_SECONDS", 0.2)

    async def catalog(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.json_response([])
        return web.json_response({"detail": "No room."}, status=507)

    async with FakeService(catalog) as broken:
        await shop.registry.put("catalog", instance("catalog-2", broken.url))
        with pytest.raises(OperationError, match="the same command goes on from here"):
            await shop.run(DATA / "older-header.csv")


async def test_a_wrong_key_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "wrong")
    with pytest.raises(OperationError, match="set API_KEY to its operator key"):
        await shop.run(DATA / "older-header.csv")


async def test_a_customer_s_token_is_not_enough(shop: Shop) -> None:
    async with FakeService(reply({"detail": "No"}, status=403)) as strict:
        await shop.registry.put("catalog", instance("catalog-2", strict.url))
        with pytest.raises(OperationError, match="This key is a customer's"):
            await shop.run(DATA / "older-header.csv")


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (429, "too_many_requests", TOO_MANY_WRONG_KEYS),
        (403, "host_not_allowed", HOST_NOT_ALLOWED),
    ],
)
async def test_why_the_registry_or_the_catalog_refuses_is_told_with_what_to_do(
    shop: Shop, status: int, code: str, sentence: str
) -> None:
    refusal = problem(status, code)
    async with FakeService(refusal) as strict:
        await shop.registry.put("catalog", instance("catalog-2", strict.url))
        with pytest.raises(OperationError, match=re.escape(sentence)):
            await shop.run(DATA / "older-header.csv")
    shop.registry.answers = [refusal] * 1000
    with pytest.raises(OperationError, match=re.escape(sentence)):
        await shop.run(DATA / "older-header.csv")


def test_a_shop_that_does_not_run_is_named_with_how_to_start_it(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(shopify, "CALL_SECONDS", 0.2)
    with pytest.raises(
        OperationError, match=f"No shop answers at http://127.0.0.1:{unused_tcp_port};"
    ):
        shopify.main([str(DATA / "older-header.csv"), "--base-port", str(unused_tcp_port)])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["there-is-none.csv"], "there-is-none.csv is not there."),
        ([str(DATA)], "is a folder"),
        ([__file__], "cannot be imported: its first line has no column Handle"),
        ([], "arguments are required: FILE.csv"),
        (["a.csv", "--base-port", "x"], "'x' is not a port"),
        (["a.csv", "--base-port", "1", "--registry", "http://a"], "not allowed with"),
        (
            [str(DATA / "newer-header.csv"), "--registry", "shop"],
            "http://127.0.0.1:8000, not 'shop'",
        ),
    ],
)
def test_an_import_that_cannot_be_done_is_one_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises((OperationError, SettingsError), match=re.escape(sentence)) as rejection:
        shopify.main(arguments)
    assert "\n" not in str(rejection.value)


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    export = read_export(f"{HEADER}\nmug,\x1b[31mMug,false,,,,5".encode())
    text = shopify.summary(tmp_path, export, shopify_load.Loading())
    assert "\x1b" not in text
    assert "[31mMug" in text
