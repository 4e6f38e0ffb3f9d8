"""The codes that a route's own rejections have, and the one status of each
(services/contract.md). No service gives a code another meaning, so the shop has one table.
"""

from __future__ import annotations

from collections.abc import Mapping

_BY_STATUS: Mapping[int, tuple[str, ...]] = {
    401: ("invalid_api_key",),
    403: ("cross_site_request", "forbidden"),
    404: (
        "cart_not_found",
        "not_found",
        "order_not_found",
        "payment_not_found",
        "product_not_found",
        "receipt_not_found",
        "reservation_not_found",
        "unknown_instance",
        "unknown_service",
        "user_not_found",
    ),
    409: (
        "already_paid",
        "insufficient_stock",
        "no_payment",
        "order_closed",
        "order_not_cancellable",
        "order_not_refundable",
        "order_pending",
        "payment_in_progress",
        "payment_not_refundable",
        "price_changed",
        "receipt_revoked",
        "request_in_progress",
        "reservation_closed",
        "reservation_committed",
        "reservation_mismatch",
        "sku_taken",
        "superseded",
        "too_many_token_keys",
        "too_many_unpaid_orders",
        "too_many_unpaid_orders_at_address",
        "too_many_unpaid_units",
        "too_many_unpaid_units_at_address",
    ),
    412: ("version_mismatch",),
    422: (
        "amount_mismatch",
        "cart_empty",
        "idempotency_key_reused",
        "invalid_cursor",
        "order_total_zero",
        "too_many_lines",
        "too_many_units",
        "url_not_allowed",
    ),
    429: ("too_many_requests",),
    503: ("cart_unavailable", "order_not_ready"),
}
STATUSES: Mapping[str, int] = {
    code: status for status, codes in _BY_STATUS.items() for code in codes
}
"""The status of each code."""
