"""How SQLite finds what the services' statements ask for: by an index, and sorted by it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.routes import every_route
from tests.schemas import in_memory
from tests.shop import Shop, until

Statement = tuple[str, str, Any]
"""The database, the SQL and the parameters."""
SORTS = ("id", "name", "price", "-price", "newest")
A_QUERY = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
FEW_ROWS = {
    *("shop", "opened_in", "opening", "token_keys", "token_rules", "forgotten_carts"),
    *("schema_migrations", "CONSTANT"),
}
"""Tables that do not grow with the shop."""
NAMED = {
    r"FROM products WHERE deleted_at IS NULL ORDER BY": "It ends at its limit.",
    r"FROM (orders|payments) WHERE (TRUE|number < \?) ORDER BY number DESC LIMIT": "As well.",
    r"FROM products WHERE \+?deleted_at IS NULL AND (search_text|available|price_minor|category)": (
        "Filters of a search, which may be any together."
    ),
    r"FROM products WHERE deleted_at IS NULL AND (sku|id) ": "Products that are named.",
    r"SELECT category, count\(\*\) FROM products": "It counts what there is of each category.",
    r"^INSERT INTO products": "No reservation is without its product.",
    r"FROM token_keys ORDER BY": "A shop has 100 of them at most.",
    r"(FROM|JOIN) cart_lines AS line": "A cart has 100 lines at most.",
    r"^SELECT order_id, number FROM orders WHERE stock_state IN": "What is due, not what was.",
    r"FROM payments WHERE status IN \('PENDING', 'REFUNDING'\)": "What is under way.",
    r"AS first_expires_at FROM orders WHERE status = 'CREATED' AND \w+ IS NOT NULL": (
        "The unpaid orders, for the operator."
    ),
}
"""The statements that read a whole table or index, or sort, by a part of them; and why they may."""


class Noting(sqlite3.Connection):
    """A connection that notes what it is asked."""

    noted: list[Statement]
    name: str

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.noted.append((self.name, sql, parameters))
        return super().execute(sql, parameters)

    def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:
        self.noted.extend((self.name, sql, row) for row in rows[:1])
        return super().executemany(sql, rows)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """All that is asked of databases meanwhile."""
    connect = sqlite3.connect
    statements: list[Statement] = []

    def connect_noting(path: Any, **options: Any) -> sqlite3.Connection:
        made = connect(path, factory=Noting, **options)
        made.name = Path(str(path).removeprefix("file:").partition("?")[0]).name
        made.noted = statements
        return made

    monkeypatch.setattr(sqlite3, "connect", connect_noting)
    return statements


async def use_all(shop: Shop) -> None:
    """Have every statement run that the services have."""
    for name in ("Pear Drops", "Rye Loaf"):
        product = await shop.product(name=name, sku=name)
    for sort in SORTS:
        for more in ("", "&category=sweets", "&q=pear", "&in_stock=true", "&min_price=1"):
            path: str | None = f"/products?sort={sort}&limit=1{more}"
            while path is not None:
                reply = await shop.call("catalog", "GET", path)
                link = re.match("<(.*)>", reply.headers.get("Link", ""))
                path = link and link[1]
    for path in ("/products?ids=1,2", "/products?sku=a", "/categories", "/categories?q=pear"):
        await shop.call("catalog", "GET", path)
    await shop.call("cart", "POST", "/cart/ada/add", json={"product_id": product})
    bought = (await shop.call("order", "POST", "/orders", json={"user_id": "ada"})).json
    paid = (await shop.pay(bought)).json
    await shop.call("payment", "POST", f"/payments/{paid['payment_id']}/refund")
    cancelled = await shop.order(product)
    await shop.call("order", "POST", f"/orders/{cancelled['order_id']}/cancel")
    for path in ("", "?user_id=ada", "?status=PAID", "?user_id=ada&status=PAID"):
        first = await shop.call("order", "GET", f"/orders{path}{'&' if path else '?'}limit=1")
        if link := re.match("<(.*)>", first.headers.get("Link", "")):
            await shop.call("order", "GET", link[1])
    for query in ("", f"?order_id={bought['order_id']}", "?status=COMPLETED"):
        await shop.call("payment", "GET", f"/payments{query}")
    for by in ("user_id", "network"):
        await shop.call("order", "GET", f"/holds?by={by}&limit=1")
    for case in every_route():
        if case.service != "registry" and not (case.route.streams or case.route.raw):
            given: dict[str, Any] = {"json": case.body()} if case.route.has_body else {}
            await shop.call(case.service, case.method, case.path(), params=case.query(), **given)


def plan_of(name: str, sql: str, parameters: Any) -> list[str]:
    with closing(in_memory(name)) as conn:
        return [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


def is_costly(step: str) -> bool:
    """Whether a step of a plan reads a whole table or index, or sorts what it has read."""
    table = re.match(r"SCAN (\w+)", step)
    return (table is not None and table[1] not in FEW_ROWS) or "TEMP B-TREE" in step


@pytest.fixture
async def costly(shop: Shop, noted: list[Statement]) -> set[str]:
    """The statements of the services with a costly step in their plan, each as one line."""
    await shop.start("catalog", "cart", "order", "payment", "storefront")
    noted.clear()  # making a database reads what there is of it
    await use_all(shop)
    await shop.restart("order", "payment")  # which look at once for what is under way
    for status in ("REQUESTED", "REFUNDING"):
        await until(lambda status=status: any(f"'{status}'" in sql for _, sql, _ in noted))  # type: ignore[misc]
    asked = {(name, sql): parameters for name, sql, parameters in noted if A_QUERY.match(sql)}
    assert len(asked) > 100
    return {
        " ".join(sql.split())
        for (name, sql), parameters in asked.items()
        if any(map(is_costly, plan_of(name, sql, parameters)))
    }


async def test_no_statement_but_the_named_ones_reads_or_sorts_a_whole_table(
    costly: set[str],
) -> None:
    unnamed = [sql for sql in costly if not any(re.search(name, sql) for name in NAMED)]
    assert unnamed == []


async def test_each_named_statement_is_still_costly(costly: set[str]) -> None:
    cheap = [name for name in NAMED if not any(re.search(name, sql) for sql in costly)]
    assert cheap == []


@pytest.mark.parametrize("sort", ["sort_name", "price_minor"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_a_page_of_all_products_is_sorted_by_an_index(sort: str, direction: str) -> None:
    sql = (
        f"SELECT * FROM products WHERE deleted_at IS NULL ORDER BY {sort} {direction},"
        f" id {direction} LIMIT ?"
    )
    (step,) = plan_of("products.db", sql, (20,))
    assert step.startswith("SCAN products USING INDEX products_by_")


def test_the_orders_of_a_user_with_one_status_are_found_by_an_index() -> None:
    sql = "SELECT * FROM orders WHERE user_id = ? AND status = ? ORDER BY number DESC LIMIT ?"
    (step,) = plan_of("orders.db", sql, ("ada", "PAID", 20))
    assert step.endswith("INDEX orders_by_user_and_status (user_id=? AND status=?)")
