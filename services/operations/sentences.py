"""Sentences that several commands say.

What keeps a service from opening a database keeps a command from it as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from client import AuthenticationError, PermissionDenied, RateLimited, ShopError
from services.common.core.arguments import SettingsError
from services.common.storage.errors import CannotOpen

from . import OperationError

UNKNOWN_KEY = "The shop does not know this key; set API_KEY to its operator key."
CUSTOMERS_KEY = "This key is a customer's; set API_KEY to the shop's operator key."
TOO_MANY_WRONG_KEYS = (
    "The shop does not know this key, and too many wrong ones came from here before; set API_KEY to"
    " its operator key, which is taken at once."
)
HOST_NOT_ALLOWED = (
    "With the development key a shop is reached as localhost, 127.0.0.1 or [::1] alone; name one of"
    " them, or give the shop and this command an API_KEY of your own."
)


def why_refused(error: ShopError) -> str | None:
    """Why a shop refuses whoever calls; None where the error says something else."""
    match error:
        case AuthenticationError():
            return UNKNOWN_KEY
        case PermissionDenied(code="host_not_allowed"):
            return HOST_NOT_ALLOWED
        case PermissionDenied():
            return CUSTOMERS_KEY
        case RateLimited(code="too_many_requests"):  # of an operator's key there are never too many
            return TOO_MANY_WRONG_KEYS
        case _:
            return None


def no_shop_at(registry: str) -> str:
    """That no registry answers at a URL."""
    return (
        f"No shop answers at {registry}; start one with python run.py, "
        "or say where it is with --registry."
    )


@contextmanager
def sentences() -> Iterator[None]:
    """Turn CannotOpen and SettingsError into an OperationError with the same sentence."""
    try:
        yield
    except (CannotOpen, SettingsError) as rejection:
        raise OperationError(str(rejection)) from None
