"""The grammar of money, in a body and in a query string: a JSON number in major units with the
decimals of its currency, which is never rounded.
"""

from decimal import Decimal

import pytest

from tests.shop import Reply, Shop

PRICES = {
    "USD": [
        ("0", "0.00"),
        ("0.00", "0.00"),
        ("-0", "0.00"),
        ("0.01", "0.01"),
        ("0.1", "0.10"),
        ("19.99", "19.99"),
        ("4.35", "4.35"),  # as a float, 4.35 * 100 is 434.99999999999994
        ("7", "7.00"),
        ("1.500", "1.50"),
        ("59.970", "59.97"),
        ("1e2", "100.00"),
        ("1.5E+3", "1500.00"),
        ("12345e-2", "123.45"),
        ("100000000", "100000000.00"),
        ("100000000.000", "100000000.00"),
    ],
    "JPY": [
        ("0", "0"),
        ("0.00", "0"),
        ("1", "1"),
        ("1500", "1500"),
        ("1500.0", "1500"),
        ("1.5e3", "1500"),
        ("10000000000", "10000000000"),
        ("1e10", "10000000000"),
    ],
    "KWD": [
        ("0", "0.000"),
        ("0.001", "0.001"),
        ("1.255", "1.255"),
        ("2.5", "2.500"),
        ("2.500", "2.500"),
        ("59.9700", "59.970"),
        ("4.351", "4.351"),
        ("1e-3", "0.001"),
        ("10000000", "10000000.000"),
    ],
}
NO_PRICES = {
    "USD": ["1.005", "2.501", "0.001", "1e-3", "-0.01", "100000000.01", "1e9"],
    "JPY": ["1500.5", "0.1", "1e-1", "-1", "10000000001", "1e11"],
    "KWD": ["2.5001", "0.0001", "1e-4", "-0.001", "10000000.001", "1e8"],
}
IN_NO_CURRENCY = [
    "-1",
    "1e999999999",
    "1e-999999999",
    "1e99999999999999999999",
    "1e-99999999999999999999",
    "9" * 5000,
    '"19.99"',
    "NaN",
    "Infinity",
    "-Infinity",
    "true",
    "[]",
    "{}",
]


@pytest.fixture(params=PRICES)
def currency(request: pytest.FixtureRequest) -> str:
    """The currency of the shop."""
    return str(request.param)


@pytest.fixture
async def catalog(shop: Shop, currency: str) -> Shop:
    """A catalog with no products in it."""
    await shop.start("catalog", currency=currency)
    return shop


async def add(shop: Shop, price: str) -> Reply:
    body = f'{{"name": "Pear Drops", "price": {price}}}'.encode()
    headers = {"Content-Type": "application/json"}
    return await shop.call("catalog", "POST", "/products", data=body, headers=headers)


async def test_a_price_in_a_body_is_kept_to_the_smallest_unit(
    catalog: Shop, currency: str, subtests: pytest.Subtests
) -> None:
    for written, kept in PRICES[currency]:
        with subtests.test(written):
            reply = await add(catalog, written)
            assert reply.status == 201
            assert f'"price":{kept},'.encode() in reply.body


async def test_an_invalid_price_in_a_body_is_422(
    catalog: Shop, currency: str, subtests: pytest.Subtests
) -> None:
    for written in [*NO_PRICES[currency], *IN_NO_CURRENCY, "null"]:
        with subtests.test(written[:25]):
            reply = await add(catalog, written)
            assert (reply.status, reply.code) == (422, "invalid_request")


async def test_malformed_json_is_400(catalog: Shop, subtests: pytest.Subtests) -> None:
    for written in ["1.", ".5", "01", "+1", "1,50", "0x10", "--1", "1e", "\u0661"]:
        with subtests.test(written):
            reply = await add(catalog, written)
            assert (reply.status, reply.code) == (400, "malformed_json")


async def test_a_price_in_a_query_is_read_as_in_a_body(
    catalog: Shop, currency: str, subtests: pytest.Subtests
) -> None:
    for kept in {kept for _, kept in PRICES[currency]}:
        await add(catalog, kept)
    for written, kept in PRICES[currency]:
        with subtests.test(written):
            query = {"min_price": written, "max_price": written}
            [found] = (await catalog.call("catalog", "GET", "/products", params=query)).json
            assert found["price"] == Decimal(kept)


@pytest.mark.parametrize("bound", ["min_price", "max_price"])
async def test_an_invalid_price_in_a_query_is_422(
    catalog: Shop, currency: str, bound: str, subtests: pytest.Subtests
) -> None:
    for written in [*NO_PRICES[currency], *IN_NO_CURRENCY, "", " ", "1.", "01", "free"]:
        with subtests.test(written[:25]):
            reply = await catalog.call("catalog", "GET", "/products", params={bound: written})
            assert (reply.status, reply.code) == (422, "invalid_request")
            assert reply.json["detail"].startswith(f"{bound}: ")
