-- An order that was rejected may be forgotten, with its whole history. Nothing else may.

CREATE TRIGGER orders_keep_all BEFORE DELETE ON orders WHEN OLD.status <> 'REJECTED'
BEGIN SELECT RAISE (ABORT, 'only an order that was rejected may be forgotten'); END;
CREATE TRIGGER orders_forgotten_whole AFTER DELETE ON orders
BEGIN DELETE FROM order_events WHERE order_id = OLD.order_id; END;

DROP TRIGGER order_events_keep_all;
CREATE TRIGGER order_events_keep_all BEFORE DELETE ON order_events
WHEN EXISTS (SELECT 1 FROM orders WHERE order_id = OLD.order_id)
BEGIN SELECT RAISE (ABORT, 'a history only grows'); END;

CREATE INDEX orders_rejected ON orders (updated_at) WHERE status = 'REJECTED';
