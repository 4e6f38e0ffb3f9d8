"""The carts: what a user means to buy."""

from .calls import Calls
from .models import Cart, CartAddition
from .wire import path_segment


class Carts:
    """Every user's cart; see `ShopClient.cart`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def get(self, user_id: str) -> Cart:
        """Return the user's cart at the catalog's current prices; an empty one for a new user."""
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

        While the catalog cannot be reached the line is kept all the same, with `validated` False.
        """
        answer = await self._calls.write(
            "cart",
            "POST",
            f"{_path(user_id)}/add",
            json={"product_id": product_id, "quantity": quantity},
            idempotency_key=idempotency_key,
        )
        return answer.decode(CartAddition)

    async def set_quantity(self, user_id: str, product_id: int, quantity: int) -> Cart:
        """Have exactly `quantity` units in the cart (0 removes the line) and return the cart."""
        answer = await self._calls.write(
            "cart", "PUT", _item(user_id, product_id), json={"quantity": quantity}
        )
        return answer.decode(Cart)

    async def remove(self, user_id: str, product_id: int) -> Cart:
        """Take a product out of the cart and return the cart."""
        answer = await self._calls.write("cart", "DELETE", _item(user_id, product_id))
        return answer.decode(Cart)

    async def clear(self, user_id: str) -> Cart:
        """Empty the cart and return it."""
        answer = await self._calls.write("cart", "DELETE", _path(user_id))
        return answer.decode(Cart)


def _path(user_id: str) -> str:
    return f"/cart/{path_segment(user_id)}"


def _item(user_id: str, product_id: int) -> str:
    return f"{_path(user_id)}/items/{path_segment(product_id)}"
