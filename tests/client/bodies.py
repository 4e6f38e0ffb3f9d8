"""What the services answer, as JSON."""

PRODUCT = b"""{"id": 7, "sku": "S-7", "name": "Fudge", "description": "", "category": "sweets",
 "image": null, "price": 19.99, "currency": "USD", "stock": 3, "version": 2, "colour": "brown",
 "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05.678Z"}"""
ITEM = {"product_id": 7, "name": "Fudge", "quantity": 2, "price": 0.1, "line_total": 0.2}
CART = {
    "user_id": "ada",
    "items": [ITEM | {"validated": True}],
    "total_amount": 0.2,
    "currency": "USD",
    "version": 4,
    "created_at": None,
    "updated_at": None,
}
ORDER = {
    "order_id": "o-1",
    "user_id": "ada",
    "status": "CREATED",
    "stock_state": "HELD",
    "items": [ITEM | {"sku": "S-7"}],
    "total_amount": 0.2,
    "currency": "USD",
}
UNPRICED = ORDER | {
    "stock_state": "REQUESTED",
    "total_amount": None,
    "items": [{"product_id": 7, "quantity": 2, "name": None, "price": None, "line_total": None}],
}
RECEIPT = {
    "payment_id": "p-1",
    "order_id": "o-1",
    "amount": 0.2,
    "currency": "USD",
    "status": "COMPLETED",
    "order_status": "PAID",
}
PENDING = RECEIPT | {"status": "PENDING", "order_status": "CREATED"}
PAYMENT = {
    "payment_id": "p-1",
    "order_id": "o-1",
    "user_id": "ada",
    "amount": 0.2,
    "currency": "USD",
    "status": "REFUNDED",
    "reason": None,
    "refunded_amount": 0.2,
}
