"""Payments. Each is stored, and told to the order service."""

import os
import sqlite3
import uuid

import requests
from fastapi import FastAPI, Header, HTTPException

API_KEY = os.getenv("API_KEY", "secret-key-123")
ORDER_SERVICE_URL = os.getenv("ORDER_SERVICE_URL", "http://localhost:8003")
DB_FILE = "payments.db"

app = FastAPI()

conn = sqlite3.connect(DB_FILE)
conn.execute(
    "CREATE TABLE IF NOT EXISTS payments (payment_id TEXT PRIMARY KEY, order_id TEXT NOT NULL,"
    " amount REAL NOT NULL, status TEXT DEFAULT 'PENDING',"
    " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
)
conn.commit()
conn.close()


def verify_api_key(x_api_key: str | None) -> None:
    if x_api_key != API_KEY:
        raise HTTPException(status_code=401, detail="Invalid API Key")


@app.post("/pay")
def pay(order_id: str, amount: float, x_api_key: str | None = Header(None)) -> dict:
    verify_api_key(x_api_key)
    payment_id = str(uuid.uuid4())
    conn = sqlite3.connect(DB_FILE)
    conn.execute(
        "INSERT INTO payments (payment_id, order_id, amount, status) VALUES (?, ?, ?, ?)",
        (payment_id, order_id, amount, "COMPLETED"),
    )
    conn.commit()
    conn.close()
    response = requests.post(
        f"{ORDER_SERVICE_URL}/orders/{order_id}/payment",
        headers={"X-API-Key": API_KEY},
        timeout=5,
    )
    if response.status_code != 200:
        raise HTTPException(status_code=502, detail="The order was not updated")
    return {
        "payment_id": payment_id,
        "order_id": order_id,
        "amount": amount,
        "status": "COMPLETED",
        "order_status": response.json()["status"],
    }
