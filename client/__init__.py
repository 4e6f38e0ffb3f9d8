"""The shop's client library: `ShopClient`, the types it answers with, and its errors."""

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
