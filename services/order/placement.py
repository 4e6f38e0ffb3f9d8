"""The unit of work that places an order, and what may keep one from being placed."""

from __future__ import annotations

import sqlite3
import uuid

from services.common.core import wire
from services.common.core.clock import seconds_after
from services.common.core.errors import Conflict, Invalid
from services.common.web.idempotency_keys import IdempotencyKey, begin, keep

from . import store
from .messages import checkout_response
from .model import (
    Bound,
    Checkout,
    Order,
    OrdersOfCart,
    Placement,
    StaleCart,
    require_address_room,
    require_customer_room,
)
from .transitions import record_event


def place_order(
    conn: sqlite3.Connection,
    checkout: Checkout,
    key: IdempotencyKey | None,
    now: str,
    request_id: str,
) -> Placement:
    """Store an order as CREATED with its stock REQUESTED, and point the key to it.

    If this version of the cart has already become an order, that order is returned. Raises Invalid
    (`cart_empty`); Conflict (`order_pending`) while an earlier order of the user has not closed its
    cart; StaleCart; what `require_customer_room` and `require_address_room` raise.
    """
    if checkout.cart_version is not None:
        orders = store.find_of_cart(conn, checkout.user_id, checkout.cart_version)
        if orders.same is not None:
            return _find_again(conn, store.get_order(conn, orders.same), key, request_id)
        _require_closed_carts(orders, checkout.cart_version)
        if not checkout.items:
            raise Invalid("The cart is empty", code="cart_empty")
    _require_room(conn, checkout)
    order = Order(
        order_id=str(uuid.uuid4()),
        user_id=checkout.user_id,
        status="CREATED",
        stock_state="REQUESTED",
        reason=None,
        rejection=None,
        items=list(checkout.items),
        expected_total_minor=checkout.expected_total_minor,
        total_minor=None,
        currency=checkout.currency,
        payment_id=None,
        cart_version=checkout.cart_version,
        cart_state="NONE" if checkout.cart_version is None else "OPEN",
        expires_at=seconds_after(now, checkout.seconds_to_pay),
        created_at=now,
        updated_at=now,
    )
    conn.execute(
        "INSERT INTO orders (order_id, user_id, status, stock_state, items, units, network,"
        " expected_total_minor, currency, minor_per_major, cart_version, cart_state, expires_at,"
        " created_at, updated_at)"
        " VALUES (?, ?, 'CREATED', 'REQUESTED', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.order_id,
            order.user_id,
            wire.encode(order.items).decode(),
            checkout.units,
            checkout.network,
            order.expected_total_minor,
            order.currency.code,
            order.currency.minor_per_major,
            order.cart_version,
            order.cart_state,
            order.expires_at,
            now,
            now,
        ),
    )
    record_event(conn, order.order_id, order.state, "placed", now)
    begin(conn, key, order.order_id, created=True)
    return Placement(order, created=True)


def _find_again(
    conn: sqlite3.Connection, order: Order, key: IdempotencyKey | None, request_id: str
) -> Placement:
    """The placement of a request whose version of the cart has already become `order`."""
    if order.stock_state == "REQUESTED":
        begin(conn, key, order.order_id)
    else:
        keep(conn, key, checkout_response(order, request_id, created=False))
    return Placement(order, created=False)


def _require_closed_carts(orders: OrdersOfCart, version: int) -> None:
    if orders.pending is not None:
        raise Conflict(
            f"Order {orders.pending} is still taking its lines out of this cart",
            code="order_pending",
            extensions={"order_id": orders.pending},
        )
    if version < orders.left_version:
        raise StaleCart


def _require_room(conn: sqlite3.Connection, checkout: Checkout) -> None:
    """Return if the customer, and the network that the session came from, may hold so much more."""
    if checkout.customer_bound != Bound():
        held = store.held_by_user(conn, checkout.user_id)
        require_customer_room(checkout.units, held, checkout.customer_bound)
    if checkout.network is not None and checkout.address_bound != Bound():
        held = store.held_from_network(conn, checkout.network)
        require_address_room(checkout.units, held, checkout.address_bound)
