"""Makes the requests of each thing, as bytes, in the words of each dialect."""

from __future__ import annotations

from uuid import uuid4

from .job import Dialect, Target

OPERATOR = "secret-key-123"
LISTED = 20


class Requests:
    """The requests of one client to one system."""

    def __init__(self, target: Target, key: str) -> None:
        self._target = target
        self._is_shop = target.dialect is Dialect.SHOP
        self._heads = {service: self._head(service, key) for service in target.ports}

    def products(self) -> bytes:
        return self._get("catalog", f"/products?limit={LISTED}")

    def product(self, product_id: int) -> bytes:
        return self._get("catalog", f"/products/{product_id}")

    def add(self, user_id: str, product_id: int) -> bytes:
        path = f"/cart/{user_id}/add"
        if not self._is_shop:
            return self._post("cart", f"{path}?product_id={product_id}&quantity=1")
        return self._post("cart", path, f'{{"product_id":{product_id},"quantity":1}}')

    def order(self, user_id: str, product_id: int, price: float) -> bytes:
        """Of named items, at the price that the caller has seen."""
        items = f'[{{"product_id":{product_id},"quantity":1,"price":{price}}}]'
        return self._post("order", "/orders", f'{{"user_id":"{user_id}","items":{items}}}')

    def order_of_cart(self, user_id: str, product_id: int, price: float) -> bytes:
        """Of what is in the cart. The stand-in's order service knows no carts."""
        if not self._is_shop:
            return self.order(user_id, product_id, price)
        return self._post("order", "/orders", f'{{"user_id":"{user_id}"}}')

    def pay(self, order_id: str, amount: float) -> bytes:
        if not self._is_shop:
            return self._post("payment", f"/pay?order_id={order_id}&amount={amount}")
        return self._post("payment", "/pay", f'{{"order_id":"{order_id}","amount":{amount}}}')

    def _head(self, service: str, key: str) -> str:
        host = f"127.0.0.1:{self._target.ports[service]}"
        head = (
            f" HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\nAccept: */*\r\n"
            "Accept-Encoding: gzip, deflate\r\nUser-Agent: tuckshop-client\r\n"
        )
        if self._target.names_services:
            head += f"Tuckshop-Service: {service}\r\n"
        return head

    def _get(self, service: str, path: str) -> bytes:
        text = f"GET {self._target.prefix}{path}{self._heads[service]}"
        if self._is_shop:
            text += f"X-Request-ID: {uuid4()}\r\n"
        return f"{text}\r\n".encode()

    def _post(self, service: str, path: str, body: str = "") -> bytes:
        text = f"POST {self._target.prefix}{path}{self._heads[service]}"
        if self._is_shop:
            text += f"X-Request-ID: {uuid4()}\r\nIdempotency-Key: {uuid4()}\r\n"
        if body:
            text += "Content-Type: application/json\r\n"
        return f"{text}Content-Length: {len(body)}\r\n\r\n{body}".encode()
