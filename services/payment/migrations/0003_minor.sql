-- Amounts are of the currency's smallest unit, which need not be a cent.

ALTER TABLE payments DROP COLUMN amount;
ALTER TABLE payments RENAME COLUMN amount_cents TO amount_minor;
ALTER TABLE payments RENAME COLUMN refunded_cents TO refunded_minor;
ALTER TABLE payments ADD COLUMN minor_per_major INTEGER NOT NULL DEFAULT 100;
ALTER TABLE payments ADD COLUMN
    amount REAL GENERATED ALWAYS AS (1.0 * amount_minor / minor_per_major) VIRTUAL;  -- for people; never used here
