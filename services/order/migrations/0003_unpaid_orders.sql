-- What the bounds on unpaid orders count: the units of each order, and the network that its customer's
-- session came from. The network is kept no longer than the order is unpaid.

ALTER TABLE orders ADD COLUMN units INTEGER NOT NULL DEFAULT 0;
UPDATE orders SET units = (
    SELECT coalesce(sum(json_extract(value, '$.quantity')), 0) FROM json_each(orders.items));

ALTER TABLE orders ADD COLUMN network TEXT CHECK (network IS NULL OR status = 'CREATED');

CREATE INDEX orders_unpaid_by_user ON orders (user_id, expires_at, units, network)
    WHERE status = 'CREATED';
CREATE INDEX orders_unpaid_by_network ON orders (network, expires_at, units, user_id)
    WHERE status = 'CREATED' AND network IS NOT NULL;
