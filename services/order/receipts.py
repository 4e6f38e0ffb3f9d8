"""Receipts: an order's own link, which shows that order alone, to whoever has it.

A link is made when its order's customer asks for it, and is told that once: what is kept of it is a
hash. So neither a database, a backup nor an answer that is kept for a repeat has a link in it.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3

from aiohttp import web

from services.common.core import wire
from services.common.core.clock import utc_now
from services.common.core.errors import Conflict, NotFound
from services.common.web.keys import DATABASE, PRINCIPAL

from . import store
from .lookup import order_id_in_path, own_order
from .messages import ReceiptLink, ReceiptView
from .model import order_not_found

TOKEN_BYTES = 32


async def make_receipt(request: web.Request) -> web.Response:
    """Make the link of an order's receipt, and end the one that was made before.

    After the operator has revoked the link, only the operator makes another.
    """
    order_id = (await own_order(request)).order_id
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await request.app[DATABASE].write(
        store_receipt, order_id, hash_of(token), may_replace_revoked=request[PRINCIPAL].is_operator
    )
    link = ReceiptLink(order_id=order_id, token=token)
    headers = {"Location": f"/receipts/{token}"}
    return web.json_response(body=wire.encode(link), status=201, headers=headers)


async def get_receipt(request: web.Request) -> web.Response:
    """The order whose receipt a link leads to. Who has the link needs no key."""
    digest = hash_of(request.match_info["token"])
    receipt = await request.app[DATABASE].lookup(read_receipt, digest)
    return web.json_response(body=wire.encode(receipt))


async def revoke_receipt(request: web.Request) -> web.Response:
    """End the link of an order's receipt, or see to it that there will be none."""
    await request.app[DATABASE].write(end_receipt, order_id_in_path(request), utc_now())
    return web.Response(status=204)


def hash_of(token: str) -> str:
    """What is kept of a receipt's link."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def read_receipt(conn: sqlite3.Connection, digest: str) -> ReceiptView:
    """The receipt whose link has this hash. Raises NotFound if there is none."""
    row = conn.execute("SELECT * FROM orders WHERE receipt_hash = ?", (digest,)).fetchone()
    if row is None:
        raise NotFound("This link leads to no receipt", code="receipt_not_found")
    order = store.to_order(row)
    return ReceiptView.of(order, store.list_events(conn, order.order_id))


def store_receipt(
    conn: sqlite3.Connection, order_id: str, digest: str, *, may_replace_revoked: bool
) -> None:
    """Have the link with this hash be the order's only one. That one was revoked stays known.

    Raises Conflict (`receipt_revoked`), NotFound (`order_not_found`).
    """
    changed = conn.execute(
        "UPDATE orders SET receipt_hash = ?"
        " WHERE order_id = ? AND (receipt_revoked_at IS NULL OR ?)",
        (digest, order_id, may_replace_revoked),
    ).rowcount
    if not changed:
        store.get_order(conn, order_id)
        raise Conflict(
            f"The shop has revoked the receipt of order {order_id}",
            code="receipt_revoked",
            extensions={"order_id": order_id},
        )


def end_receipt(conn: sqlite3.Connection, order_id: str, now: str) -> None:
    """Revoke the order's link. A repeat changes nothing. Raises NotFound (`order_not_found`)."""
    changed = conn.execute(
        "UPDATE orders SET receipt_hash = NULL, receipt_revoked_at = CASE"
        "   WHEN receipt_hash IS NULL THEN coalesce(receipt_revoked_at, ?1) ELSE ?1 END"
        " WHERE order_id = ?2",
        (now, order_id),
    ).rowcount
    if not changed:
        raise order_not_found(order_id)
