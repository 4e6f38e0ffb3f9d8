"""Products, all of them or one."""

import os
import sqlite3

from fastapi import FastAPI, Header, HTTPException

API_KEY = os.getenv("API_KEY", "secret-key-123")
DB_FILE = "products.db"

app = FastAPI()

conn = sqlite3.connect(DB_FILE)
conn.execute(
    "CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " price REAL NOT NULL, stock INTEGER DEFAULT 100,"
    " created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
)
conn.commit()
conn.close()


def verify_api_key(x_api_key: str | None) -> None:
    if x_api_key != API_KEY:
        raise HTTPException(status_code=401, detail="Invalid API Key")


@app.get("/products")
def list_products(limit: int = -1, x_api_key: str | None = Header(None)) -> list[dict]:
    verify_api_key(x_api_key)
    conn = sqlite3.connect(DB_FILE)
    rows = conn.execute(
        "SELECT id, name, price, stock FROM products ORDER BY id LIMIT ?", (limit,)
    ).fetchall()
    conn.close()
    return [{"id": r[0], "name": r[1], "price": r[2], "stock": r[3]} for r in rows]


@app.get("/products/{product_id}")
def get_product(product_id: int, x_api_key: str | None = Header(None)) -> dict:
    verify_api_key(x_api_key)
    conn = sqlite3.connect(DB_FILE)
    row = conn.execute(
        "SELECT id, name, price, stock FROM products WHERE id = ?", (product_id,)
    ).fetchone()
    conn.close()
    if row is None:
        raise HTTPException(status_code=404, detail=f"Product {product_id} not found in catalog")
    return {"id": row[0], "name": row[1], "price": row[2], "stock": row[3]}
