-- Amounts are of the currency's smallest unit, which need not be a cent. Those in `items` are called
-- `…_cents` in the orders that are there, and `…_minor` from now on.

ALTER TABLE orders DROP COLUMN total_amount;
ALTER TABLE orders RENAME COLUMN total_cents TO total_minor;
ALTER TABLE orders RENAME COLUMN expected_total_cents TO expected_total_minor;
ALTER TABLE orders ADD COLUMN minor_per_major INTEGER NOT NULL DEFAULT 100;
ALTER TABLE orders ADD COLUMN
    total_amount REAL GENERATED ALWAYS AS (1.0 * total_minor / minor_per_major) VIRTUAL;  -- for people; never used here
