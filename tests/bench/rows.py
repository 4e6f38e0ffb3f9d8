"""What is measured, as data."""

from __future__ import annotations

from dataclasses import dataclass

from .load.job import Thing

ALL = (1, 32, 256)


@dataclass(frozen=True)
class Row:
    """A thing that clients do, and how many of them at once."""

    name: str
    text: str
    thing: Thing
    clients: tuple[int, ...] = ALL
    purchases_beside: float = 0.0
    """So many purchases a second go on meanwhile."""
    storefront: bool = False
    """Whether it goes through the storefront, by guests."""
    to_itself: str = ""
    """A row of the shop that this is compared with. Then it is measured of the shop alone."""
    alone: bool = False
    """Whether it is measured of the shop alone, once, and not in a quick run."""
    seconds: float = 0.0
    """Of each round, if not as long as the others."""


ROWS = (
    Row("list", "GET /products (20)", Thing.LIST),
    Row("product", "GET /products/{id}", Thing.PRODUCT),
    Row(
        "list-busy",
        "the list, 100 purchases/s beside",
        Thing.LIST,
        (32,),
        purchases_beside=100.0,
        to_itself="list",
    ),
    Row(
        "product-busy",
        "the product, 100 purchases/s beside",
        Thing.PRODUCT,
        (32,),
        purchases_beside=100.0,
        to_itself="product",
    ),
    Row("add", "POST /cart/{user}/add", Thing.ADD),
    Row("order", "POST /orders, named items", Thing.ORDER),
    Row("pay", "POST /pay", Thing.PAY),
    Row("purchase", "a whole purchase", Thing.PURCHASE, (1, 32, 64, 256)),
    Row(
        "storefront",
        "a purchase through /api",
        Thing.PURCHASE,
        (32,),
        storefront=True,
        to_itself="purchase",
    ),
    Row("long", "purchases for 30 s", Thing.PURCHASE, (256,), alone=True, seconds=30.0),
    Row("crowd", "adds past 512 at once", Thing.ADD, (800,), alone=True, seconds=5.0),
)
QUICK_CLIENTS = (1, 32)
REQUESTS = {Thing.PURCHASE: 3}
"""How many requests each thing is, if not one."""


@dataclass(frozen=True)
class Cell:
    """A row at one number of clients."""

    row: Row
    clients: int

    @property
    def key(self) -> tuple[str, int]:
        return self.row.name, self.clients


def cells(names: list[str], *, quick: bool) -> list[Cell]:
    """What a run measures, of the rows with these names."""
    return [
        Cell(row, clients)
        for row in ROWS
        if row.name in names and not (quick and row.alone)
        for clients in row.clients
        if not quick or clients in QUICK_CLIENTS
    ]
