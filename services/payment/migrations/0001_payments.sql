-- Payments and refunds. A row's status says what is still to do.

CREATE TABLE payments (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_id     TEXT NOT NULL UNIQUE,
    order_id       TEXT NOT NULL,
    user_id        TEXT,                    -- the customer; NULL if the operator pays, until it is known
    amount_cents   INTEGER NOT NULL CHECK (amount_cents > 0),
    currency       TEXT NOT NULL,
    status         TEXT NOT NULL
        CHECK (status IN ('PENDING', 'COMPLETED', 'REFUNDING', 'REFUNDED', 'FAILED')),
    refusal        TEXT,                    -- why it failed, as JSON
    refunded_cents INTEGER NOT NULL DEFAULT 0,
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL,
    amount         REAL GENERATED ALWAYS AS (amount_cents / 100.0) VIRTUAL,  -- for people; never used here
    CHECK (refunded_cents = CASE status WHEN 'REFUNDED' THEN amount_cents ELSE 0 END),
    CHECK ((status = 'FAILED') = (refusal IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX payments_one_live_per_order ON payments (order_id)
    WHERE status IN ('PENDING', 'COMPLETED', 'REFUNDING');
CREATE INDEX payments_by_order ON payments (order_id, number);
CREATE INDEX payments_by_user ON payments (user_id, number);
CREATE INDEX payments_due ON payments (number) WHERE status IN ('PENDING', 'REFUNDING');
