-- Products; how many units of each are available, reserved and sold; and every stock movement.

CREATE TABLE products (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    sku         TEXT,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    category    TEXT NOT NULL,
    image       TEXT,
    price_cents INTEGER NOT NULL CHECK (price_cents BETWEEN 0 AND 100000000),
    currency    TEXT NOT NULL,
    available   INTEGER NOT NULL CHECK (available >= 0),
    reserved    INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    sold        INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
    version     INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    deleted_at  TEXT,
    sort_name   TEXT NOT NULL,  -- the name, folded for sorting; below, all text folded for searching:
    search_text TEXT NOT NULL,  -- SQLite itself ignores case only for A to Z
    price       REAL GENERATED ALWAYS AS (price_cents / 100.0) VIRTUAL,  -- for people; never used here
    stock       INTEGER GENERATED ALWAYS AS (available) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX products_by_sku ON products (sku) WHERE deleted_at IS NULL;
CREATE INDEX products_by_category ON products (category, id) WHERE deleted_at IS NULL;

-- One reservation for each order. Rows stay, but for REJECTED ones: a late hold must find a closed one.
CREATE TABLE reservations (
    order_id    TEXT PRIMARY KEY,
    state       TEXT NOT NULL CHECK (state IN ('HELD', 'COMMITTED', 'RELEASED', 'RETURNED', 'REJECTED')),
    request     TEXT,     -- as it was asked for, to recognise a repeat; NULL for a tombstone
    refusal     TEXT,     -- why it was rejected
    total_cents INTEGER NOT NULL DEFAULT 0 CHECK (total_cents >= 0),
    currency    TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    CHECK ((state = 'REJECTED') = (refusal IS NOT NULL))
) STRICT;

CREATE TABLE reservation_lines (
    order_id    TEXT NOT NULL REFERENCES reservations (order_id),
    product_id  INTEGER NOT NULL REFERENCES products (id),
    sku         TEXT,
    name        TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
) STRICT;

-- Every stock movement. Their sums, for each product, are its available, reserved and sold units.
CREATE TABLE stock_ledger (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id INTEGER NOT NULL REFERENCES products (id),
    order_id   TEXT REFERENCES reservations (order_id),
    movement   TEXT NOT NULL CHECK (movement IN ('stock', 'hold', 'commit', 'release', 'return')),
    available  INTEGER NOT NULL,
    reserved   INTEGER NOT NULL,
    sold       INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    at         TEXT NOT NULL,
    CHECK (movement = 'stock' OR available + reserved + sold = 0)
) STRICT;
CREATE INDEX stock_ledger_by_product ON stock_ledger (product_id, id);
CREATE TRIGGER stock_ledger_only_grows BEFORE UPDATE ON stock_ledger
BEGIN SELECT RAISE (ABORT, 'the ledger only grows'); END;
CREATE TRIGGER stock_ledger_keeps_all BEFORE DELETE ON stock_ledger
BEGIN SELECT RAISE (ABORT, 'the ledger only grows'); END;

-- Written at the first start, so that the demo catalog is added only once.
CREATE TABLE opening (
    opened_at TEXT NOT NULL,
    demo      INTEGER NOT NULL
) STRICT;
