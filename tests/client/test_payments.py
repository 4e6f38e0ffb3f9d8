"""The calls of `ShopClient.payments`."""

from decimal import Decimal

import pytest

from client import ShopClient
from tests.client.bodies import PAYMENT
from tests.client.fakes import FakeService, idempotency_keys, reply


async def test_payments_are_listed_read_and_refunded(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply([PAYMENT]), reply([PAYMENT]), reply(PAYMENT)]
    assert (await shop.payments.list(order_id="o-1"))[0].refunded_amount == Decimal("0.2")
    assert [each.status async for each in shop.payments.iter(status="REFUNDED")] == ["REFUNDED"]
    assert (await shop.payments.get("p-1")).user_id == "ada"
    assert (await shop.payments.refund("p-1", idempotency_key="k")).status == "REFUNDED"
    assert [(seen.method, seen.path) for seen in service.seen] == [
        ("GET", "/payments?order_id=o-1"),
        ("GET", "/payments?status=REFUNDED"),
        ("GET", "/payments/p-1"),
        ("POST", "/payments/p-1/refund"),
    ]
    assert idempotency_keys(service.seen[3:]) == {"k"}


async def test_a_float_or_no_amount_is_an_error_before_anything_is_sent(
    shop: ShopClient, service: FakeService
) -> None:
    with pytest.raises(TypeError):
        await shop.payments.pay("o-1", 19.99)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="without a total"):
        await shop.payments.pay("o-1", None)
    assert service.seen == []
