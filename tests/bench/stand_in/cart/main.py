"""Carts: the items of a user, as JSON. A product is looked for in the catalog's whole list."""

import json
import os
import sqlite3

import requests
from fastapi import FastAPI, Header, HTTPException

API_KEY = os.getenv("API_KEY", "secret-key-123")
CATALOG_SERVICE_URL = os.getenv("CATALOG_SERVICE_URL", "http://localhost:8002")
DB_FILE = "carts.db"

app = FastAPI()

conn = sqlite3.connect(DB_FILE)
conn.execute(
    "CREATE TABLE IF NOT EXISTS carts (user_id TEXT PRIMARY KEY, items TEXT NOT NULL,"
    " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
    " updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
)
conn.commit()
conn.close()


def verify_api_key(x_api_key: str | None) -> None:
    if x_api_key != API_KEY:
        raise HTTPException(status_code=401, detail="Invalid API Key")


def validate_product(product_id: int) -> bool:
    try:
        response = requests.get(
            f"{CATALOG_SERVICE_URL}/products", headers={"X-API-Key": API_KEY}, timeout=5
        )
        if response.status_code == 200:
            return any(p["id"] == product_id for p in response.json())
    except Exception as e:
        print(f"Error validating product: {e}")
        return True
    return False


@app.post("/cart/{user_id}/add")
def add_to_cart(
    user_id: str,
    product_id: int,
    quantity: int = 1,
    x_api_key: str | None = Header(None),
) -> dict:
    verify_api_key(x_api_key)
    if not validate_product(product_id):
        raise HTTPException(status_code=404, detail=f"Product {product_id} not found in catalog")
    conn = sqlite3.connect(DB_FILE)
    c = conn.cursor()
    row = c.execute("SELECT items FROM carts WHERE user_id = ?", (user_id,)).fetchone()
    items = json.loads(row[0]) if row else []
    items.append({"product_id": product_id, "quantity": quantity})
    c.execute(
        "INSERT INTO carts (user_id, items) VALUES (?, ?) ON CONFLICT (user_id) DO UPDATE"
        " SET items = excluded.items, updated_at = CURRENT_TIMESTAMP",
        (user_id, json.dumps(items)),
    )
    conn.commit()
    conn.close()
    return {"message": "Item added to cart", "cart": items}
