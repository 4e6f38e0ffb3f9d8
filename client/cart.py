"""The cart of a user: what they mean to buy."""

from .calls import Calls
from .models import Cart, CartAddition
from .wire import segment


class Carts:
    """Every user's cart; see `ShopClient.cart`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def get(self, user_id: str) -> Cart:
        """Return the user's cart at today's prices; an empty one for a user never seen."""
        return (await self._calls.read("cart", _path(user_id))).decode(Cart)

    async def add(
        self,
        user_id: str,
        product_id: int,
        quantity: int = 1,
        *,
        idempotency_key: str | None = None,
    ) -> CartAddition:
        """Put `quantity` more units in the cart. Raises NotFound `product_not_found`.

        While no catalog can be asked the line is kept all the same, not `validated`.
        """
        answer = await self._calls.effect(
            "cart",
            "POST",
            f"{_path(user_id)}/add",
            json={"product_id": product_id, "quantity": quantity},
            idempotency_key=idempotency_key,
        )
        return answer.decode(CartAddition)

    async def set_quantity(self, user_id: str, product_id: int, quantity: int) -> Cart:
        """Have `quantity` units in the cart, 0 for none, and return the cart."""
        answer = await self._calls.effect(
            "cart", "PUT", _item(user_id, product_id), json={"quantity": quantity}
        )
        return answer.decode(Cart)

    async def remove(self, user_id: str, product_id: int) -> Cart:
        """Take a product out of the cart and return the cart."""
        answer = await self._calls.effect("cart", "DELETE", _item(user_id, product_id))
        return answer.decode(Cart)

    async def clear(self, user_id: str) -> Cart:
        """Empty the cart and return it."""
        answer = await self._calls.effect("cart", "DELETE", _path(user_id))
        return answer.decode(Cart)


def _path(user_id: str) -> str:
    return f"/cart/{segment(user_id)}"


def _item(user_id: str, product_id: int) -> str:
    return f"{_path(user_id)}/items/{segment(product_id)}"
