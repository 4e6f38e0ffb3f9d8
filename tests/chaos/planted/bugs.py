"""The bugs, by name."""

from __future__ import annotations

from .bug import Bug
from .in_batches import IN_BATCHES
from .in_cart import IN_CART
from .in_catalog import IN_CATALOG
from .in_common import IN_COMMON
from .in_order import IN_ORDER
from .in_payment import IN_PAYMENT

_EVERY = (*IN_COMMON, *IN_BATCHES, *IN_CATALOG, *IN_CART, *IN_ORDER, *IN_PAYMENT)
BUGS: dict[str, Bug] = {bug.name: bug for bug in _EVERY}
