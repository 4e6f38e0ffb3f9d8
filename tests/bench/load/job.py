"""What the load generator is told to do, and what it tells of it: a line of JSON each."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Dialect(StrEnum):
    """How a system wants to be asked."""

    SHOP = "shop"
    """JSON bodies and an Idempotency-Key, as the client library sends them."""
    STAND_IN = "stand-in"
    """Numbers in the query string. An order has the items of the cart and their prices in it."""


class Thing(StrEnum):
    """What a client does again and again."""

    LIST = "list"
    PRODUCT = "product"
    ADD = "add"
    ORDER = "order"
    """Of named items. It stays unpaid until PAY finds it."""
    PAY = "pay"
    """For an order that ORDER has placed; it ends when none is left."""
    PURCHASE = "purchase"
    """Add, order from the cart, pay."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a system is reached."""

    name: str
    dialect: Dialect
    ports: dict[str, int]
    """Of catalog, cart, order and payment, on 127.0.0.1."""
    products: list[tuple[int, float]]
    """The id and the price of each."""
    prefix: str = ""
    names_services: bool = True
    """Whether a request says which service it is for, as the client library's do."""
    guests: list[tuple[str, str]] = []
    """User and token of each client; without any, the operator buys for users of many names."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """So many clients at once do a thing, for some seconds."""

    target: Target
    thing: Thing
    clients: int
    seconds: float
    warm_up: float = 0.2
    """Seconds before these that do not count."""
    rate: float = 0.0
    """How many a second are begun at most; 0: each client begins when it is done with the last."""
    pids: dict[str, int] = {}
    """Processes whose processor time is told, by the name that it is told under."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, within the seconds that count. Times are in seconds."""

    done: int
    seconds: float
    p50: float | None
    p99: float | None
    """None where nothing was done."""
    errors: dict[str, int]
    """What went wrong and how often, also before and after the seconds that count."""
    cpu: dict[str, float]
    """Processor time by name, and the load generator's own as `generator`."""

    @property
    def rate(self) -> float:
        """So many a second."""
        return self.done / self.seconds
