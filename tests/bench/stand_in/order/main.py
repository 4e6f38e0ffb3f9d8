"""Orders, at the prices that the caller names. A payment makes them PAID."""

import json
import os
import sqlite3
import uuid

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

API_KEY = os.getenv("API_KEY", "secret-key-123")
DB_FILE = "orders.db"

app = FastAPI()

conn = sqlite3.connect(DB_FILE)
conn.execute(
    "CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, user_id TEXT NOT NULL,"
    " items TEXT NOT NULL, status TEXT DEFAULT 'CREATED', total_amount REAL DEFAULT 0.0,"
    " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
    " updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
)
conn.commit()
conn.close()


class NewOrder(BaseModel):
    user_id: str
    items: list[dict]


def verify_api_key(x_api_key: str | None) -> None:
    if x_api_key != API_KEY:
        raise HTTPException(status_code=401, detail="Invalid API Key")


@app.post("/orders", status_code=201)
def create_order(order: NewOrder, x_api_key: str | None = Header(None)) -> dict:
    verify_api_key(x_api_key)
    order_id = str(uuid.uuid4())
    total_amount = sum(item.get("quantity", 1) * item.get("price", 0) for item in order.items)
    conn = sqlite3.connect(DB_FILE)
    conn.execute(
        "INSERT INTO orders (order_id, user_id, items, total_amount) VALUES (?, ?, ?, ?)",
        (order_id, order.user_id, json.dumps(order.items), total_amount),
    )
    conn.commit()
    conn.close()
    return {
        "order_id": order_id,
        "user_id": order.user_id,
        "items": order.items,
        "status": "CREATED",
        "total_amount": total_amount,
    }


@app.post("/orders/{order_id}/payment")
def order_payment(order_id: str, x_api_key: str | None = Header(None)) -> dict:
    verify_api_key(x_api_key)
    conn = sqlite3.connect(DB_FILE)
    c = conn.cursor()
    c.execute(
        "UPDATE orders SET status = 'PAID', updated_at = CURRENT_TIMESTAMP WHERE order_id = ?",
        (order_id,),
    )
    conn.commit()
    conn.close()
    if c.rowcount == 0:
        raise HTTPException(status_code=404, detail="Order not found")
    return {"order_id": order_id, "status": "PAID"}
