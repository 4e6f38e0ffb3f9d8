-- Orders. The order's row alone decides between pay, cancel, expire and refund. Its states are the
-- list of what is still to do.

CREATE TABLE orders (
    number              INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id            TEXT NOT NULL UNIQUE,
    user_id             TEXT NOT NULL,
    status              TEXT NOT NULL,
    stock_state         TEXT NOT NULL,
    reason              TEXT,
    refusal             TEXT,              -- the catalog's rejection, as JSON
    items               TEXT NOT NULL CHECK (json_valid(items)),
    expected_total_cents INTEGER,
    total_cents         INTEGER CHECK (total_cents > 0),
    currency            TEXT NOT NULL,
    payment_id          TEXT UNIQUE,
    cart_version        INTEGER,           -- the version of the cart that became this order
    cart_state          TEXT NOT NULL,
    cart_left_version   INTEGER,           -- the cart's version after it was closed
    expires_at          TEXT NOT NULL,
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL,
    total_amount        REAL GENERATED ALWAYS AS (total_cents / 100.0) VIRTUAL,  -- for people; never used here
    CHECK (status || ' ' || stock_state IN (
        'CREATED REQUESTED', 'CREATED HELD',
        'PAID COMMIT_DUE', 'PAID COMMITTED',
        'REFUNDED RETURN_DUE', 'REFUNDED RETURNED',
        'CANCELLED RELEASE_DUE', 'CANCELLED RELEASED',
        'REJECTED NONE')),
    CHECK ((status IN ('PAID', 'REFUNDED')) = (payment_id IS NOT NULL)),
    CHECK ((status = 'REJECTED') = (refusal IS NOT NULL)),
    CHECK (stock_state NOT IN ('HELD', 'COMMIT_DUE', 'COMMITTED', 'RETURN_DUE', 'RETURNED')
           OR total_cents IS NOT NULL),
    CHECK (cart_state IN ('NONE', 'OPEN', 'DUE', 'CLOSED', 'FREE')),
    CHECK ((cart_state = 'NONE') = (cart_version IS NULL)),
    CHECK ((cart_state = 'CLOSED') = (cart_left_version IS NOT NULL)),
    -- Until the stock is held the cart is open, or free again; after that it is due or closed.
    CHECK (cart_state <> 'OPEN' OR stock_state = 'REQUESTED'),
    CHECK (cart_state NOT IN ('OPEN', 'FREE') OR total_cents IS NULL),
    CHECK (cart_state NOT IN ('DUE', 'CLOSED') OR total_cents IS NOT NULL)
) STRICT;

-- A user has at most one order whose cart is not closed yet ...
CREATE UNIQUE INDEX orders_one_open_cart ON orders (user_id) WHERE cart_state IN ('OPEN', 'DUE');
-- ... and each version of a cart becomes at most one order.
CREATE UNIQUE INDEX orders_by_cart_version ON orders (user_id, cart_version)
    WHERE cart_state IN ('OPEN', 'DUE', 'CLOSED');
CREATE INDEX orders_by_left_version ON orders (user_id, cart_left_version)
    WHERE cart_state = 'CLOSED';
CREATE INDEX orders_by_user ON orders (user_id, number);
CREATE INDEX orders_by_status ON orders (status, number);
CREATE INDEX orders_due ON orders (number)
    WHERE stock_state IN ('REQUESTED', 'COMMIT_DUE', 'RELEASE_DUE', 'RETURN_DUE');
CREATE INDEX orders_cart_due ON orders (number) WHERE cart_state = 'DUE';
CREATE INDEX orders_unpaid ON orders (status, expires_at) WHERE status = 'CREATED';

CREATE TABLE order_events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id    TEXT NOT NULL REFERENCES orders (order_id),
    status      TEXT NOT NULL,
    stock_state TEXT NOT NULL,
    cause       TEXT NOT NULL,
    at          TEXT NOT NULL
) STRICT;
CREATE INDEX order_events_by_order ON order_events (order_id, id);
CREATE TRIGGER order_events_only_grow BEFORE UPDATE ON order_events
BEGIN SELECT RAISE (ABORT, 'a history only grows'); END;
CREATE TRIGGER order_events_keep_all BEFORE DELETE ON order_events
BEGIN SELECT RAISE (ABORT, 'a history only grows'); END;
