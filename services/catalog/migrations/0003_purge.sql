-- A rejected reservation, which never held anything, may be forgotten. No other may: a late hold
-- must find a closed one.

CREATE TRIGGER reservations_keep_all BEFORE DELETE ON reservations WHEN OLD.state <> 'REJECTED'
BEGIN SELECT RAISE (ABORT, 'only a reservation that was rejected may be forgotten'); END;
CREATE INDEX reservations_rejected ON reservations (updated_at) WHERE state = 'REJECTED';

-- Without it, each reservation that goes would be looked for in the whole ledger.
CREATE INDEX stock_ledger_by_order ON stock_ledger (order_id) WHERE order_id IS NOT NULL;
