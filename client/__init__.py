"""The shop's client library: `ShopClient`, the types it answers with, and its errors."""

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import (
    AuthenticationError,
    Conflict,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ShopError,
    Unavailable,
)

if TYPE_CHECKING:
    from .models import (
        Cart,
        CartAddition,
        CartItem,
        Category,
        Hold,
        Money,
        Order,
        OrderEvent,
        OrderItem,
        OrderLine,
        Page,
        Payment,
        PaymentReceipt,
        Product,
        Receipt,
        ReceiptLink,
    )
    from .shop import ShopClient

__version__ = "0.2.0"

__all__ = [
    "AuthenticationError",
    "Cart",
    "CartAddition",
    "CartItem",
    "Category",
    "Conflict",
    "Hold",
    "InvalidRequest",
    "Money",
    "NotFound",
    "Order",
    "OrderEvent",
    "OrderItem",
    "OrderLine",
    "OutcomeUnknown",
    "Page",
    "Payment",
    "PaymentReceipt",
    "PermissionDenied",
    "Product",
    "RateLimited",
    "Receipt",
    "ReceiptLink",
    "ShopClient",
    "ShopError",
    "Unavailable",
    "__version__",
]


def __getattr__(name: str) -> object:
    """Import the client and its types when they are first asked for: a service, which imports this
    package for its transport, has no use for them.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = ".shop" if name == "ShopClient" else ".models"
    return getattr(import_module(home, __name__), name)
