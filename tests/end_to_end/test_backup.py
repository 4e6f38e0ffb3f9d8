"""A shop is backed up in the midst of purchases; what is restored is whole, and sells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client import OrderLine, ShopClient
from services.operations.audit.command import look
from services.operations.backup import command as take
from services.operations.backup import restore

from .conftest import Start
from .real_shop import OPERATOR, PATIENCE, RealShop

CUSTOMERS = 4
BACKUPS = 3


async def buy(client: ShopClient, user_id: str) -> None:
    order = await client.orders.create(user_id, [OrderLine(product_id=1, quantity=1)])
    receipt = await client.payments.pay(order.order_id, order.total_amount)
    assert receipt.order_status == "PAID"


@asynccontextmanager
async def customers(shop: RealShop) -> AsyncIterator[None]:
    """Have customers buy meanwhile; one to whom anything else than that happens raises it."""
    stop = asyncio.Event()

    async def keep_buying(user_id: str) -> None:
        async with ShopClient(shop.registry_url, api_key=OPERATOR, timeout=PATIENCE) as client:
            while not stop.is_set():
                await buy(client, user_id)

    async with asyncio.TaskGroup() as group:
        for number in range(CUSTOMERS):
            group.create_task(keep_buying(f"customer{number}"))
        yield
        stop.set()


@pytest.mark.chaos
async def test_what_was_backed_up_under_load_can_be_restored_and_sells(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = start().ready()
    async with ShopClient(shop.registry_url, api_key=OPERATOR) as client:
        await client.catalog.adjust_stock(1, 100_000, reason="delivery")
    backups = [tmp_path / f"backup{number}" for number in range(BACKUPS)]
    async with customers(shop):
        for backup in backups:
            arguments = [str(backup), "--data-dir", str(shop.folder)]
            assert await asyncio.to_thread(take.main, arguments) == 0
    assert capsys.readouterr().out.count("; the shop ran on, its writes waited ") == BACKUPS
    assert shop.stop() == 0

    for backup in backups:
        data = backup.with_name(f"{backup.name}-restored")
        assert restore.main([str(backup), "--data-dir", str(data)]) == 0
    again = RealShop(data, shop.base_port)
    try:
        again.ready()
        async with ShopClient(again.registry_url, api_key=OPERATOR, timeout=PATIENCE) as client:
            await buy(client, "ada")
    finally:
        again.kill()
    assert not again.said("the registry names another shop than before")
    assert not look(data).breaches
