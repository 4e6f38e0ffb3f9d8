-- The link of an order's receipt, which shows the order to whoever has it. The link itself is nowhere:
-- what is kept is the SHA-256 of its token.

ALTER TABLE orders ADD COLUMN receipt_hash TEXT;
ALTER TABLE orders ADD COLUMN receipt_revoked_at TEXT;  -- when the shop did so last; since then it alone makes links

CREATE UNIQUE INDEX orders_by_receipt ON orders (receipt_hash) WHERE receipt_hash IS NOT NULL;
