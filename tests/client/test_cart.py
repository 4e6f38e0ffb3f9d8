"""The calls of `ShopClient.cart`."""

from decimal import Decimal

from client import ShopClient
from tests.client.bodies import CART, ITEM
from tests.client.fakes import FakeService, only_request, reply


async def test_an_addition_answers_with_the_lines(shop: ShopClient, service: FakeService) -> None:
    added = {"message": "Item added to cart", "cart": [ITEM | {"validated": False}]}
    service.answers = [reply(added | {"total_amount": 0.2, "currency": "USD", "version": 4})]
    addition = await shop.cart.add("a/b c", 7, quantity=2)
    assert addition.cart[0].line_total == Decimal("0.2")
    assert not addition.cart[0].validated
    assert only_request(service) == (
        "POST",
        "/cart/a%2Fb%20c/add",
        {"product_id": 7, "quantity": 2},
    )


async def test_a_cart_is_read_changed_and_emptied(shop: ShopClient, service: FakeService) -> None:
    service.answers = [reply(CART)]
    assert (await shop.cart.get("ada")).items[0].price == Decimal("0.1")
    assert (await shop.cart.set_quantity("ada", 7, 0)).version == 4
    assert (await shop.cart.remove("ada", 7)).user_id == "ada"
    assert (await shop.cart.clear("ada")).currency == "USD"
    assert [(seen.method, seen.path) for seen in service.seen] == [
        ("GET", "/cart/ada"),
        ("PUT", "/cart/ada/items/7"),
        ("DELETE", "/cart/ada/items/7"),
        ("DELETE", "/cart/ada"),
    ]
