"""Sentences that several commands say.

What keeps a service from opening a database keeps a command from it as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.common.storage.errors import CannotOpen

from . import OperationError

UNKNOWN_KEY = "The shop does not know this key; set API_KEY to its operator key."
CUSTOMERS_KEY = "This key is a customer's; set API_KEY to the shop's operator key."


def no_shop_at(registry: str) -> str:
    """That no registry answers at a URL."""
    return (
        f"No shop answers at {registry}; start one with python run.py, "
        "or say where it is with --registry."
    )


@contextmanager
def sentences() -> Iterator[None]:
    """Turn CannotOpen into an OperationError with the same sentence."""
    try:
        yield
    except CannotOpen as rejection:
        raise OperationError(str(rejection)) from None
